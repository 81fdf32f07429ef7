import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hearken } from './fake-io.js';

describe('hearken synthesize', () => {
  let folder: string;
  let out: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hearken-cli-synthesize-'));
    out = join(folder, 'out');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('speaks the words and prints one JSON value', async () => {
    const { code, stdout } = await hearken(
      'synthesize',
      'go',
      '--out',
      out,
      '--clips',
      '4',
      '--no-noise',
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      out,
      words: ['go'],
      clips: 4,
      voices: ['rms', 'awb', 'kal', 'kal16', 'slt'],
      speakers: { train: ['rms', 'awb'], validation: ['kal'], test: ['slt'] },
      longestMs: 1000,
    });
    expect(readdirSync(join(out, 'go'))).toHaveLength(4);
    expect(existsSync(join(out, '_background_noise_'))).toBe(false);
  });

  it('tells people who is trained on, with progress on stderr', async () => {
    const { code, stdout, stderr } = await hearken(
      'synthesize',
      'go',
      '--out',
      out,
      '--clips',
      '4',
      '--no-noise',
    );
    expect(code).toBe(0);
    expect(stdout).toBe(
      `4 clips of 1 words in ${out}\ntrained on rms, awb; validated with kal; tested with slt\n`,
    );
    expect(stderr).toMatch(/speaking: 4\/4 utterances/);
  });

  it.each([
    [['--voices', 'hal'], 1, /^error: Cannot choose voices: expected rms, .*, got "hal"\n$/],
    [['--clips', '0'], 2, /Expected a whole number of 1 or more/],
  ])('refuses %j', async (flags, expected, message) => {
    const { code, stdout, stderr } = await hearken('synthesize', 'go', '--out', out, ...flags);
    expect([code, stdout]).toEqual([expected, '']);
    expect(stderr).toMatch(message);
  });
});
