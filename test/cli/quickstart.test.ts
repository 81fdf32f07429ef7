import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hearken } from './fake-io.js';

const mini = resolve(import.meta.dirname, '..', '..', 'data', 'mini');

describe('hearken quickstart', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-quickstart-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  // With spoken words it takes a minute; `synthesize` has tests of its own.
  it('trains on recordings, evaluates on voices it never heard, recognises a few and says what is where', async () => {
    const out = join(folder, 'out');
    const flags = ['--epochs', '1', '--threads', '1', '--labels', 'yes,no'];
    const { code, stdout, stderr } = await hearken('quickstart', '--data', mini, '--out', out, ...flags);
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    for (const name of ['words.safetensors', 'words.html', 'evaluation.html']) {
      expect(existsSync(join(out, name)), name).toBe(true);
      expect(stderr).toContain(join(out, name));
    }
    expect(stderr).toContain('4 labels (yes, no, _unknown_, _silence_)');
    expect(stderr).toContain('Evaluating on 4 clips of a voice it never heard');
    expect(stdout).toMatch(/test: \d of 4 clips right/);
    expect(stdout).toMatch(/yes[/\\]slt_nohash_0\.wav/);
    expect(stdout).not.toMatch(/stop[/\\]slt_nohash_0\.wav/);
  });

  it.each([
    [
      ['--data', 'nowhere'],
      1,
      /^error: Cannot open data set nowhere: expected a folder that can be read, got none of that name/m,
    ],
    [['--labels', 'yes'], 2, /^error: --labels needs --data$/m],
  ])('refuses %j', async (flags, expected, message) => {
    const { code, stderr } = await hearken('quickstart', '--out', join(folder, 'out'), ...flags);
    expect(code).toBe(expected);
    expect(stderr).toMatch(message);
  });
});
