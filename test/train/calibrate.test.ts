import { describe, expect, it } from 'vitest';
import { buildModel } from '../../src/models/models.js';
import { Random } from '../../src/numerics/random.js';
import { applyOffset, fitOffset, logitBias } from '../../src/train/calibrate.js';
import type { Prediction } from '../../src/train/metrics.js';

const LABELS = 4;
const UNKNOWN = 3;

/** Noisy logits that favour the truth, `_unknown_` held back by 1.5; the truth is `_unknown_` for half the clips. */
function noisyLogits(clips: number): { truth: number; logits: number[] }[] {
  const random = new Random(7);
  return Array.from({ length: clips }, (_, i) => {
    const truth = i % 2 === 0 ? UNKNOWN : random.integer(UNKNOWN);
    const logits = Array.from({ length: LABELS }, (_, j) => 2 * random.normal() + (j === truth ? 2 : 0));
    logits[UNKNOWN] -= 1.5;
    return { truth, logits };
  });
}

function softmax(logits: readonly number[]): number[] {
  const powers = logits.map((x) => Math.exp(x));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
}

function withOffset(logits: readonly number[], offset: number): number[] {
  return softmax(logits.map((x, j) => (j === UNKNOWN ? x + offset : x)));
}

const clips = noisyLogits(400);
const predictions: Prediction[] = clips.map(({ truth, logits }) => ({ truth, scores: softmax(logits) }));

function crossEntropyAt(offset: number): number {
  const losses = clips.map(({ truth, logits }) => -Math.log(withOffset(logits, offset)[truth]));
  return losses.reduce((a, b) => a + b, 0) / clips.length;
}

describe('fitOffset', () => {
  it('finds the offset that a fine grid finds', () => {
    const grid = Array.from({ length: 1201 }, (_, i) => -6 + i / 100);
    const best = grid.reduce((a, b) => (crossEntropyAt(b) < crossEntropyAt(a) ? b : a));
    expect(fitOffset(predictions, UNKNOWN)).toBeCloseTo(best, 1);
    expect(best).toBeGreaterThan(0.5);
  });

  it('is 0 where no clip or every clip is of the label', () => {
    expect(
      fitOffset(
        predictions.filter(({ truth }) => truth !== UNKNOWN),
        UNKNOWN,
      ),
    ).toBe(0);
    expect(
      fitOffset(
        predictions.filter(({ truth }) => truth === UNKNOWN),
        UNKNOWN,
      ),
    ).toBe(0);
  });
});

describe('applyOffset', () => {
  it('gives the scores of logits that were moved', () => {
    const score = { clips: clips.length, correct: 0, accuracy: 0, loss: 0 };
    const moved = applyOffset({ score, predictions }, UNKNOWN, 0.7);
    for (const [i, { scores }] of moved.predictions.entries()) {
      const expected = withOffset(clips[i].logits, 0.7);
      for (let j = 0; j < LABELS; j++) expect(scores[j]).toBeCloseTo(expected[j], 5);
    }
    expect(moved.score.loss).toBeCloseTo(crossEntropyAt(0.7), 5);
  });

  it('counts what is right afterwards', () => {
    const score = { clips: clips.length, correct: 0, accuracy: 0, loss: 0 };
    const right = clips.filter(({ truth, logits }) => {
      const scores = withOffset(logits, 1.5);
      return scores.indexOf(Math.max(...scores)) === truth;
    });
    expect(applyOffset({ score, predictions }, UNKNOWN, 1.5).score.correct).toBe(right.length);
  });
});

describe('logitBias', () => {
  it('names the bias of the last dense layer', () => {
    const graph = buildModel('bc-resnet-1', { labels: LABELS });
    const bias = logitBias(graph);
    expect(bias && graph.parameters[bias].shape).toEqual([LABELS]);
  });
});
