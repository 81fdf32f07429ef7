/** What the translation of one op to ONNX is given and gives. */
import type { GraphNode, Shape, Tensors } from '../../graph/graph.js';
import type { OnnxBuilder } from './onnx-builder.js';

/** A map `[batch, channels, time, frequency]` (ONNX wants channels first) by the name of its value. */
export interface OnnxMap {
  readonly value: string;
  /** Of one clip, as everywhere here: `[time, frequency, channels]`. */
  readonly shape: Shape;
}

export interface OnnxContext {
  readonly onnx: OnnxBuilder;
  /** Parameters and statistics by name. */
  readonly tensors: Tensors;
}

/** Adds the nodes of one op; returns the name of the value that is its map. */
export type OnnxOp<N extends GraphNode = GraphNode> = (
  node: N,
  inputs: readonly OnnxMap[],
  context: OnnxContext,
) => string;
