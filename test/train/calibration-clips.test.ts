import { describe, expect, it } from 'vitest';
import { DataSetError } from '../../src/errors.js';
import { calibrationClips } from '../../src/train/calibration-clips.js';
import type { Clip, DataSet } from '../../src/train/data-set.js';

const clips = (split: string, count: number, label = 0): Clip[] =>
  Array.from({ length: count }, (_, i) => ({ file: `${split}${i}`, label, word: 'w', speaker: `${i}` }));

const dataSet = (parts: Partial<DataSet>): DataSet => ({
  labels: ['yes', 'no', '_unknown_', '_silence_'],
  ...{ train: [], validation: [], test: [], noiseFiles: [], skipped: [], clipMs: 1000 },
  ...parts,
});

const draw = (set: DataSet, count: number, seed = 1) =>
  calibrationClips(set, { clips: count, seed, name: 'words' }).map(({ file }) => file);

describe('calibrationClips', () => {
  const full = dataSet({ train: clips('t', 40), validation: clips('v', 9), test: clips('x', 9) });

  it('draws clips to train on, each at most once, by the seed', () => {
    const drawn = draw(full, 20);
    expect(new Set(drawn).size).toBe(20);
    expect(drawn.every((file) => file.startsWith('t'))).toBe(true);
    expect(draw(full, 20)).toEqual(drawn);
    expect(draw(full, 20, 2)).not.toEqual(drawn);
    expect(draw(full, 100).sort()).toEqual(full.train.map(({ file }) => file).sort());
    expect(full.train[0].file).toBe('t0');
  });

  it('takes those to validate with where there are none to train on', () => {
    expect(draw({ ...full, train: [] }, 3).every((file) => file.startsWith('v'))).toBe(true);
  });

  it.each<[string, Partial<DataSet>]>([
    ['only test recordings', { test: clips('x', 5) }],
    [
      'only other words and silence',
      { train: clips('t', 5, 2), validation: clips('v', 5, 3), test: clips('x', 5) },
    ],
  ])('refuses %s', (_, parts) => {
    const run = () => draw(dataSet(parts), 3);
    const [train, validation] = [parts.train?.length ?? 0, parts.validation?.length ?? 0];
    expect(run).toThrow(DataSetError);
    expect(run).toThrow(expect.objectContaining({ code: 'no-calibration-clips', value: 'words' }));
    expect(run).toThrow(
      `Cannot calibrate with words: expected recordings of yes, no to train or validate with, got ${train} and ${validation} ` +
        'of other words (and 5 test recordings, which are kept for tests)',
    );
  });
});
