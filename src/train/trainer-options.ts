/** What a trainer is given and what it gives back. */
import type { Engine } from '../engine/engine.js';
import type { Graph } from '../graph/graph.js';
import type { BatchSource, EvaluationSource } from './batches.js';
import type { Calibration } from './calibrate.js';
import type { CheckpointSink, TrainingIdentity } from './checkpoint.js';
import type { Prediction } from './metrics.js';
import type { Recipe } from './recipe.js';
import type { Teacher } from './training-network.js';
import type { EpochRecord, Score, Weights } from './training-state.js';

export interface StartReport {
  /** Where training begins: 0, 0 or what a checkpoint had done. */
  readonly epochsDone: number;
  readonly batchesDone: number;
  readonly epochs: number;
  readonly batchesPerEpoch: number;
  readonly clipsPerEpoch: number;
}

export interface StepReport {
  /** Counted from 1, like the batch. */
  readonly epoch: number;
  readonly epochs: number;
  readonly batch: number;
  readonly batchesPerEpoch: number;
  /** Steps since the start. */
  readonly step: number;
  /** Clips in this batch. */
  readonly count: number;
  readonly loss: number;
  /** Over the epoch so far, against the label with the largest target. */
  readonly accuracy: number;
  readonly learningRate: number;
  /** Before clipping. */
  readonly gradientNorm: number;
}

export interface TrainerOptions {
  /** As built for inference: one input, one output, no loss. */
  readonly graph: Graph;
  readonly engine: Engine;
  readonly batches: BatchSource;
  readonly validation?: EvaluationSource;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Whatever else fixes the outcome (labels, front end, clips), as JSON; a checkpoint of other data is refused. */
  readonly data: unknown;
  /** Weights to start from; without them they are drawn by the seed. */
  readonly start?: Weights;
  /** Names of the parameters that are trained; default all. */
  readonly trained?: readonly string[];
  readonly teacher?: Teacher;
  /** A label whose logit gets the offset that suits the validation clips best, when training is over. */
  readonly calibration?: Calibration;
  readonly threads?: number;
  readonly checkpoints?: CheckpointSink;
  /** A checkpoint's bytes to go on from. */
  readonly resume?: Uint8Array;
  /** What may differ from the checkpoint's run. */
  readonly allowChanged?: readonly (keyof TrainingIdentity)[];
  readonly signal?: AbortSignal;
  /** Once, before the first step. */
  readonly onStart?: (report: StartReport) => void;
  readonly onStep?: (report: StepReport) => void;
  readonly onEpoch?: (record: EpochRecord) => void | Promise<void>;
}

export interface TrainingOutcome {
  readonly weights: Weights;
  readonly history: readonly EpochRecord[];
  /** The epoch the weights are of, counted from 1. */
  readonly epoch: number;
  /** Of these weights; absent without validation clips. */
  readonly validation?: Score;
  /** Of these weights on the validation clips, in their order. */
  readonly predictions: readonly Prediction[];
  /** What calibration added to its label's logit; 0 without. */
  readonly offset: number;
  /** Whether patience ran out before the last epoch. */
  readonly stoppedEarly: boolean;
}
