/** What a report tells, as plain data: nothing here knows of files, clocks or engines. */
import type { Metrics } from '../metrics.js';
import type { RoutingMetrics } from '../routing/routing-metrics.js';

export interface ReportData {
  /** "ghostnet-tiny, trained on speech-commands". */
  readonly title: string;
  readonly kind: 'training' | 'evaluation';
  /** The exact command line. */
  readonly command: string;
  /** What fixes the result, and what else is worth keeping: seed, engine, kernels, epochs, versions. */
  readonly settings: readonly Fact[];
  /** One record an epoch; absent or empty: no curves. */
  readonly history?: readonly EpochRecord[];
  /** The epoch whose weights were kept, as in `history`. */
  readonly bestEpoch?: number;
  readonly evaluation?: EvaluationResult;
  /** Most confident mistakes first; only the first dozen are shown. */
  readonly mistakes?: readonly Mistake[];
  /** Of a network that chooses its resolution: what it chose for the clips of `evaluation`. */
  readonly routing?: RoutingMetrics;
  readonly network: NetworkCost;
  readonly dataSet: DataSetCounts;
}

export interface Fact {
  readonly name: string;
  readonly value: string;
}

/** Losses are means over clips, accuracies fractions of 1. Epochs count from 1. */
export interface EpochRecord {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainAccuracy?: number;
  readonly validationLoss?: number;
  readonly validationAccuracy?: number;
  readonly learningRate?: number;
}

export interface EvaluationResult {
  /** "validation", "test", … */
  readonly split: string;
  readonly labels: readonly string[];
  readonly metrics: Metrics;
}

export interface Mistake {
  readonly file: string;
  readonly actual: string;
  readonly heard: string;
  /** Probability given to `heard` and to `actual`. */
  readonly score: number;
  readonly actualScore: number;
  /** The clip as a WAV file, to be heard in the page. */
  readonly wav?: Uint8Array;
}

export interface NetworkCost {
  readonly name: string;
  /** "98 × 40 × 1" */
  readonly input: string;
  readonly parameters: number;
  readonly macs: number;
  readonly activationBytes: number;
  readonly modelBytes?: number;
  readonly stages: readonly StageCost[];
}

/** One row of the table of layers. */
export interface StageCost {
  readonly name: string;
  readonly ops: string;
  readonly shape: string;
  readonly parameters: number;
  readonly macs: number;
  readonly activationBytes: number;
}

export interface DataSetCounts {
  readonly name: string;
  readonly splits: readonly string[];
  /** `clips[i]` counts the label's clips in `splits[i]`. */
  readonly rows: readonly { readonly label: string; readonly clips: readonly number[] }[];
  readonly noiseFiles: number;
  /** Labels whose training clips are drawn anew each epoch. */
  readonly drawn?: readonly string[];
  readonly attribution?: readonly string[];
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}
