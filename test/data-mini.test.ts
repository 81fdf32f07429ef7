import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDataSet } from '../src/train/files/open-data-set.js';
import { hearken } from './cli/fake-io.js';

const mini = fileURLToPath(new URL('../data/mini', import.meta.url));

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

describe('data/mini', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-mini-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is what the command in its README makes, byte for byte', async () => {
    const command = /-- (synthesize .*) --out mini$/m.exec(readFileSync(join(mini, 'README.md'), 'utf8'))![1];
    const { code } = await hearken(...command.split(' '), '--out', join(folder, 'mini'));
    expect(code).toBe(0);
    const made = filesOf(join(folder, 'mini'));
    expect(filesOf(mini)).toEqual([...made, 'README.md'].sort());
    for (const file of made)
      expect(readFileSync(join(mini, file)).equals(readFileSync(join(folder, 'mini', file))), file).toBe(
        true,
      );
  });

  it('is a small data set with a speaker for each split', async () => {
    const dataSet = await openDataSet(mini);
    expect(dataSet.labels).toEqual(['go', 'no', 'stop', 'yes']);
    const counts = [dataSet.train.length, dataSet.validation.length, dataSet.test.length];
    expect(counts).toEqual([24, 4, 4]);
    const bytes = filesOf(mini).reduce((sum, file) => sum + statSync(join(mini, file)).size, 0);
    expect(bytes).toBeLessThan(2e6);
  });
});
