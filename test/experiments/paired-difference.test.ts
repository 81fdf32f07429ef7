import { describe, expect, it } from 'vitest';
import { DataSetError } from '../../src/errors.js';
import { pairedDifference } from '../../src/experiments/paired-difference.js';
import type { TrialResult } from '../../src/experiments/trials.js';

const result = (model: string, seed: number, accuracy: number, epochs = 60): TrialResult => ({
  ...{ data: 'en', model, seed, recipe: 'short', epochs, parameters: 1, macs: 1, labels: 12 },
  validation: { accuracy, loss: 0, clips: 50 },
});

const trials = (model: string, accuracies: readonly number[]) =>
  accuracies.map((accuracy, i) => result(model, i, accuracy));

/** Student's sleep data (1908): extra hours of ten patients with two drugs. R's paired t.test gives the interval below. */
const DEXTRO = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
const LAEVO = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];

describe('pairedDifference', () => {
  it('gives the interval of R’s paired t.test on the sleep data', () => {
    const results = [...trials('laevo', LAEVO), ...trials('dextro', DEXTRO).reverse()];
    const { mean, interval, verdict, pairs } = pairedDifference(results, 'laevo', 'dextro');
    expect(pairs).toHaveLength(10);
    expect(mean).toBeCloseTo(1.58, 10);
    // The quantile is kept to four figures.
    expect(interval[0]).toBeCloseTo(0.7001142, 3);
    expect(interval[1]).toBeCloseTo(2.4598858, 3);
    expect(verdict).toBe('above');
    expect(pairedDifference(results, 'dextro', 'laevo').verdict).toBe('below');
  });

  it('does not resolve what chance may have made', () => {
    const results = [...trials('a', [0.9, 0.8, 0.91]), ...trials('b', [0.88, 0.82, 0.9])];
    expect(pairedDifference(results, 'a', 'b').verdict).toBe('not resolved');
  });

  it('pairs only what was trained alike, each once', () => {
    const results = [
      ...trials('a', [0.9, 0.8]),
      ...trials('a', [0.9, 0.8]),
      ...trials('b', [0.7, 0.7]),
      // No rival on that seed, and a second training on one that has a pair.
      result('a', 2, 0.1),
      result('b', 1, 0.9, 30),
    ];
    const { pairs, mean } = pairedDifference(results, 'a', 'b');
    expect(pairs.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(mean).toBeCloseTo(0.15, 10);
  });

  it.each<[string, Partial<TrialResult>, string]>([
    ['epochs', { epochs: 30 }, 'epochs 60 and epochs 30'],
    ['recipe', { recipe: 'adamw' }, 'recipe short and recipe adamw'],
    ['words', { only: 'yes,no' }, 'words all and words yes,no'],
    ['labels', { labels: 40 }, 'labels 12 and labels 40'],
    [
      'clips',
      { labels: 40, validation: { accuracy: 0.8, loss: 0, clips: 960 } },
      'labels 12, validation clips 50 and labels 40, validation clips 960',
    ],
  ])('refuses a seed whose trainings differ in %s, and says how', (_, changes, differing) => {
    const results = [...trials('a', [0.9, 0.8, 0.85]), ...trials('b', [0.7, 0.7])];
    const other = { ...result('b', 2, 0.8), ...changes };
    expect(() => pairedDifference([...results, other], 'a', 'b')).toThrow(
      expect.objectContaining({
        code: 'unlike-trials',
        message: `Cannot compare a with b on en, seed 2: expected trials alike, got ${differing}`,
      }),
    );
  });

  it('pairs trials on the same words of a set', () => {
    const few = (one: TrialResult): TrialResult => ({ ...one, only: 'yes,no' });
    const results = [...trials('a', [0.9, 0.8]), ...trials('b', [0.7, 0.7])];
    const { pairs } = pairedDifference(results.map(few), 'a', 'b');
    expect(pairs.map(({ only }) => only)).toEqual(['yes,no', 'yes,no']);
  });

  it('wants two pairs', () => {
    const results = [...trials('a', [0.9, 0.8]), ...trials('b', [0.7])];
    expect(() => pairedDifference(results, 'a', 'b')).toThrow(DataSetError);
    expect(() => pairedDifference(results, 'a', 'b')).toThrow(/with b: expected at least 2 trials.*got 1/);
  });
});
