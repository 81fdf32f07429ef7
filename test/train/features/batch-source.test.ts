import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../../src/audio/meyda-front-end.js';
import { ConfigError, EngineError } from '../../../src/errors.js';
import { Random } from '../../../src/numerics/random.js';
import type { Batch, BatchSource } from '../../../src/train/batches.js';
import { ClipStore } from '../../../src/train/clip-store.js';
import type { Clip, DataSet } from '../../../src/train/data-set.js';
import { NO_AUGMENT } from '../../../src/train/features/augment-config.js';
import { type BatchSourceOptions, createBatchSource } from '../../../src/train/features/batch-source.js';
import { createEvaluationSource } from '../../../src/train/features/evaluation-source.js';
import { expectAllClose } from '../../support/all-close.js';

const open: { dispose(): void }[] = [];
afterEach(() => {
  for (const source of open.splice(0)) source.dispose();
});

/** `counts[label]` short clips of noise for each label, the last one silence, and a noise file. */
function makeSet(
  counts: readonly number[],
  special: Partial<DataSet> = {},
): { dataSet: DataSet; store: ClipStore } {
  const store = new ClipStore({ clipMs: 500 });
  const clipOf = (label: number, take: number): Clip => {
    const file = `word${label}/${take}.wav`;
    const random = new Random(label, take);
    store.add(
      file,
      Float32Array.from({ length: 6000 + 100 * take }, () => 0.2 * random.between(-1, 1)),
    );
    return { file, label, word: `word${label}`, speaker: file };
  };
  const train = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, take) => clipOf(label, take)),
  );
  store.add(
    'noise',
    new Float32Array(20_000).map((_, i) => 0.1 * Math.sin(i)),
    { whole: true },
  );
  const dataSet: DataSet = {
    labels: counts.map((_, label) => `word${label}`),
    train,
    validation: train.slice(0, 5),
    test: [],
    noiseFiles: ['noise'],
    skipped: [],
    clipMs: 500,
    ...special,
  };
  return { dataSet, store };
}

const SMALL = makeSet([9, 8, 20, 0], { unknownLabel: 2, silenceLabel: 3 });

async function start(options: Partial<BatchSourceOptions> = {}): Promise<BatchSource> {
  const source = await createBatchSource({ ...SMALL, batchSize: 8, seed: 1, threads: 0, ...options });
  open.push(source);
  return source;
}

/** Batches as copies, which outlive the source's memory. */
async function read(
  source: BatchSource,
  epoch: number,
  { first = 0, count = Infinity } = {},
): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of source.epoch(epoch, first)) {
    const { features, targets, sampleWeights } = batch;
    batches.push({
      ...batch,
      features: features.slice(),
      targets: targets.slice(),
      sampleWeights: sampleWeights?.slice(),
    });
    if (batches.length === count) break;
  }
  return batches;
}

describe('createBatchSource', () => {
  it('gives full batches of features and targets whose rows sum to 1', async () => {
    const source = await start();
    expect(source.featureShape).toEqual([48, 40, 1]);
    expect([source.labels, source.batchesPerEpoch, source.clipsPerEpoch]).toEqual([4, 4, 32]);
    const batches = await read(source, 0);
    expect(batches.map(({ count }) => count)).toEqual([8, 8, 8, 8]);
    for (const { features, targets, sampleWeights } of batches) {
      expect([features.length, targets.length, sampleWeights]).toEqual([8 * 48 * 40, 8 * 4, undefined]);
      expect(features.every(Number.isFinite)).toBe(true);
      for (let row = 0; row < 8; row++) {
        const sum = targets.subarray(4 * row, 4 * row + 4).reduce((total, x) => total + x, 0);
        expect(sum).toBeCloseTo(1, 6);
      }
    }
  });

  it.each([1, 2, 3])(
    'gives the same bytes with %i worker threads as with none, for two epochs',
    async (threads) => {
      const [inline, threaded] = [await start(), await start({ threads })];
      for (const epoch of [0, 1]) expect(await read(threaded, epoch)).toEqual(await read(inline, epoch));
    },
  );

  it.each([0, 2])('resumes in the middle, goes back and skips epochs, with %i threads', async (threads) => {
    const source = await start({ threads });
    const epochs = [await read(source, 0), await read(source, 1), await read(source, 2)];
    expect(await read(source, 1, { first: 2 })).toEqual(epochs[1].slice(2));
    expect(await read(source, 0, { count: 1 })).toEqual(epochs[0].slice(0, 1));
    expect(await read(source, 2, { first: 1 })).toEqual(epochs[2].slice(1));
    expect(await read(source, 2, { first: 4 })).toEqual([]);
  });

  it('differs by epoch and seed', async () => {
    const [one, two] = [await start(), await start({ seed: 2 })];
    const firsts = [await read(one, 0), await read(one, 1), await read(two, 0)].map(([{ features }]) =>
      String(features),
    );
    expect(new Set(firsts).size).toBe(3);
  });

  it("holds the front end's map of each clip when nothing is varied", async () => {
    const source = await start({ augment: NO_AUGMENT, labelSmoothing: 0 });
    const frontEnd = createMeydaFrontEnd(DEFAULT_FRONT_END);
    const expected = SMALL.dataSet.train.map(({ file, label }) => {
      const samples = new Float32Array(8000);
      samples.set(Float32Array.from(SMALL.store.samples(SMALL.store.indexOf(file)), (x) => x / 32768));
      return { label, features: frontEnd.compute(samples) };
    });
    let words = 0;
    for (const { features, targets } of await read(source, 0)) {
      for (let row = 0; row < 8; row++) {
        const map = features.subarray(row * 1920, (row + 1) * 1920);
        const label = targets.subarray(4 * row, 4 * row + 4).indexOf(1);
        if (label === 3) continue;
        const twin = expected.find((clip) => Math.abs(clip.features[700] - map[700]) < 1e-4)!;
        expect(twin.label).toBe(label);
        expectAllClose(map, twin.features, { absolute: 1e-4 });
        words++;
      }
    }
    expect(words).toBeGreaterThanOrEqual(17);
  });

  it('computes what a front end with deltas or by Meyda is asked for, in workers too', async () => {
    const options = { frontEnd: { ...DEFAULT_FRONT_END, deltas: { reachFrames: 2 } }, augment: NO_AUGMENT };
    const wasm = await start(options);
    const meyda = await start({ ...options, frontEndImplementation: 'meyda' });
    const threaded = await start({ ...options, frontEndImplementation: 'meyda', threads: 1 });
    expect(wasm.featureShape).toEqual([48, 40, 3]);
    const [a] = await read(wasm, 0, { count: 1 });
    const [b] = await read(meyda, 0, { count: 1 });
    expectAllClose(a.features, b.features, { absolute: 2e-4 });
    expect(await read(threaded, 0, { count: 1 })).toEqual([b]);
  });

  it('mixes neighbours and their targets by one factor', async () => {
    const plain = await start({ augment: NO_AUGMENT, labelSmoothing: 0 });
    const mixed = await start({ augment: { ...NO_AUGMENT, mixup: 0.3 }, labelSmoothing: 0 });
    const [a] = await read(plain, 0, { count: 1 });
    const [b] = await read(mixed, 0, { count: 1 });
    for (let row = 0; row < 8; row += 2) {
      const [x, y, z] = [a.features[row * 1920], a.features[(row + 1) * 1920], b.features[row * 1920]];
      const lambda = (z - y) / (x - y);
      expect(lambda).toBeGreaterThanOrEqual(-1e-6);
      expect(lambda).toBeLessThanOrEqual(1 + 1e-6);
      for (let label = 0; label < 4; label++) {
        const expected = lambda * a.targets[4 * row + label] + (1 - lambda) * a.targets[4 * row + 4 + label];
        expect(b.targets[4 * row + label]).toBeCloseTo(expected, 4);
      }
    }
  });

  it('weights clips by their class: mean label size / size of the label', async () => {
    const set = makeSet([12, 4]);
    const source = await start({ ...set, augment: NO_AUGMENT, labelSmoothing: 0, classWeights: 'balanced' });
    for (const { targets, sampleWeights } of await read(source, 0)) {
      for (let row = 0; row < 8; row++)
        expect(sampleWeights![row]).toBeCloseTo(targets[2 * row] === 1 ? 8 / 12 : 2, 6);
    }
    const given = await start({ ...set, augment: NO_AUGMENT, labelSmoothing: 0, classWeights: [3, 0.5] });
    const [{ targets, sampleWeights }] = await read(given, 0);
    expect([...sampleWeights!]).toEqual(
      Array.from({ length: 8 }, (_, row) => (targets[2 * row] === 1 ? 3 : 0.5)),
    );
  });

  it('weights clips of `_unknown_` by a factor of their own', async () => {
    const plain = { ...SMALL, augment: NO_AUGMENT, labelSmoothing: 0 };
    const [{ targets, sampleWeights }] = await read(await start({ ...plain, unknownWeight: 3 }), 0);
    expect([...sampleWeights!]).toEqual(
      Array.from(sampleWeights!, (_, row) => (targets[4 * row + 2] === 1 ? 3 : 1)),
    );
    const [even] = await read(await start({ ...plain, unknownWeight: 1 }), 0);
    expect(even.sampleWeights).toBeUndefined();
  });

  it('rejects with an EngineError when a worker dies, and at once from then on', async () => {
    const workerUrl = new URL(
      'data:text/javascript,self.onmessage = () => { throw new Error("out of luck"); }',
    );
    const source = await start({ threads: 2, workerUrl });
    const failure = await read(source, 0).catch((reason: unknown) => reason);
    expect(failure).toBeInstanceOf(EngineError);
    expect(failure).toMatchObject({
      code: 'feature-worker',
      message: 'Cannot make a batch: expected a running worker, got one that failed (out of luck)',
    });
    await expect(read(source, 1)).rejects.toBe(failure);
  });

  it('rejects when its worker cannot be loaded', async () => {
    const source = await start({ threads: 1, workerUrl: pathToFileURL('/no/such/worker.mjs') });
    await expect(read(source, 0)).rejects.toMatchObject({ name: 'EngineError', code: 'feature-worker' });
  });

  it('rejects after dispose, also what is being waited for', async () => {
    const source = await start({ threads: 1 });
    const waiting = read(source, 0);
    source.dispose();
    await expect(waiting).rejects.toMatchObject({ code: 'disposed' });
    await expect(read(source, 0)).rejects.toBeInstanceOf(EngineError);
  });

  it.each([
    [{ batchSize: 0 }, 'expected batchSize to be a whole number from 1 to 65536, got 0'],
    [{ seed: -1 }, 'expected seed to be a whole number from 0 to 4294967295, got -1'],
    [{ threads: 1.5 }, 'expected threads to be a whole number from 0 to 64, got 1.5'],
    [{ labelSmoothing: 1 }, 'expected labelSmoothing to be in [0, 1), got 1'],
    [{ unknownWeight: 0 }, 'expected unknownWeight to be a number above 0, got 0'],
    [{ classWeights: [1] }, 'expected classWeights to be 4 numbers of 0 or more, got [1]'],
    [
      { dataSet: { ...SMALL.dataSet, train: [] } },
      'expected dataSet to be a set with training clips, got none',
    ],
  ])('refuses %j', async (options, message) => {
    const error = await start(options).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message).toContain(message);
  });
});

describe('createEvaluationSource', () => {
  it('reads clips as they are, in their order, from its cache too', async () => {
    const { dataSet, store } = SMALL;
    const clips = dataSet.train;
    const frontEnd = createMeydaFrontEnd(DEFAULT_FRONT_END);
    for (const cacheBytes of [0, 3 * 4 * 1920, undefined]) {
      const source = await createEvaluationSource({ clips, store, cacheBytes });
      open.push(source);
      expect([source.clips, source.featureShape]).toEqual([37, [48, 40, 1]]);
      for (const [from, count] of [
        [0, 4],
        [2, 4],
        [0, 37],
        [33, 4],
      ]) {
        const features = new Float32Array(count * 1920);
        expect([...(await source.read(from, count, features))]).toEqual(
          clips.slice(from, from + count).map(({ label }) => label),
        );
        const samples = new Float32Array(8000);
        samples.set(
          Float32Array.from(store.samples(store.indexOf(clips[from + count - 1].file)), (x) => x / 32768),
        );
        expectAllClose(features.subarray((count - 1) * 1920), frontEnd.compute(samples), { absolute: 1e-4 });
      }
    }
  });

  it('gives the same numbers whatever was read before', async () => {
    const { dataSet, store } = SMALL;
    const readAll = async (steps: number[]) => {
      const source = await createEvaluationSource({ clips: dataSet.train, store });
      open.push(source);
      const all = new Float32Array(37 * 1920);
      for (const count of steps) await source.read(0, count, all);
      return all;
    };
    expect(await readAll([1, 5, 20, 37])).toEqual(await readAll([37]));
  });

  it('refuses a range beyond its clips or its room', async () => {
    const source = await createEvaluationSource({ clips: SMALL.dataSet.validation, store: SMALL.store });
    open.push(source);
    await expect(source.read(3, 3, new Float32Array(3 * 1920))).rejects.toMatchObject({ name: 'ShapeError' });
    await expect(source.read(0, 2, new Float32Array(1920))).rejects.toMatchObject({
      message:
        'Cannot read clips: expected a range within 5 clips and room for it, got 2 from 0 and room for 1',
    });
  });
});
