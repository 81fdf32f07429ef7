import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { EvaluationSource } from '../../src/train/batches.js';
import { evaluateSplit, predict } from '../../src/train/evaluate.js';
import { expectAllClose } from '../support/all-close.js';
import { createNaiveEngine } from '../support/naive-engine.js';

/** Five clips of two frames whose features are the logits. */
const CLIPS = [
  [2, 0, 0, 0],
  [0, 4, 0, 0],
  [0, 0, 2, 0],
  [-1, 1, 1, -1],
  [0, 0, 0, 6],
];
const TRUTHS = [0, 1, 1, 0, 1];

const source: EvaluationSource = {
  featureShape: [2, 1, 2],
  clips: CLIPS.length,
  read: async (start, count, features) => {
    features.set(CLIPS.slice(start, start + count).flat());
    return Int32Array.from(TRUTHS.slice(start, start + count));
  },
  dispose: () => {},
};

async function setUp() {
  const builder = new GraphBuilder('pass');
  const x = builder.input('features', [2, 1, 2]);
  const graph = builder.build({ outputs: [builder.dense(x, { channels: 2, bias: false, name: 'same' })] });
  const program = await createNaiveEngine().compileInference(graph, { maxBatch: 2 });
  program.assign({ 'same/weight': Float32Array.of(1, 0, 0, 1) });
  return { graph, program, maxBatch: 2, source };
}

describe('evaluateSplit', () => {
  it('counts right answers and the mean cross-entropy over all batches', async () => {
    const margins = [1, 2, -1, 0, 3]; // Of the right logit over the other, frames averaged.
    const loss = margins.reduce((sum, margin) => sum + Math.log(1 + Math.exp(-margin)), 0) / 5;
    const { score } = await evaluateSplit(await setUp());
    expect(score).toMatchObject({ clips: 5, correct: 4, accuracy: 0.8 });
    expect(score.loss).toBeCloseTo(loss, 6);
  });

  it('is 0 over no clips', async () => {
    const { score } = await evaluateSplit({ ...(await setUp()), source: { ...source, clips: 0 } });
    expect(score).toEqual({ loss: 0, accuracy: 0, clips: 0, correct: 0 });
  });
});

describe('predict', () => {
  it('gives softmax scores of every clip in order, and tells how far it is', async () => {
    const progress: number[] = [];
    const onProgress = (done: number) => void progress.push(done);
    const predictions = await predict({ ...(await setUp()), onProgress });
    expect(predictions.map(({ truth }) => truth)).toEqual(TRUTHS);
    expectAllClose(predictions[1].scores, [1 / (1 + Math.exp(2)), 1 / (1 + Math.exp(-2))], {
      absolute: 1e-6,
    });
    expect(progress).toEqual([2, 4, 5]);
  });

  it('stops when asked to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(predict({ ...(await setUp()), signal })).rejects.toThrow('enough');
  });
});
