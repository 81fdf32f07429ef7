/** What the translation of one op to ONNX is given and gives. */
import type { GraphNode, Tensors } from '../../graph/graph.js';
import type { ExportOp } from '../translate-graph.js';
import type { OnnxBuilder } from './onnx-builder.js';

export interface OnnxContext {
  readonly onnx: OnnxBuilder;
  /** Parameters and statistics by name. */
  readonly tensors: Tensors;
}

/** Values are maps `[batch, channels, time, frequency]`: ONNX wants channels first. */
export type OnnxOp<N extends GraphNode = GraphNode> = ExportOp<OnnxContext, N>;
