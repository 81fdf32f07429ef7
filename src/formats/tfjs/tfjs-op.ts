/** What the translation of one op to a TensorFlow.js GraphModel is given and gives. */
import type { GraphNode, Tensors } from '../../graph/graph.js';
import type { ExportOp } from '../translate-graph.js';
import type { TfjsBuilder } from './tfjs-builder.js';

export interface TfjsContext {
  readonly tfjs: TfjsBuilder;
  /** Parameters and statistics by name. */
  readonly tensors: Tensors;
}

/** Values are maps `[batch, time, frequency, channels]`. */
export type TfjsOp<N extends GraphNode = GraphNode> = ExportOp<TfjsContext, N>;
