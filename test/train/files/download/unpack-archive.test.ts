import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataSetError } from '../../../../src/errors.js';
import { unpackArchive } from '../../../../src/train/files/download/unpack-archive.js';

type Entry = {
  path: string;
  type?: 'File' | 'Directory' | 'SymbolicLink' | 'Link';
  body?: string;
  linkpath?: string;
};

/** A tar.gz written header by header, so that it may hold what no tar program would write. */
function archiveOf(entries: readonly Entry[]): Uint8Array {
  const blocks = entries.map(({ path, type = 'File', body = '', linkpath }) => {
    const block = Buffer.alloc(512 + 512 * Math.ceil(body.length / 512));
    const header = new Header({ path, type, linkpath, size: body.length, mode: 0o644, mtime: new Date(0) });
    header.encode(block, 0);
    block.write(body, 512);
    return block;
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

describe('unpackArchive', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-unpack-'));
    mkdirSync(join(folder, 'deep'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function unpack(bytes: Uint8Array, more: object = {}): Promise<string> {
    const file = join(folder, 'set.tar.gz');
    const into = join(folder, 'deep', 'into');
    writeFileSync(file, bytes);
    await unpackArchive({ file, into, maxBytes: 1e6, ...more });
    return into;
  }

  async function refusal(bytes: Uint8Array, more: object = {}): Promise<DataSetError> {
    const failure = await unpack(bytes, more).catch((error) => error);
    expect(failure).toBeInstanceOf(DataSetError);
    return failure;
  }

  it('unpacks files and folders and counts the files', async () => {
    const seen: number[] = [];
    const archive = archiveOf([
      { path: 'yes/', type: 'Directory' },
      { path: 'yes/a_nohash_0.wav', body: 'one' },
      { path: './no/b_nohash_0.wav', body: 'two' },
    ]);
    const into = await unpack(archive, { onProgress: (files: number) => seen.push(files) });
    expect(readFileSync(join(into, 'yes', 'a_nohash_0.wav'), 'utf8')).toBe('one');
    expect(readFileSync(join(into, 'no', 'b_nohash_0.wav'), 'utf8')).toBe('two');
    expect(seen).toEqual([1, 2]);
  });

  it('drops leading folders', async () => {
    const into = await unpack(archiveOf([{ path: 'set-1.0/yes/a.wav', body: 'one' }]), { strip: 1 });
    expect(readFileSync(join(into, 'yes', 'a.wav'), 'utf8')).toBe('one');
  });

  it.each<[string, Entry, string]>([
    ['a path that climbs out', { path: '../evil.txt', body: 'x' }, 'the path "../evil.txt" that climbs out'],
    ['a path that climbs out from within', { path: 'yes/../../evil.txt', body: 'x' }, 'that climbs out'],
    ['a Windows path that climbs out', { path: 'yes\\..\\..\\evil.txt', body: 'x' }, 'that climbs out'],
    ['an absolute path', { path: '/tmp/hearken-evil.txt', body: 'x' }, 'the absolute path'],
    ['a drive', { path: 'C:/evil.txt', body: 'x' }, 'the absolute path'],
    ['a symbolic link', { path: 'yes/link', type: 'SymbolicLink', linkpath: '/etc' }, 'of type SymbolicLink'],
    ['a hard link', { path: 'yes/link', type: 'Link', linkpath: 'yes/a.wav' }, 'of type Link'],
  ])('refuses %s and what follows it', async (_, entry, message) => {
    const failure = await refusal(archiveOf([entry, { path: 'yes/after.wav', body: 'x' }]));
    expect(failure.code).toBe('unsafe-archive');
    expect(failure.message).toContain(message);
    for (const path of ['evil.txt', 'deep/evil.txt', 'deep/into/yes/after.wav', 'deep/into/yes/link'])
      expect(existsSync(join(folder, path))).toBe(false);
    expect(existsSync('/tmp/hearken-evil.txt')).toBe(false);
  });

  it('refuses a climbing path that dropping folders would hide', async () => {
    const failure = await refusal(archiveOf([{ path: '../yes/a.wav', body: 'x' }]), { strip: 1 });
    expect(failure.code).toBe('unsafe-archive');
  });

  it('refuses more bytes than the data set has', async () => {
    const entry = { path: 'a.wav', body: 'x'.repeat(600) };
    const failure = await refusal(archiveOf([entry, { ...entry, path: 'b.wav' }]), { maxBytes: 1000 });
    expect(failure.code).toBe('archive-too-large');
    expect(failure.message).toContain('expected at most 1000 bytes, got more');
  });

  it.each<[string, Uint8Array]>([
    ['text', Buffer.from('<html>not found</html>')],
    ['an archive cut short', archiveOf([{ path: 'a.wav', body: 'x'.repeat(5000) }]).subarray(0, 60)],
  ])('refuses %s', async (_, bytes) => {
    const failure = await refusal(bytes);
    expect(failure.code).toBe('damaged-archive');
    expect(failure.message).toContain('expected a whole .tar.gz, got');
  });

  it('stops when told to', async () => {
    const controller = new AbortController();
    const archive = archiveOf([
      { path: 'a.wav', body: 'x' },
      { path: 'b.wav', body: 'x' },
    ]);
    const options = { signal: controller.signal, onProgress: () => controller.abort() };
    await expect(unpack(archive, options)).rejects.toMatchObject({ name: 'AbortError' });
    expect(existsSync(join(folder, 'deep/into/b.wav'))).toBe(false);
  });

  it('says that the folder cannot be made', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(unpack(archiveOf([]), { into: join(folder, 'file', 'into') })).rejects.toMatchObject({
      code: 'file-write',
    });
  });
});
