import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { bcResNetRecipe, type Recipe } from '../../src/train/recipe.js';
import { Trainer } from '../../src/train/trainer.js';
import type { TrainerOptions, TrainingOutcome } from '../../src/train/trainer-options.js';
import { expectAllClose } from '../support/all-close.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { toyBatches, toyEvaluation, toyGraph } from '../support/toy-clips.js';

const RECIPE: Recipe = { ...bcResNetRecipe(), epochs: 2, batchSize: 16, normShard: 8, statisticsBatches: 2 };
const NAMES = ['naive', 'wasm', 'tensorflow'] as const;
const engines = {} as Record<(typeof NAMES)[number], Engine>;

async function train(engine: Engine, changes: Partial<TrainerOptions> = {}): Promise<TrainingOutcome> {
  const trainer = await Trainer.create({
    graph: toyGraph(),
    engine,
    batches: toyBatches(),
    validation: toyEvaluation(),
    recipe: RECIPE,
    seed: 4,
    data: null,
    threads: 1,
    ...changes,
  });
  try {
    return await trainer.run();
  } finally {
    trainer.dispose();
  }
}

function expectSameWeights(found: TrainingOutcome, expected: TrainingOutcome, relative: number): void {
  for (const kind of ['parameters', 'statistics'] as const) {
    for (const [name, values] of Object.entries(expected.weights[kind])) {
      expectAllClose(found.weights[kind][name], values, { relative, absolute: relative }, name);
    }
  }
}

beforeAll(async () => {
  await tf.setBackend('cpu');
  engines.naive = createNaiveEngine();
  engines.wasm = await createWasmEngine();
  engines.tensorflow = await createTensorflowEngine(tf);
});

describe('Trainer', () => {
  it('takes any engine to the same weights', async () => {
    const [naive, wasm, tensorflow] = await Promise.all(NAMES.map((name) => train(engines[name])));
    // Eight steps of float32 against float64: each step's rounding is carried on by the momentum.
    expectSameWeights(wasm, naive, 1e-3);
    expectSameWeights(tensorflow, naive, 1e-3);
    expect(wasm.validation?.correct).toBe(naive.validation?.correct);
  });

  it('trains a frozen network’s head alike on any engine', async () => {
    const trained = ['head/weight', 'head/bias'];
    const [naive, wasm, tensorflow] = await Promise.all(
      NAMES.map((name) => train(engines[name], { trained })),
    );
    expectSameWeights(wasm, naive, 1e-4);
    expectSameWeights(tensorflow, naive, 1e-4);
  });

  it.each([
    ['naive', 'wasm'],
    ['wasm', 'tensorflow'],
    ['tensorflow', 'wasm'],
  ] as const)(
    'goes on from a checkpoint of the %s engine on the %s engine, when asked to',
    async (first, second) => {
      const written: Uint8Array[] = [];
      const whole = await train(engines[first], {
        checkpoints: { write: async (bytes) => void written.push(bytes) },
      });
      const resumed = await train(engines[second], { resume: written[0], allowChanged: ['kernels'] });
      expectSameWeights(resumed, whole, 1e-3);
      await expect(train(engines[second], { resume: written[0] })).rejects.toThrow(/kernels/);
    },
  );
});
