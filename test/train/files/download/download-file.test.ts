import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DataSetError } from '../../../../src/errors.js';
import { downloadFile } from '../../../../src/train/files/download/download-file.js';
import { type Behaviour, type LoopbackServer, serve } from './loopback-server.js';

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) & 255);
const sha256 = createHash('sha256').update(bytes).digest('hex');

describe('downloadFile', () => {
  let folder: string;
  let path: string;
  let server: LoopbackServer | undefined;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-download-'));
    path = join(folder, 'set.tar.gz');
  });
  afterEach(async () => {
    await server?.close();
    server = undefined;
    rmSync(folder, { recursive: true });
  });

  async function download(behaviour: Partial<Behaviour>, more: object = {}): Promise<void> {
    server = await serve({ bytes, ...behaviour });
    await downloadFile({ url: server.url, path, bytes: bytes.length, sha256, retryDelayMs: 0, ...more });
  }

  it('writes the file under its name and leaves no part', async () => {
    const seen: [number, number | undefined][] = [];
    await download({}, { onProgress: (done: number, total: number) => seen.push([done, total]) });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(existsSync(`${path}.part`)).toBe(false);
    expect(seen.at(-1)).toEqual([bytes.length, bytes.length]);
  });

  it('takes up a broken connection where it broke', async () => {
    let received = 0;
    const beforeBreak = async () => {
      await vi.waitUntil(() => received === 100_000 * server!.ranges.length, 10_000);
    };
    const onProgress = (done: number) => {
      received = done;
    };
    await download({ breakAfter: 100_000, breaks: 2, beforeBreak }, { onProgress });
    expect(readFileSync(path).equals(bytes)).toBe(true);
    expect(server!.ranges).toEqual([undefined, 'bytes=100000-', 'bytes=200000-']);
  });

  it('goes on from the part of an earlier call', async () => {
    writeFileSync(`${path}.part`, bytes.subarray(0, 123_456));
    await download({});
    expect(server!.ranges).toEqual(['bytes=123456-']);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('begins again when the server knows no ranges', async () => {
    writeFileSync(`${path}.part`, bytes.subarray(1000, 50_000));
    await download({ ignoreRange: true });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('begins again when the part is as long as the file of unknown size', async () => {
    writeFileSync(`${path}.part`, new Uint8Array(bytes.length));
    await download({}, { bytes: null });
    expect(server!.ranges).toEqual([`bytes=${bytes.length}-`, undefined]);
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('tries again after HTTP 503', async () => {
    await download({ statuses: [503, 503] });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  it('gives up on a connection that brings nothing, and keeps the part', async () => {
    writeFileSync(`${path}.part`, bytes.subarray(0, 1000));
    const failure = await download({ breakAfter: 0 }).catch((error) => error);
    expect(failure).toBeInstanceOf(DataSetError);
    expect(failure.code).toBe('download-failed');
    expect(failure.message).toContain(`expected ${bytes.length} bytes, got 1000`);
    expect(server!.ranges).toHaveLength(4);
    expect(readFileSync(`${path}.part`)).toHaveLength(1000);
  });

  it('refuses HTTP 404 at once', async () => {
    const failure = await download({ statuses: [404] }).catch((error) => error);
    expect(failure).toBeInstanceOf(DataSetError);
    expect(failure.code).toBe('download-failed');
    expect(failure.message).toMatch(/^Cannot download http.*: expected HTTP 200, got 404/);
    expect(server!.ranges).toHaveLength(1);
  });

  it('removes a file with a wrong checksum', async () => {
    const failure = await download({}, { sha256: '0'.repeat(64) }).catch((error) => error);
    expect(failure).toBeInstanceOf(DataSetError);
    expect(failure.code).toBe('wrong-checksum');
    expect(failure.message).toContain(`expected SHA-256 ${'0'.repeat(64)}, got ${sha256}`);
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  it('removes a file of a wrong size', async () => {
    const failure = await download({}, { bytes: 299_999, sha256: null }).catch((error) => error);
    expect(failure).toBeInstanceOf(DataSetError);
    expect(failure.code).toBe('wrong-size');
    expect(failure.message).toContain('expected 299999 bytes, got 300000');
    expect(existsSync(`${path}.part`)).toBe(false);
  });

  it('stops when told to and keeps what came', async () => {
    const controller = new AbortController();
    const stopped = await download(
      { breakAfter: 100_000, breaks: 1 },
      { signal: controller.signal, onProgress: () => controller.abort() },
    ).catch((error) => error);
    expect(stopped.name).toBe('AbortError');
    expect(readFileSync(`${path}.part`).length).toBeGreaterThan(0);
    expect(existsSync(path)).toBe(false);
  });

  it('passes on that the folder is not there', async () => {
    path = join(folder, 'missing', 'set.tar.gz');
    await expect(download({})).rejects.toMatchObject({ code: 'ENOENT', syscall: 'open' });
  });

  it.runIf(process.platform === 'linux')('passes on that the disk is full', async () => {
    symlinkSync('/dev/full', `${path}.part`);
    await expect(download({})).rejects.toMatchObject({ code: 'ENOSPC', syscall: 'write' });
    expect(server!.ranges).toHaveLength(1);
  });
});
