import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HearkenError } from '../../../src/errors.js';
import { writeFolder } from '../../../src/formats/files/write-folder.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-folder-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const files = { 'a.json': Uint8Array.of(1), 'b.bin': Uint8Array.of(2, 3) };
const contents = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, [...readFileSync(join(path, name))]]));

describe('writeFolder', () => {
  it('writes a new folder, one that is empty, and one over its own earlier files', async () => {
    const out = join(folder, 'out');
    await writeFolder(out, files);
    expect(contents(out)).toEqual({ 'a.json': [1], 'b.bin': [2, 3] });
    await writeFolder(out, { ...files, 'b.bin': Uint8Array.of(9) });
    expect(contents(out)).toEqual({ 'a.json': [1], 'b.bin': [9] });
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    await writeFolder(empty, files);
    expect(contents(empty)).toEqual({ 'a.json': [1], 'b.bin': [2, 3] });
    expect(readdirSync(folder).sort()).toEqual(['empty', 'out']);
  });

  it('leaves alone a folder that holds anything else, a file, and a place that is none', async () => {
    const taken = join(folder, 'taken');
    mkdirSync(taken);
    writeFileSync(join(taken, 'thesis.txt'), 'mine');
    const file = join(folder, 'file');
    writeFileSync(file, 'mine');
    for (const [path, got] of [
      [taken, 'a folder that holds thesis.txt'],
      [file, 'a file of that name'],
      [join(folder, 'none', 'out'), 'a folder that does not exist (ENOENT)'],
    ]) {
      const thrown = await writeFolder(path, files).catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(HearkenError);
      expect(thrown).toMatchObject({
        code: 'file-write',
        value: path,
        message: `Cannot write ${path}: expected a place to write to, got ${got}`,
      });
    }
    expect(contents(taken)).toEqual({ 'thesis.txt': [...Buffer.from('mine')] });
    expect(readdirSync(folder).sort()).toEqual(['file', 'taken']);
  });
});
