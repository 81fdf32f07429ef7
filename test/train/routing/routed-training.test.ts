import { afterAll, describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { ConfigError } from '../../../src/errors.js';
import { choosingParameters, routesOf } from '../../../src/graph/routes.js';
import { DEFAULT_RECIPE, type Recipe, recipeFor } from '../../../src/train/recipe.js';
import {
  DEFAULT_ROUTING,
  PAPER_ROUTING,
  type RoutingRecipe,
} from '../../../src/train/routing/routing-recipe.js';
import { Trainer } from '../../../src/train/trainer.js';
import type { StepReport, TrainerOptions, TrainingOutcome } from '../../../src/train/trainer-options.js';
import { copyWeights, type EpochRecord, type Weights } from '../../../src/train/training-state.js';
import { toyBatches, toyEvaluation, toyGraph } from '../../support/toy-clips.js';
import { routedToy, routedToyRecipe, TOY_BACKBONE } from '../../support/toy-routes.js';

const engine = await createWasmEngine();
afterAll(() => engine.dispose());

const graph = routedToy();
const routes = routesOf(graph)!;
const macs = routes.branches.map((branch) => branch.macs);
/** Three epochs on all resolutions, two joint ones; four batches each. */
const RECIPE = routedToyRecipe();

interface Run {
  readonly outcome?: TrainingOutcome;
  readonly error?: unknown;
  readonly written: Uint8Array[];
}

/** Trains; `abortAt`: step before whose batch the signal aborts. */
async function run(changes: Partial<TrainerOptions> = {}, abortAt = Infinity): Promise<Run> {
  const written: Uint8Array[] = [];
  const abort = new AbortController();
  const beforeBatch = (epoch: number, batch: number) => {
    if (epoch * 4 + batch === abortAt) abort.abort(new Error('stop'));
  };
  let trainer: Trainer | undefined;
  try {
    trainer = await Trainer.create({
      graph,
      engine,
      batches: toyBatches({ beforeBatch }),
      validation: toyEvaluation(),
      recipe: RECIPE,
      seed: 3,
      data: 'toy',
      signal: abort.signal,
      checkpoints: { write: async (bytes) => void written.push(bytes) },
      ...changes,
    });
    return { outcome: await trainer.run(), written };
  } catch (error) {
    return { error, written };
  } finally {
    trainer?.dispose();
  }
}

const meanMacs = ({ validation }: TrainingOutcome) =>
  validation!.routes!.reduce((sum, clips, route) => sum + clips * macs[route], 0) / validation!.clips;

describe('a training of two stages', () => {
  it('learns, at first by the largest branch alone, and says which routes were chosen', async () => {
    const records: EpochRecord[] = [];
    const schedule = { kind: 'constant', rate: 0.02, warmupEpochs: 0 } as const;
    const recipe: Recipe = { ...RECIPE, schedule };
    const { outcome } = await run({ recipe, onEpoch: (record) => void records.push(record) });
    expect(records.map(({ validation }) => validation!.routes![0] === 40)).toEqual([
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(records.map(({ training }) => training.routes?.reduce((sum, clips) => sum + clips, 0))).toEqual([
      ...[undefined, undefined, undefined],
      ...[50, 50],
    ]);
    expect(outcome!.validation!.accuracy).toBeGreaterThan(0.7);
    expect(outcome!.validation!.routes!.reduce((sum, clips) => sum + clips, 0)).toBe(40);
    expect(outcome!.epoch).toBe(5);
  });

  it('begins each stage with a schedule, an optimizer and a best epoch of its own', async () => {
    const rates: number[] = [];
    const schedule = { kind: 'cosine', rate: 0.01, warmupEpochs: 1, finalRate: 0 } as const;
    const recipe: Recipe = { ...RECIPE, schedule };
    const onStep = ({ learningRate }: StepReport) => void rates.push(learningRate);
    const { outcome } = await run({ recipe, onStep });
    expect(rates.slice(0, 4)).toEqual([0.0025, 0.005, 0.0075, 0.01]);
    expect(rates.slice(12, 16)).toEqual([0.0025, 0.005, 0.0075, 0.01]);
    expect(outcome!.history.map(({ best }) => best)[3]).toBe(true);
  });

  it('moves the predictor at its own rate, and not before its stage', async () => {
    const weightsAfter = async (epochs: number, predictorRate: number, classifierRate = 1) => {
      const schedule = { kind: 'constant', rate: 1e-3, warmupEpochs: 0 } as const;
      const changes = { epochs, ema: null, schedule, clipNorm: null };
      const recipe = routedToyRecipe({ pretrainShare: 0.7, predictorRate, classifierRate }, changes);
      const trainer = await Trainer.create({
        graph,
        engine,
        batches: toyBatches({ clips: 16 }),
        recipe,
        seed: 3,
        data: 'toy',
      });
      const { parameters } = trainer.state.weights;
      const start = parameters['predictor/logits/bias'].slice();
      const before = parameters['logits/bias'].slice();
      const { weights } = await trainer.run();
      trainer.dispose();
      const largestMove = (name: string, from: Float32Array) =>
        Math.max(...from.map((value, i) => Math.abs(weights.parameters[name][i] - value)));
      return [largestMove('predictor/logits/bias', start), largestMove('logits/bias', before)];
    };
    // One step of AdamW moves by the rate; two epochs of one step each, the second joint.
    const [slow, head] = await weightsAfter(2, 0.1);
    expect(slow).toBeCloseTo(1e-4, 6);
    expect(head).toBeGreaterThan(1e-3);
    const [fast] = await weightsAfter(2, 1);
    expect(fast).toBeCloseTo(1e-3, 5);
    const [alone, still] = await weightsAfter(2, 1, 0);
    expect(alone).toBeCloseTo(1e-3, 5);
    expect(still).toBeCloseTo(1e-3, 6);
  });

  it.each([
    ['a predictor of its own', graph],
    ['a predictor that says words', routedToy({ predictor: TOY_BACKBONE })],
  ])('moves %s alone where branches stand still, in its stage', async (_, of) => {
    const recipe = routedToyRecipe({ route: 'soft', classifierRate: 0 }, { ema: null });
    const taken: Weights[] = [];
    const trainer = await Trainer.create({
      ...{ graph: of, engine, recipe, batches: toyBatches(), seed: 3, data: 'toy' },
      onEpoch: () => void taken.push(copyWeights(trainer.state.weights)),
    });
    await trainer.run();
    trainer.dispose();
    // Three epochs on all resolutions.
    const [before, after] = [taken[2], taken[4]];
    const choosing = choosingParameters(routesOf(of)!);
    const layers = new Set(choosing.map((name) => name.slice(0, name.lastIndexOf('/'))));
    for (const part of ['parameters', 'statistics'] as const)
      for (const name of Object.keys(of[part])) {
        const moved = before[part][name].join() !== after[part][name].join();
        expect([name, moved]).toEqual([name, layers.has(name.slice(0, name.lastIndexOf('/')))]);
      }
  });

  it('chooses cheap routes when MACs weigh much, dear ones when they do not', async () => {
    const changes = { epochs: 8, schedule: { kind: 'constant', rate: 0.02, warmupEpochs: 0 } } as const;
    const spent = async (routing: Partial<RoutingRecipe>) =>
      meanMacs(
        (
          await run({
            recipe: routedToyRecipe({ pretrainShare: 0.2, predictorRate: 1, ...routing }, changes),
          })
        ).outcome!,
      );
    const cheap = await spent({ weight: 50, targetShare: 0.05 });
    const free = await spent({ weight: 0 });
    expect(cheap).toBeLessThan(0.5 * macs[0]);
    expect(free).toBeGreaterThan(cheap);
  });

  it.each<[string, Partial<RoutingRecipe>]>([
    ['hard routes', {}],
    ['soft routes and a temperature that falls', { route: 'soft', temperature: { from: 3, to: 0.5 } }],
    ['soft routes, branches that stand still', { route: 'soft', classifierRate: 0 }],
  ])('ends with the same bytes from every step it was stopped at (%s)', async (_, routing) => {
    const recipe = routedToyRecipe(routing, { epochs: 4 });
    const whole = await run({ recipe });
    expect(whole.outcome!.history).toHaveLength(4);
    // The joint stage begins with step 12.
    for (const step of [6, 12, 13, 15]) {
      const stopped = await run({ recipe }, step);
      expect(stopped.error).toEqual(new Error('stop'));
      const resumed = await run({ recipe, resume: stopped.written.at(-1) });
      expect(resumed.outcome).toEqual(whole.outcome);
      expect(resumed.written.at(-1)).toEqual(whole.written.at(-1));
    }
    for (const resume of whole.written)
      expect((await run({ recipe, resume })).outcome).toEqual(whole.outcome);
  });

  it('gives the same bytes on one thread and on two, and others with another seed', async () => {
    const one = await run({ threads: 1 });
    expect((await run({ threads: 2 })).written.at(-1)).toEqual(one.written.at(-1));
    expect((await run({ seed: 4 })).written.at(-1)).not.toEqual(one.written.at(-1));
  });

  it('runs out of patience in its last stage alone', async () => {
    const still = { kind: 'constant', rate: 1e-30, warmupEpochs: 0 } as const;
    const recipe = routedToyRecipe(
      {},
      { epochs: 10, patience: 1, schedule: still, ema: null, statisticsMomentum: 0 },
    );
    const { outcome } = await run({ recipe });
    expect(outcome!.stoppedEarly).toBe(true);
    expect(outcome!.history).toHaveLength(6 + 2);
  });

  it('learns a teacher’s answers too', async () => {
    const trainer = await Trainer.create({
      graph: toyGraph(),
      engine,
      batches: toyBatches(),
      recipe: { ...DEFAULT_RECIPE, epochs: 1, batchSize: 16 },
      seed: 1,
      data: 'toy',
    });
    const { weights } = await trainer.run();
    trainer.dispose();
    const teacher = { graph: toyGraph(), ...weights };
    const taught = await run({ teacher });
    expect(taught.outcome!.history).toHaveLength(5);
    expect(taught.written.at(-1)).not.toEqual((await run()).written.at(-1));
  });

  it.each<[string, string, Partial<TrainerOptions>]>([
    [
      'routing.weight',
      'Cannot train with recipe: expected routing.weight to be a number, 0 … 1000000000, got -1',
      { recipe: routedToyRecipe({ weight: -1 }) },
    ],
    [
      'routing.targetShare',
      'Cannot train with recipe: expected routing.targetShare to be a number, 0 … 1, got 1.5',
      { recipe: routedToyRecipe({ targetShare: 1.5 }) },
    ],
    [
      'routing.temperature.to',
      'Cannot train with recipe: expected routing.temperature.to to be a number, above 0, got 0',
      { recipe: routedToyRecipe({ temperature: { from: 1, to: 0 } }) },
    ],
    [
      'routing.route',
      'Cannot train with recipe: expected routing.route to be hard or soft, got both',
      { recipe: routedToyRecipe({ route: 'both' as 'hard' }) },
    ],
    [
      'statisticsBatches',
      'Cannot train with recipe: expected statisticsBatches to be 0, got 3',
      { recipe: routedToyRecipe({}, { statisticsBatches: 3 }) },
    ],
    [
      'routing',
      'Cannot train with recipe: expected no routing for toy, which does not choose its resolution, got one',
      { graph: toyGraph() },
    ],
    [
      'routing',
      'Cannot train with recipe: expected routing for routed-toy, which chooses its resolution, got none',
      { recipe: DEFAULT_RECIPE },
    ],
  ])('refuses what does not fit: %s', async (value, message, changes) => {
    const { error } = await run(changes);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ code: 'recipe', value, message });
  });
});

describe('recipeFor', () => {
  it('gives a DRNet routing, batches that show what a choice costs, and no other network any', () => {
    const routed = {
      keep: 'last',
      statisticsBatches: 0,
      distillation: { temperature: 1 },
      routing: DEFAULT_ROUTING,
    };
    expect(recipeFor('drnet-bl-resnet-small')).toMatchObject({
      name: 'adamw',
      batchSize: 64,
      normShard: 32,
      ...routed,
    });
    const short = recipeFor('drnet-bl-resnet-small', undefined, 'short');
    expect(short).toMatchObject({ name: 'short', batchSize: 32, normShard: 32, ...routed });
    expect(recipeFor('bl-resnet-small')).not.toHaveProperty('routing');
  });
});

describe('PAPER_ROUTING', () => {
  it('has the numbers of the paper', () => {
    expect(PAPER_ROUTING).toMatchObject({ weight: 0.2, predictorRate: 0.1, temperature: { from: 1, to: 1 } });
    expect(PAPER_ROUTING.pretrainShare).toBe(100 / (100 + 60));
  });
});
