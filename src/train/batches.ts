/** What stands between recordings and the trainer: ready-made batches of features and target probabilities. */
import type { Shape } from '../graph/graph.js';

export interface Batch {
  /** `[count, time, frequency, maps]`. The source may overwrite the array once the next batch has been asked for. */
  readonly features: Float32Array;
  /** `[count, labels]`: one-hot, smoothed or mixed; rows sum to 1. */
  readonly targets: Float32Array;
  /** One factor a clip on its loss (class weights); absent: all 1. */
  readonly sampleWeights?: Float32Array;
  readonly count: number;
}

/** An endless, seeded supply of training batches. The same (seed, epoch) gives the same bytes, at any number of threads. */
export interface BatchSource {
  readonly featureShape: Shape;
  readonly labels: number;
  readonly clipsPerEpoch: number;
  readonly batchesPerEpoch: number;
  /** Batches of one epoch from `firstBatch` on (to resume in the middle). Prepares ahead while the caller trains. */
  epoch(epoch: number, firstBatch?: number): AsyncIterable<Batch>;
  dispose(): void;
}

/** Clips of a validation or test split as they are: no augmentation, order fixed. */
export interface EvaluationSource {
  readonly featureShape: Shape;
  readonly clips: number;
  /** Features of clips `start … start + count − 1` into `features`, and their label indices. */
  read(start: number, count: number, features: Float32Array): Promise<Int32Array>;
  dispose(): void;
}
