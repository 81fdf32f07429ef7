import { describe, expect, it } from 'vitest';
import type { Clip, DataSet } from '../../src/train/data-set.js';
import { recipeFor } from '../../src/train/recipe.js';
import { clipsPerEpoch, epochsFor, SHORT_SHARE } from '../../src/train/training-length.js';

/** `counts[i]` training clips of label i. */
function dataSetOf(counts: readonly number[], special: Partial<DataSet> = {}): DataSet {
  const train = counts.flatMap((count, label): Clip[] =>
    Array.from({ length: count }, (_, i) => ({
      file: `${label}/${i}.wav`,
      label,
      word: `${label}`,
      speaker: `${i}`,
    })),
  );
  const labels = counts.map((_, label) => `${label}`);
  return { labels, train, validation: [], test: [], noiseFiles: [], skipped: [], clipMs: 1000, ...special };
}

describe('clipsPerEpoch', () => {
  it('is all clips where every label is a word', () => {
    expect(clipsPerEpoch(dataSetOf([30, 50]))).toBe(80);
  });

  it('takes `_unknown_` and `_silence_` at the mean size of a word', () => {
    const counts = [30, 50, 999, 0];
    expect(clipsPerEpoch(dataSetOf(counts, { unknownLabel: 2, silenceLabel: 3 }))).toBe(30 + 50 + 40 + 40);
  });
});

describe('epochsFor', () => {
  it.each([
    [160, 200],
    [1_500, 200],
    [3_000, 100],
    [10_000, 30],
    [100_000, 30],
  ])('lets %i clips come by for %i epochs', (clips, epochs) => {
    expect(epochsFor(clips)).toBe(epochs);
  });

  it('takes less for a short training', () => {
    expect([160, 3_000, 10_000].map((clips) => epochsFor(clips, SHORT_SHARE))).toEqual([60, 30, 9]);
  });
});

describe('recipeFor', () => {
  it('is as long as suits the data set', () => {
    const dataSet = dataSetOf([1_500, 1_500]);
    expect(recipeFor('ghostnet-tiny', dataSet).epochs).toBe(100);
  });
});
