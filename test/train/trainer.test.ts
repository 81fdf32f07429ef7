import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { ConfigError, EngineError } from '../../src/errors.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { DEFAULT_RECIPE, type Recipe } from '../../src/train/recipe.js';
import { learningRateAt } from '../../src/train/schedule.js';
import { Trainer } from '../../src/train/trainer.js';
import type { StepReport, TrainerOptions, TrainingOutcome } from '../../src/train/trainer-options.js';
import type { EpochRecord } from '../../src/train/training-state.js';
import { expectAllClose } from '../support/all-close.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { toyBatches, toyEvaluation, toyGraph } from '../support/toy-clips.js';

const RECIPE: Recipe = {
  ...DEFAULT_RECIPE,
  epochs: 6,
  batchSize: 16,
  normShard: 8,
  schedule: { kind: 'cosine', rate: 0.05, warmupEpochs: 1, finalRate: 0 },
  ema: { decay: 0.9 },
  statisticsBatches: 3,
};

/** Keeps every checkpoint written. */
function memorySink() {
  const written: Uint8Array[] = [];
  return { written, write: async (bytes: Uint8Array) => void written.push(bytes) };
}

function options(changes: Partial<TrainerOptions> = {}): TrainerOptions {
  return {
    graph: toyGraph(),
    engine: createNaiveEngine(),
    batches: toyBatches(),
    validation: toyEvaluation(),
    recipe: RECIPE,
    seed: 7,
    data: { labels: ['left', 'right', 'up'] },
    ...changes,
  };
}

async function train(changes: Partial<TrainerOptions> = {}): Promise<TrainingOutcome> {
  const trainer = await Trainer.create(options(changes));
  try {
    return await trainer.run();
  } finally {
    trainer.dispose();
  }
}

/** An engine whose steps can be spoilt. */
function spoiledEngine(spoil: (step: number, result: { loss: number; gradients: object }) => object): Engine {
  const engine = createNaiveEngine();
  return {
    ...engine,
    compileTraining: async (graph, settings) => {
      const program = await engine.compileTraining(graph, settings);
      let step = 0;
      return {
        ...program,
        step: async (input) => {
          const result = await program.step(input);
          return { ...result, ...spoil(++step, result) };
        },
      };
    },
  };
}

describe('Trainer', () => {
  it('learns to tell the toy clips apart, by AdamW and by SGD', async () => {
    const sgd: Recipe = {
      ...RECIPE,
      optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 1e-3, decays: 'all' },
      ema: null,
    };
    for (const recipe of [RECIPE, sgd].map((one) => ({ ...one, epochs: 15 }))) {
      const { validation, history } = await train({ recipe });
      expect(validation?.accuracy).toBeGreaterThanOrEqual(0.9);
      expect(history).toHaveLength(15);
      expect(history[14].training.loss).toBeLessThan(history[0].training.loss / 2);
    }
  });

  it('gives the same weights, history and checkpoint from the same seed, others from another', async () => {
    const sinks = [memorySink(), memorySink()];
    const [a, b] = await Promise.all(sinks.map((checkpoints) => train({ checkpoints })));
    expect(a).toEqual(b);
    expect(sinks[0].written.at(-1)).toEqual(sinks[1].written.at(-1));
    const other = await train({ seed: 8 });
    expect(other.weights.parameters['head/weight']).not.toEqual(a.weights.parameters['head/weight']);
  });

  it('makes its first step exactly as worked out from the engine’s gradients', async () => {
    const graph = toyGraph();
    const recipe: Recipe = {
      ...RECIPE,
      epochs: 1,
      optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0, decays: 'all' },
      schedule: { kind: 'constant', rate: 0.1, warmupEpochs: 0 },
      clipNorm: null,
      ema: null,
      statisticsBatches: 0,
    };
    const seen: { gradients: object; moments: object }[] = [];
    const engine = spoiledEngine((_, result) => {
      seen.push(structuredClone(result) as never);
      return {};
    });
    const batches = toyBatches({ clips: 8, batchSize: 16 }); // A set of half a batch: one step.
    const { weights } = await train({ graph, engine, batches, recipe, validation: undefined });
    const start = initializeParameters(graph, 7);
    const { gradients, moments } = seen[0] as { gradients: typeof start; moments: typeof start };
    for (const name of Object.keys(start)) {
      const expected = start[name].map((value, i) => value - 0.1 * gradients[name][i]);
      expectAllClose(weights.parameters[name], expected, { absolute: 1e-7 }, name);
    }
    // The first step's moments replace what the statistics started at.
    for (const name of Object.keys(moments)) {
      expectAllClose(weights.statistics[name], moments[name], { relative: 1e-6 }, name);
    }
  });

  it('tells of every step and epoch', async () => {
    const steps: StepReport[] = [];
    const epochs: EpochRecord[] = [];
    const { history } = await train({
      onStep: (report) => void steps.push(report),
      onEpoch: (record) => void epochs.push(record),
    });
    expect(steps).toHaveLength(24);
    expect(epochs).toEqual(history);
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps[5]).toMatchObject({ epoch: 2, epochs: 6, batch: 2, batchesPerEpoch: 4, step: 6, count: 16 });
    expect(steps[7]).toMatchObject({ batch: 4, count: 2 });
    const span = { stepsPerEpoch: 4, epochs: 6 };
    steps.forEach(({ learningRate }, step) => {
      expect(learningRate).toBe(learningRateAt(RECIPE.schedule, step, span));
    });
    const lossSum = steps.slice(0, 4).reduce((sum, { loss, count }) => sum + loss * count, 0);
    expect(epochs[0].training.loss).toBeCloseTo(lossSum / 50, 10);
    expect(epochs[0].training.accuracy).toBe(steps[3].accuracy);
    expect(epochs[0].validation).toMatchObject({ clips: 40 });
  });

  it('keeps the best epoch, or the last', async () => {
    const best = await train();
    const last = await train({ recipe: { ...RECIPE, keep: 'last' } });
    const bestEpoch = best.history.findLast((record) => record.best)!.epoch;
    expect(best.epoch).toBe(bestEpoch);
    expect(last.epoch).toBe(6);
    const accuracies = best.history.map(({ validation }) => validation!.accuracy);
    expect(accuracies[bestEpoch - 1]).toBe(Math.max(...accuracies));
  });

  it('stops when patience has run out', async () => {
    const recipe: Recipe = {
      ...RECIPE,
      epochs: 50,
      patience: 2,
      schedule: { kind: 'constant', rate: 1e-30, warmupEpochs: 0 },
      ema: null,
      statisticsMomentum: 0,
    };
    const { history, stoppedEarly, epoch } = await train({ recipe });
    expect(history.map(({ best }) => best)).toEqual([true, false, false]);
    expect({ stoppedEarly, epoch }).toEqual({ stoppedEarly: true, epoch: 1 });
  });

  it('trains without validation clips and keeps the last epoch', async () => {
    const { history, epoch, validation } = await train({ validation: undefined });
    expect({ epoch, validation, epochs: history.length }).toEqual({
      epoch: 6,
      validation: undefined,
      epochs: 6,
    });
    expect(history[0].validation).toBeUndefined();
  });

  it('takes statistics of the finished weights anew', async () => {
    const { weights } = await train();
    // The first BatchNorm sees the features themselves: 5 + 2 · normal, 2.5 more for a third of the clips.
    expectAllClose(weights.statistics['norm/mean'], [5.83, 5.83, 5.83], { absolute: 0.5 });
    const kept = await train({
      recipe: { ...RECIPE, statisticsBatches: 0, ema: null, statisticsMomentum: 0 },
    });
    expectAllClose(kept.weights.statistics['norm/mean'], [0, 0, 0], {});
  });

  it.each([
    ['loss', (): object => ({ loss: Number.NaN })],
    ['gradient norm', (): object => ({ gradients: { ...badGradients() } })],
  ])('stops with an error naming the step when the %s is no number', async (what, bad) => {
    const checkpoints = memorySink();
    const engine = spoiledEngine((step) => (step === 7 ? bad() : {}));
    const error = await train({ engine, checkpoints }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(EngineError);
    expect(error.code).toBe('training-diverged');
    expect(error.message).toContain(`expected a finite ${what}, got NaN at step 7 (epoch 2)`);
    expect(checkpoints.written).toHaveLength(1);
  });

  it('names the layer where numbers first cease to be finite, and keeps the last good checkpoint', async () => {
    const failing = async (changes: Partial<TrainerOptions>) => {
      const checkpoints = memorySink();
      const error = await train({ checkpoints, ...changes }).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(EngineError);
      return { message: error.message, written: checkpoints.written };
    };
    const graph = toyGraph();
    const start = { parameters: initializeParameters(graph, 1), statistics: initializeStatistics(graph) };
    start.parameters['hidden/weight'].fill(3e38);
    const engine = await createWasmEngine();
    expect((await failing({ engine, graph, start })).message).toContain(
      'at step 1 (epoch 1), first in layer hidden; a lower learning rate may help',
    );
    const good = toyBatches();
    const spoilt: TrainerOptions['batches'] = {
      ...good,
      async *epoch(epoch, first) {
        for await (const batch of good.epoch(epoch, first)) {
          if (epoch === 2) batch.features[3] = Number.NaN;
          yield batch;
        }
      },
    };
    const { message, written } = await failing({ batches: spoilt });
    expect(message).toContain('got NaN at step 9 (epoch 3), first in input features;');
    expect(written).toHaveLength(2);
    // The last good checkpoint goes on with sound batches.
    const { history } = await train({ resume: written[1] });
    expect(history).toHaveLength(6);
    const gradient = await failing({
      engine: spoiledEngine((step) => (step === 7 ? { gradients: badGradients() } : {})),
    });
    expect(gradient.message).toContain(
      'got NaN at step 7 (epoch 2), first in the gradient of layer head (head/weight);',
    );
  });

  it('refuses a recipe out of range and a network of frozen parameters only', async () => {
    await expect(train({ recipe: { ...RECIPE, epochs: 0 } })).rejects.toThrow(ConfigError);
    const error = await train({ trained: [] }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.code).toBe('nothing-trained');
  });
});

function badGradients(): Record<string, Float32Array> {
  const gradients = initializeParameters(toyGraph(), 1);
  gradients['head/weight'][3] = Number.NaN;
  return gradients;
}
