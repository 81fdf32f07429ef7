import { describe, expect, it } from 'vitest';
import { metricsOf, type Prediction, worstMistakes } from '../../src/train/metrics.js';

const LABELS = ['yes', 'no', 'maybe'];
const PREDICTIONS: Prediction[] = [
  { truth: 0, scores: [0.8, 0.1, 0.1], file: 'a' },
  { truth: 0, scores: [0.4, 0.6, 0], file: 'b' },
  { truth: 0, scores: [0.5, 0.25, 0.25], file: 'c' },
  { truth: 1, scores: [0.9, 0.05, 0.05], file: 'd' },
  { truth: 1, scores: [0.2, 0.7, 0.1], file: 'e' },
];

describe('metricsOf', () => {
  it('counts as by hand', () => {
    const { clips, correct, accuracy, confusion, perLabel } = metricsOf(LABELS, PREDICTIONS);
    expect({ clips, correct, accuracy }).toEqual({ clips: 5, correct: 3, accuracy: 0.6 });
    expect(confusion).toEqual([
      [2, 1, 0],
      [1, 1, 0],
      [0, 0, 0],
    ]);
    expect(perLabel[0]).toEqual({
      label: 'yes',
      clips: 3,
      correct: 2,
      precision: 2 / 3,
      recall: 2 / 3,
      f1: 4 / 6,
    });
    expect(perLabel[1]).toMatchObject({ precision: 0.5, recall: 0.5, f1: 0.5 });
  });

  it('gives 0, not NaN, for a label without clips or answers, and for no clips at all', () => {
    const { perLabel } = metricsOf(LABELS, PREDICTIONS);
    expect(perLabel[2]).toEqual({ label: 'maybe', clips: 0, correct: 0, precision: 0, recall: 0, f1: 0 });
    expect(metricsOf(LABELS, []).accuracy).toBe(0);
  });
});

describe('worstMistakes', () => {
  it('lists the surest wrong answers first', () => {
    expect(worstMistakes(LABELS, PREDICTIONS, 5)).toEqual([
      { file: 'd', truth: 'no', answer: 'yes', score: 0.9, truthScore: 0.05 },
      { file: 'b', truth: 'yes', answer: 'no', score: 0.6, truthScore: 0.4 },
    ]);
    expect(worstMistakes(LABELS, PREDICTIONS, 1).map(({ file }) => file)).toEqual(['d']);
  });
});
