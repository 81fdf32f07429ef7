import { describe, expect, it } from 'vitest';
import { ConfigError, ModelFileError } from '../../src/errors.js';
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { bcResNetRecipe, DEFAULT_RECIPE, type Recipe } from '../../src/train/recipe.js';
import { Trainer } from '../../src/train/trainer.js';
import type { TrainerOptions, TrainingOutcome } from '../../src/train/trainer-options.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { toyBatches, toyEvaluation, toyGraph } from '../support/toy-clips.js';

const ADAMW: Recipe = {
  ...DEFAULT_RECIPE,
  epochs: 4,
  batchSize: 16,
  normShard: 8,
  ema: { decay: 0.9 },
  statisticsBatches: 2,
};
const SGD: Recipe = { ...bcResNetRecipe(), epochs: 4, batchSize: 16, normShard: 8 };
const STEPS = 16;

interface Run {
  readonly outcome?: TrainingOutcome;
  readonly error?: unknown;
  readonly written: Uint8Array[];
}

/** Trains; `abortAt`: step before whose batch the signal aborts. */
async function run(changes: Partial<TrainerOptions>, abortAt = Infinity): Promise<Run> {
  const written: Uint8Array[] = [];
  const abort = new AbortController();
  const beforeBatch = (epoch: number, batch: number) => {
    if (epoch * 4 + batch === abortAt) abort.abort(new Error('stop'));
  };
  const options: TrainerOptions = {
    graph: toyGraph(),
    engine: createNaiveEngine(),
    batches: toyBatches({ beforeBatch }),
    validation: toyEvaluation(),
    recipe: ADAMW,
    seed: 3,
    data: 'toy',
    signal: abort.signal,
    checkpoints: { write: async (bytes) => void written.push(bytes) },
    ...changes,
  };
  try {
    const trainer = await Trainer.create(options);
    return { outcome: await trainer.run(), written };
  } catch (error) {
    return { error, written };
  }
}

describe('resuming', () => {
  it.each([
    ['AdamW with EMA', ADAMW],
    ['SGD', SGD],
  ])('ends with the same bytes from every step it was stopped at (%s)', async (_, recipe) => {
    const whole = await run({ recipe });
    for (let step = 0; step < STEPS; step++) {
      const stopped = await run({ recipe }, step);
      expect(stopped.error).toEqual(new Error('stop'));
      const resumed = await run({ recipe, resume: stopped.written.at(-1) });
      expect(resumed.outcome).toEqual(whole.outcome);
      expect(resumed.written.at(-1)).toEqual(whole.written.at(-1));
    }
  });

  it('ends with the same bytes from the checkpoint of any epoch, the last one too', async () => {
    const whole = await run({});
    expect(whole.written).toHaveLength(4);
    for (const resume of whole.written) {
      const { outcome } = await run({ resume });
      expect(outcome).toEqual(whole.outcome);
    }
  });

  it('goes on in the validation when it was stopped there', async () => {
    const abort = new AbortController();
    const validation = toyEvaluation();
    let reads = 0;
    const stopping = {
      ...validation,
      clips: 100,
      read: (start: number, count: number, features: Float32Array) => {
        if (++reads === 3) abort.abort(new Error('stop'));
        return validation.read(start, count, features);
      },
    };
    const stopped = await run({ validation: stopping, signal: abort.signal });
    expect(stopped.error).toEqual(new Error('stop'));
    const calm = { ...stopping, read: validation.read };
    const resumed = await run({ validation: calm, resume: stopped.written.at(-1) });
    expect(resumed.outcome).toEqual((await run({ validation: calm })).outcome);
  });

  it('stops at patience as if it had not been interrupted', async () => {
    const recipe: Recipe = {
      ...ADAMW,
      patience: 1,
      schedule: { kind: 'constant', rate: 1e-30, warmupEpochs: 0 },
      ema: null,
      statisticsMomentum: 0,
    };
    const whole = await run({ recipe });
    expect(whole.outcome?.stoppedEarly).toBe(true);
    for (const resume of whole.written) {
      expect((await run({ recipe, resume })).outcome).toEqual(whole.outcome);
    }
  });

  it.each([
    ['kernels', { engine: createNaiveEngine('relaxed') }],
    ['recipe', { recipe: { ...ADAMW, epochs: 5 } }],
    ['seed', { seed: 4 }],
    ['data', { data: 'other clips' }],
    ['network', { graph: toyGraph(3, 9) }],
    ['network', { start: startingWeights() }],
  ] as const)('refuses other %s than before', async (what, changes) => {
    const { written } = await run({}, 6);
    const { error } = await run({ ...changes, resume: written.at(-1) });
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as ConfigError).code).toBe('checkpoint-differs');
    expect((error as ConfigError).message).toContain(
      `Cannot resume from checkpoint: expected the same ${what}`,
    );
    expect((error as ConfigError).value).toBe(what);
  });

  it.each<[string, Recipe, string]>([
    ['a number', { ...ADAMW, epochs: 5 }, 'epochs 4, got epochs 5'],
    [
      'one number inside and one outside',
      { ...ADAMW, batchSize: 8, schedule: { ...ADAMW.schedule, rate: 0.25 } },
      `batchSize 16, schedule.rate ${ADAMW.schedule.rate}, got batchSize 8, schedule.rate 0.25`,
    ],
    ['a part of it', { ...ADAMW, ema: null }, 'ema {"decay":0.9}, got ema null'],
  ])('names the fields of a recipe that differs in %s', async (_, recipe, differing) => {
    const { written } = await run({}, 6);
    const { error } = await run({ recipe, resume: written.at(-1) });
    expect((error as ConfigError).message).toBe(
      `Cannot resume from checkpoint: expected the same recipe as before, ${differing}`,
    );
  });

  it('does not blame the network alone for weights or a teacher', async () => {
    const { written } = await run({}, 6);
    const teacher = { graph: toyGraph(), ...startingWeights() };
    const runs = await Promise.all(
      [{ start: startingWeights() }, { teacher }].map((changes) =>
        run({ ...changes, resume: written.at(-1) }),
      ),
    );
    for (const { error } of runs)
      expect((error as ConfigError).message).toBe(
        'Cannot resume from checkpoint: expected the same network, parameters to train, weights to start from and teacher ' +
          'as before, got another of these',
      );
  });

  it('goes on with other kernels or a longer recipe when asked to', async () => {
    const { written } = await run({}, 6);
    const { outcome } = await run({
      engine: createNaiveEngine('relaxed'),
      recipe: { ...ADAMW, epochs: 6 },
      resume: written.at(-1),
      allowChanged: ['kernels', 'recipe'],
    });
    expect(outcome?.history).toHaveLength(6);
  });
});

describe('restoreCheckpoint', () => {
  it('names what is wrong with a damaged checkpoint', async () => {
    const bytes = (await run({}, 6)).written.at(-1)!;
    const { tensors, metadata } = decodeSafetensors(bytes);
    const rewrite = (change: (copy: { tensors: typeof tensors; metadata: typeof metadata }) => void) => {
      const copy = { tensors: { ...tensors }, metadata: { ...metadata } };
      change(copy);
      return encodeSafetensors(copy.tensors, copy.metadata);
    };
    const short = { dtype: 'F32', shape: [1], data: new Float32Array(1) } as const;
    const cases: [string, Uint8Array][] = [
      ['of checkpoint: expected offsets', bytes.subarray(0, bytes.length - 7)],
      [
        'F32 numbers in parameters/head/weight',
        rewrite(({ tensors: t }) => delete t['parameters/head/weight']),
      ],
      ['F32 of 1', rewrite(({ tensors: t }) => void (t['optimizer-mean/head/bias'] = short))],
      ['tensors of this run only, got extra', rewrite(({ tensors: t }) => void (t.extra = short))],
      ['hearken-checkpoint 1, got no format', rewrite(({ metadata: m }) => delete m.format)],
      [
        'hearken-checkpoint 1, got hearken-checkpoint 2',
        rewrite(({ metadata: m }) => void (m.version = '2')),
      ],
      ['counts of epochs', rewrite(({ metadata: m }) => void (m.progress = '{"epoch":-1}'))],
      ['an object in its metadata', rewrite(({ metadata: m }) => delete m.progress)],
    ];
    for (const [message, resume] of cases) {
      const { error } = await run({ resume });
      expect(error, message).toBeInstanceOf(ModelFileError);
      expect((error as ModelFileError).message).toContain(message);
    }
  });
});

function startingWeights() {
  return { parameters: initializeParameters(toyGraph(), 5), statistics: initializeStatistics(toyGraph()) };
}
