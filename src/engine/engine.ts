/**
 * What an engine is: something that runs a Graph and differentiates it. Engines know nothing of model names, data sets
 * or optimizers. Arrays are channels last with the batch in front: `[count, time, frequency, channels]`, float32.
 */
import type { Graph, Tensors } from '../graph/graph.js';
import type { Quantization } from '../graph/quantization.js';

export interface Engine {
  readonly name: string;
  /** Which kernels run: `strict`, `relaxed` (fused multiply-add) or the backend's own name. Part of what fixes results to the bit. */
  readonly kernels: string;
  compileInference(graph: Graph, options: InferenceOptions): Promise<InferenceProgram>;
  compileTraining(graph: Graph, options: TrainingOptions): Promise<TrainingProgram>;
  dispose(): void;
}

export interface InferenceOptions {
  /** The largest `count` that `run` will be given. */
  readonly maxBatch: number;
  /** Of a quantised network, whose weights `assign` must be given as `weightsOf` has them. Only the wasm engine knows such ones. */
  readonly quantization?: Quantization;
}

/** A graph ready to run: dropout passes through, BatchNorm uses running statistics. */
export interface InferenceProgram {
  /** Takes parameters and statistics by name (copied; more names than the graph has are ignored). @throws ShapeError */
  assign(tensors: Tensors): void;
  /**
   * Runs `count` clips. `inputs`: by input node, at least count × size numbers. Returns the outputs by node name.
   * The wasm engine's arrays are views that the next run overwrites; it allocates nothing.
   */
  run(inputs: Tensors, count: number): Tensors;
  dispose(): void;
}

export interface TrainingOptions {
  readonly maxBatch: number;
  /** Clips whose BatchNorm moments are taken together; at least maxBatch for exact BatchNorm over the batch. Default 32. */
  readonly normShard?: number;
  readonly threads?: number;
  /** Input nodes whose gradients are wanted too. */
  readonly gradientsOf?: readonly string[];
}

export interface TrainingStep {
  /** By input node (targets are inputs too), at least count × size numbers each. */
  readonly inputs: Tensors;
  readonly count: number;
  /** Keys dropout and Gumbel noise. */
  readonly seed: number;
  /** One factor a clip on its loss; default 1. */
  readonly sampleWeights?: Float32Array;
  /** Gradients put in at outputs, `[count, …shape]`, added to those of the losses. */
  readonly outputGradients?: Tensors;
  /** `false`: forward only, for moments, loss and outputs. Default true. */
  readonly backward?: boolean;
}

export interface TrainingResult {
  /** (1 / count) Σ over clips of sampleWeight × the sum of the graph's losses. */
  readonly loss: number;
  /** Output maps in training mode, by node name. */
  readonly outputs: Tensors;
  /** Of `loss` plus the output gradients, by parameter name and by the names in `gradientsOf`. */
  readonly gradients: Tensors;
  /** Batch means and biased variances by statistic name, shards weighted by their clips. */
  readonly moments: Tensors;
}

/** Programs hand out arrays of their own: read them before the next step. */
export interface TrainingProgram {
  /** Live parameter arrays by name: an optimizer writes into them between steps. */
  readonly parameters: Tensors;
  step(step: TrainingStep): Promise<TrainingResult>;
  dispose(): void;
}

export type EngineName = 'wasm' | 'tensorflow';
