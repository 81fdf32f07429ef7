/** The supply of training batches: clips of a store, varied, as features. */
import { DEFAULT_FRONT_END, type FrontEndConfig, featureShape } from '../../audio/front-end.js';
import { ConfigError } from '../../errors.js';
import { sizeOf } from '../../graph/graph.js';
import type { Batch, BatchSource } from '../batches.js';
import type { ClipStore } from '../clip-store.js';
import type { DataSet } from '../data-set.js';
import { type AugmentConfig, checkAugment, DEFAULT_AUGMENT } from './augment-config.js';
import { type BatchSlots, createInlineSlots, createThreadedSlots } from './batch-slots.js';
import type { BatchJobs } from './make-batches.js';
import { epochSize, type TrainingClips } from './plan-epoch.js';
import { Prefetcher } from './prefetch.js';

export interface BatchSourceOptions {
  readonly dataSet: DataSet;
  /** Holds every training clip and noise file of the data set. */
  readonly store: ClipStore;
  readonly batchSize: number;
  readonly seed: number;
  readonly frontEnd?: FrontEndConfig;
  /** Default `wasm`. */
  readonly frontEndImplementation?: 'wasm' | 'meyda';
  readonly augment?: AugmentConfig;
  /** What part of a target is spread over all labels. Default 0.1. */
  readonly labelSmoothing?: number;
  /** `balanced`: mean label size / size of the clip's label; or a factor for each label. Default none. */
  readonly classWeights?: 'none' | 'balanced' | readonly number[];
  /** A further factor on the loss of `_unknown_` clips. Default 1. */
  readonly unknownWeight?: number;
  /** Worker threads; 0 (also where memory cannot be shared) computes on the calling thread. Default 1. */
  readonly threads?: number;
  /** Where workers load their source from, for pages whose content-security policy forbids `blob:`. */
  readonly workerUrl?: URL;
}

/**
 * Training batches of a data set. Features `[count, …featureShape]` of clips of `dataSet.clipMs`.
 * The bytes depend on the seed, the data set, the front end, augmentation and batch size; not on `threads`.
 * @throws ConfigError for an option out of range or a clip that is not stored.
 */
export async function createBatchSource(options: BatchSourceOptions): Promise<BatchSource> {
  const { dataSet, batchSize, threads = 1 } = options;
  const jobs = describeJobs(options);
  const shape = featureShape(jobs.frontEnd, jobs.sampleCount);
  const size = epochSize(jobs.clips, batchSize);
  const threaded = threads > 0 && canShare(jobs);
  // One slot is being read, each worker fills one, and one more waits ready.
  const ahead = threaded ? threads + 1 : 1;
  const sizes = { count: ahead + 1, batchSize, featureSize: sizeOf(shape), labels: dataSet.labels.length };
  const slots = threaded
    ? createThreadedSlots(jobs, sizes, { threads, workerUrl: options.workerUrl })
    : await createInlineSlots(jobs, sizes);
  const prefetcher = new Prefetcher(slots, size.batchesPerEpoch, ahead);
  const weighted = jobs.labelWeights !== undefined;

  async function* batches(epoch: number, firstBatch: number): AsyncGenerator<Batch> {
    for (let batch = firstBatch; batch < size.batchesPerEpoch; batch++) {
      const { slot, count } = await prefetcher.take(epoch, batch);
      yield toBatch(slots, { slot, count, weighted });
    }
  }

  return {
    featureShape: shape,
    labels: dataSet.labels.length,
    clipsPerEpoch: size.clipsPerEpoch,
    batchesPerEpoch: size.batchesPerEpoch,
    epoch: (epoch, firstBatch = 0) => batches(epoch, firstBatch),
    dispose: () => slots.dispose(),
  };
}

function toBatch(
  { slots }: BatchSlots,
  { slot, count, weighted }: { slot: number; count: number; weighted: boolean },
): Batch {
  const { features, targets, sampleWeights } = slots[slot];
  const rows = (array: Float32Array) => array.subarray(0, (array.length / sampleWeights.length) * count);
  return {
    features: rows(features),
    targets: rows(targets),
    ...(weighted ? { sampleWeights: rows(sampleWeights) } : {}),
    count,
  };
}

function describeJobs(options: BatchSourceOptions): BatchJobs {
  const { dataSet, store, batchSize, seed, labelSmoothing = 0.1, threads = 1 } = options;
  const { labels, train, noiseFiles, unknownLabel, silenceLabel } = dataSet;
  checkInteger('batchSize', batchSize, 1, 65536);
  checkInteger('seed', seed, 0, 2 ** 32 - 1);
  checkInteger('threads', threads, 0, 64);
  if (!(labelSmoothing >= 0 && labelSmoothing < 1))
    throw fault('labelSmoothing', 'in [0, 1)', labelSmoothing);
  if (train.length === 0) throw fault('dataSet', 'a set with training clips', 'none');
  const clips: TrainingClips = {
    labels: labels.length,
    labelOf: Int32Array.from(train, ({ label }) => label),
    unknownLabel,
    silenceLabel,
    hasNoise: noiseFiles.length > 0,
  };
  return {
    seed,
    batchSize,
    sampleCount: dataSet.clipMs * 16,
    frontEnd: options.frontEnd ?? DEFAULT_FRONT_END,
    implementation: options.frontEndImplementation ?? 'wasm',
    augment: checkAugment(options.augment ?? DEFAULT_AUGMENT),
    labelSmoothing,
    labelWeights: labelWeights(options, clips),
    clips,
    storedAt: Int32Array.from(train, ({ file }) => store.indexOf(file)),
    noiseAt: Int32Array.from(noiseFiles, (file) => store.indexOf(file)),
    // Plain data: a store has private fields that cannot be sent.
    stored: { chunks: store.chunks, clips: store.clips },
  };
}

/** A factor for each label, or undefined where all are 1. */
function labelWeights(options: BatchSourceOptions, clips: TrainingClips): Float32Array | undefined {
  const { classWeights = 'none', unknownWeight = 1, batchSize } = options;
  if (!(unknownWeight > 0 && unknownWeight < Infinity))
    throw fault('unknownWeight', 'a number above 0', unknownWeight);
  const { perLabel } = epochSize(clips, batchSize);
  const { unknownLabel } = clips;
  if (classWeights === 'none' && (unknownWeight === 1 || unknownLabel === undefined)) return undefined;
  const weights = Float32Array.from(classFactors(classWeights, perLabel));
  if (unknownLabel !== undefined) weights[unknownLabel] *= unknownWeight;
  return weights;
}

function classFactors(
  classWeights: 'none' | 'balanced' | readonly number[],
  perLabel: readonly number[],
): readonly number[] {
  if (classWeights === 'none') return perLabel.map(() => 1);
  if (classWeights === 'balanced') {
    const mean = perLabel.reduce((sum, count) => sum + count, 0) / perLabel.length;
    return perLabel.map((count) => (count > 0 ? mean / count : 0));
  }
  const usable = classWeights.length === perLabel.length && classWeights.every((w) => w >= 0 && w < Infinity);
  if (usable) return classWeights;
  throw fault('classWeights', `${perLabel.length} numbers of 0 or more`, JSON.stringify(classWeights));
}

/** Whether workers can read the store in place. */
function canShare({ stored }: BatchJobs): boolean {
  return (
    typeof SharedArrayBuffer === 'function' &&
    stored.chunks.every(({ buffer }) => buffer instanceof SharedArrayBuffer)
  );
}

function checkInteger(field: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw fault(field, `a whole number from ${low} to ${high}`, value);
}

function fault(field: string, wanted: string, found: unknown): ConfigError {
  return new ConfigError(
    'batch-source',
    `Cannot make batches: expected ${field} to be ${wanted}, got ${found}`,
    {
      value: found,
    },
  );
}
