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
      result('a', 2, 0.1),
      result('b', 2, 0.9, 30),
    ];
    const { pairs, mean } = pairedDifference(results, 'a', 'b');
    expect(pairs.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(mean).toBeCloseTo(0.15, 10);
  });

  it('wants two pairs', () => {
    const results = [...trials('a', [0.9, 0.8]), ...trials('b', [0.7])];
    expect(() => pairedDifference(results, 'a', 'b')).toThrow(DataSetError);
    expect(() => pairedDifference(results, 'a', 'b')).toThrow(/with b: expected at least 2 trials.*got 1/);
  });
});
