import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOwnPlace, claimOutput } from '../../src/cli/claim-output.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { HearkenError } from '../../src/errors.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-claim-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HearkenError);
  return (error as HearkenError).code;
}

/** The number of a process that has just ended. */
const deadPid = () => spawnSync(process.execPath, ['--version']).pid;

describe('claimOutput', () => {
  it('refuses a second run on the same file and lets it in once the first is done', async () => {
    const file = join(folder, 'm.safetensors');
    const first = await claimOutput(file);
    expect(await codeOf(claimOutput(file))).toBe('output-taken');
    await first.release();
    await (await claimOutput(file)).finish();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('refuses while another live process holds the lock, and says which', async () => {
    const file = join(folder, 'm.safetensors');
    mkdirSync(`${file}.checkpoint`);
    const lock = join(`${file}.checkpoint`, `lock-${process.ppid}`);
    writeFileSync(lock, '');
    await expect(claimOutput(file)).rejects.toThrow(
      `Cannot write ${file}: expected no other run to write there, got process ${process.ppid} at it`,
    );
    expect(readdirSync(`${file}.checkpoint`)).toEqual([`lock-${process.ppid}`]);
  });

  it('takes over from a process that was killed and keeps its checkpoint', async () => {
    const file = join(folder, 'm.safetensors');
    mkdirSync(`${file}.checkpoint`);
    writeFileSync(join(`${file}.checkpoint`, `lock-${deadPid()}`), '');
    writeFileSync(join(`${file}.checkpoint`, `lock-${process.pid}`), '');
    writeFileSync(join(`${file}.checkpoint`, 'last.safetensors'), 'bytes');
    const claim = await claimOutput(file);
    expect(existsSync(claim.checkpoint)).toBe(true);
    await claim.release();
    expect(readdirSync(`${file}.checkpoint`)).toEqual(['last.safetensors']);
    writeFileSync(join(`${file}.checkpoint`, 'last.safetensors.1-0.partial'), 'half');
    await (await claimOutput(file)).finish();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('clears halves of the file that dead processes left, and nothing else', async () => {
    const file = join(folder, 'm.safetensors');
    const others = [
      `m.safetensors.${process.pid}-0.partial`,
      `x.safetensors.${deadPid()}-0.partial`,
      'm.safetensors.9.partial',
    ];
    for (const name of [`m.safetensors.${deadPid()}-12.partial`, ...others])
      writeFileSync(join(folder, name), '');
    await (await claimOutput(file)).finish();
    expect(readdirSync(folder).sort()).toEqual(others.sort());
  });

  it('refuses a file in the place of the checkpoint folder', async () => {
    const file = join(folder, 'm.safetensors');
    writeFileSync(`${file}.checkpoint`, '');
    await expect(claimOutput(file)).rejects.toThrow(
      `Cannot write ${file}.checkpoint: expected a place to write to, got a folder that is a file (ENOTDIR)`,
    );
  });

  it.skipIf(process.platform !== 'linux')('answers where no folder can be made at all', async () => {
    expect(await codeOf(claimOutput('/proc/m.safetensors'))).toBe('file-write');
  });

  it('refuses a place that cannot be written before any work is done', async () => {
    expect(await codeOf(claimOutput(folder))).toBe('file-write');
    expect(await codeOf(claimOutput(join(folder, 'none', 'm.safetensors')))).toBe('file-write');
    writeFileSync(join(folder, 'file'), '');
    expect(await codeOf(claimOutput(join(folder, 'file', 'm.safetensors')))).toBe('file-write');
  });

  it.skipIf(process.getuid?.() === 0 || process.platform === 'win32')(
    'refuses a folder without permission to write',
    async () => {
      chmodSync(folder, 0o500);
      expect(await codeOf(claimOutput(join(folder, 'm.safetensors')))).toBe('file-write');
    },
  );
});

describe('checkOwnPlace', () => {
  it('lets a report stand anywhere but where a model does, by whatever name', async () => {
    const model = join(folder, 'm.safetensors');
    writeFileSync(model, '');
    linkSync(model, join(folder, 'twin'));
    await checkOwnPlace('--report', join(folder, 'report.html'), [model]);
    for (const report of [model, join(folder, '.', 'x', '..', 'm.safetensors'), join(folder, 'twin')]) {
      const error = await checkOwnPlace('--report', report, [join(folder, 'new'), model]).catch(
        (thrown) => thrown,
      );
      expect(error, report).toBeInstanceOf(UsageError);
      expect(error.message).toBe(`--report needs a file of its own: ${report} is in use`);
    }
    expect(await codeOf(checkOwnPlace('--report', folder, [model]))).toBe('file-write');
  });
});
