import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END, type FrontEndConfig } from '../../src/audio/front-end.js';
import type { Engine } from '../../src/engine/engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { ConfigError } from '../../src/errors.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { buildDrNet } from '../../src/models/build-drnet.js';
import type { BuildOptions } from '../../src/models/models.js';
import { verifyModel } from '../../src/stream/parity.js';
import { createRecognizer } from '../../src/stream/recognizer.js';
import { DEFAULT_RECIPE, type Recipe } from '../../src/train/recipe.js';
import { type TrainedModel, type TrainModelOptions, trainModel } from '../../src/train/train.js';
import { toneDataSet } from '../support/tone-clips.js';

const RECIPE: Recipe = {
  ...DEFAULT_RECIPE,
  epochs: 14,
  batchSize: 8,
  normShard: 8,
  schedule: { kind: 'cosine', rate: 5e-3, warmupEpochs: 1, finalRate: 0 },
  ema: { decay: 0.9 },
  augment: {
    ...DEFAULT_RECIPE.augment,
    mixup: 0,
    specAugment: { ...DEFAULT_RECIPE.augment.specAugment, maxFrames: 5, maxBands: 2 },
  },
};

const { dataSet, store } = toneDataSet({ clipMs: 400, perLabel: 8 });
let engine: Engine;
let first: TrainedModel;
const written: Uint8Array[] = [];

function train(changes: Partial<TrainModelOptions> = {}): Promise<TrainedModel> {
  return trainModel({
    dataSet,
    store,
    engine,
    model: 'ghostnet-tiny',
    recipe: RECIPE,
    seed: 5,
    threads: 1,
    featureThreads: 0,
    ...changes,
  });
}

beforeAll(async () => {
  engine = await createWasmEngine();
  first = await train({ checkpoints: { write: async (bytes) => void written.push(bytes) } });
});

describe('trainModel', () => {
  it('learns synthetic sounds, and the model recognises one after a trip through its file', async () => {
    expect(first.validation).toMatchObject({ clips: 12, accuracy: 1 });
    const model = decodeModel(encodeModel(first.model));
    const recognizer = await createRecognizer(model, { engine });
    for (const { file, word } of dataSet.validation) {
      const samples = store.samples(store.indexOf(file));
      expect(recognizer.recognize(samples, 16000).label).toBe(word);
    }
    recognizer.dispose();
    expect((await verifyModel(model, { engine })).difference).toBeLessThan(1e-6);
  });

  it('records how it was trained, in JSON without time or place', () => {
    expect(first.model.training).toMatchObject({
      recipe: RECIPE,
      seed: 5,
      engine: 'wasm strict',
      epochs: 14,
    });
    const record = JSON.stringify(first.model.training);
    expect(JSON.parse(record)).toEqual(first.model.training);
    expect(record).not.toMatch(/20\d\d-|\.wav|threads/);
  });

  it('gives the same bytes from the same seed at any number of threads, others from another seed', async () => {
    const bytes = encodeModel(first.model);
    expect(encodeModel((await train({ threads: 2 })).model)).toEqual(bytes);
    expect(encodeModel((await train({ seed: 6 })).model)).not.toEqual(bytes);
  });

  it('gives the same bytes when resumed', async () => {
    const { model } = await train({ resume: written[3] });
    expect(encodeModel(model)).toEqual(encodeModel(first.model));
  });

  it('refuses a checkpoint of other recordings, by their sound', async () => {
    const other = toneDataSet({ clipMs: 400, perLabel: 8, seed: 2 });
    const error = await train({ ...other, resume: written[3] }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(ConfigError);
    expect(error.value).toBe('data');
  });

  it('starts from a model: features frozen, a new head', async () => {
    const labels = ['down', 'up', 'level'];
    const { model } = await train({
      dataSet: { ...dataSet, labels },
      init: { model: first.model, freeze: 'features' },
      recipe: { ...RECIPE, epochs: 2 },
    });
    const changed = Object.keys(model.parameters).filter((name) =>
      model.parameters[name].some((value, i) => value !== first.model.parameters[name][i]),
    );
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every((name) => model.graph.parameters[name].shape.at(-1) === 3)).toBe(true);
    expect(model.statistics).toEqual(first.model.statistics);
    expect(model.labels).toEqual(labels);
  });

  it('learns from a teacher', async () => {
    const { history } = await train({ teacher: first.model, recipe: { ...RECIPE, epochs: 2 } });
    expect(history[1].training.loss).toBeLessThan(history[0].training.loss);
  });

  it('trains a network of one’s own, under the name given, with another head than any of the registry', async () => {
    const build = ({ labels, input }: Required<BuildOptions>) => {
      const g = new GraphBuilder('inner');
      const x = g.conv2d(g.input('features', input), { channels: 4, kernel: [3, 3], stride: [2, 2] });
      const y = g.globalAvgPool(g.relu(g.batchNorm(x)));
      return g.build({ outputs: [g.dense(y, { name: 'answers', channels: labels, bias: false })] });
    };
    const recipe = { ...RECIPE, epochs: 1 };
    const { model, history } = await train({ model: { name: 'mine', build }, recipe });
    const read = decodeModel(encodeModel(model));
    expect([read.name, read.graph.name, history.length]).toEqual(['mine', 'inner', 1]);
    // 400 ms are 38 frames of 40 bands; the head has no bias.
    expect(read.graph).toEqual(build({ labels: 3, input: [38, 40, 1] }));
    expect(Object.values(read.parameters).every((values) => values.every(Number.isFinite))).toBe(true);
    expect((await train({ model: build, recipe })).model.name).toBe('inner');
  });

  it('trains a DRNet of one’s own by a recipe with routing, the network choosing', async () => {
    const steps: number[] = [];
    const stop = new AbortController();
    const config = { predictor: 'separable', predictorInput: 'candidates' } as const;
    const error = await train({
      model: (options) => buildDrNet('ghost-25k', config, options),
      recipe: undefined,
      signal: stop.signal,
      onStep: ({ loss }) => {
        steps.push(loss);
        stop.abort();
      },
    }).catch((thrown) => thrown);
    expect(error).toBe(stop.signal.reason);
    expect(steps).toHaveLength(1);
    expect(steps[0]).toBeGreaterThan(0);
  });

  it('refuses an unknown network, and a start or teacher that does not fit', async () => {
    const frontEnd: FrontEndConfig = { ...DEFAULT_FRONT_END, lowHz: 100 };
    const own = (name: string, build: (options: Required<BuildOptions>) => Graph) => ({
      model: { name, build },
    });
    const toy = (labels: number, frames: number) => {
      const g = new GraphBuilder('toy');
      const pooled = g.globalAvgPool(g.input('features', [frames, 40, 1]));
      return g.build({ outputs: [g.dense(pooled, { channels: labels })] });
    };
    const cases: [Partial<TrainModelOptions>, string][] = [
      [own('two', () => toy(2, 38)), 'Cannot train two: expected one output of 1 × 1 × 3, got 1 × 1 × 2'],
      [
        own('long', () => toy(3, 98)),
        'Cannot train long: expected one input of 38 × 40 × 1, got 98 × 40 × 1',
      ],
      [own('', () => toy(3, 38)), 'expected a name of 1 to 256 characters, got '],
      [{ model: 'ghostnet-tinny' }, 'ghostnet-tiny'],
      [{ init: { model: first.model }, frontEnd }, 'Cannot start from ghostnet-tiny: expected the front end'],
      [
        { init: { model: first.model }, model: 'bc-resnet-1' },
        'expected most features of bc-resnet-1 in it, got 0 of ',
      ],
      [{ teacher: first.model, frontEnd }, 'Cannot learn from teacher ghostnet-tiny: expected the front end'],
      [
        { teacher: { ...first.model, labels: ['a', 'b', 'c'] } },
        'expected labels falling, rising, steady, got a, b, c',
      ],
      [
        { teacher: { ...first.model, quantization: { grids: {}, weights: {} } } },
        'Cannot learn from teacher ghostnet-tiny: expected a model of float32 weights',
      ],
    ];
    for (const [changes, message] of cases) {
      const error = await train(changes).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(ConfigError);
      expect(error.message).toContain(message);
    }
  });
});
