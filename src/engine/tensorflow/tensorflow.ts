/** Names for the TensorFlow.js types that this engine speaks; nothing here loads TensorFlow.js. */
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { GraphNode, Shape } from '../../graph/graph.js';
import type { NativeKernels } from './native-kernels.js';

export type { Tensor, Tensor4D };

/** The namespace of `@tensorflow/tfjs`, `@tensorflow/tfjs-node` or `@tensorflow/tfjs-core`. */
export type TensorFlow = typeof import('@tensorflow/tfjs-core');

export type NamedTensors = Record<string, Tensor>;

/** What an op knows of the run it is part of. Maps are `[clips, time, frequency, channels]`. */
export interface OpContext {
  readonly tf: TensorFlow;
  /** Where the backend has them and they are wanted. */
  readonly native?: NativeKernels;
  /** Names of input nodes whose gradient nobody wants. */
  readonly constants?: ReadonlySet<string>;
  readonly training: boolean;
  readonly parameters: NamedTensors;
  /** Running statistics; empty in training. */
  readonly statistics: NamedTensors;
  /** Clips in this run and the index of the first in the whole batch. */
  readonly clips: number;
  readonly firstClip: number;
  readonly seed: number;
  /** Called in training with the batch moments of a norm, `[bands × channels]` numbers each. */
  readonly onMoments: (name: string, moments: Tensor) => void;
}

/** One op on a batch of maps. */
export type Op<N extends GraphNode = GraphNode> = (
  node: N,
  inputs: readonly Tensor4D[],
  context: OpContext,
) => Tensor4D;

/** A clip's shape with the batch in front. */
export function batched(clips: number, shape: Shape): [number, number, number, number] {
  return [clips, shape[0], shape[1], shape[2]];
}
