/**
 * Which weights of a network are kept as 8-bit integers, and where it computes with them. Whole numbers add up to the same
 * sum in any order, so a quantised network gives the same scores with every kernel set.
 */

import { type GraphNode, isWeighted } from './graph.js';

/** A map as whole numbers 0 … 127: value ≈ (integer − zero) × scale. Seven bits: sums of two products then fit 16. */
export interface Grid {
  readonly scale: number;
  /** 0 … 127, the integer that means 0. */
  readonly zero: number;
}

/** weight = integer × scale of its output channel, which is the index modulo the channels; integers −127 … 127. */
export interface ChannelIntegers {
  readonly integers: Int8Array;
  readonly scales: Float32Array;
}

export interface Quantization {
  /** By parameter name: the weights of every conv2d, depthwiseConv2d and dense node. */
  readonly weights: Readonly<Record<string, ChannelIntegers>>;
  /**
   * By node name: conv2d and dense nodes that read their input on this grid and multiply whole numbers. All else, and what
   * these nodes give, stays float32.
   */
  readonly grids: Readonly<Record<string, Grid>>;
}

/** The largest integer of a grid. */
export const GRID_TOP = 127;

/** Names of weights kept as integers, each once, in the order of the nodes that read them, with their output channels. */
export function weightNames(nodes: readonly GraphNode[]): Map<string, number> {
  const result = new Map<string, number>();
  for (const node of nodes) if (isWeighted(node)) result.set(node.weight, node.shape[2]);
  return result;
}

/** The float32 weights that the integers stand for. */
export function weightsOf({ integers, scales }: ChannelIntegers): Float32Array {
  return Float32Array.from(integers, (integer, i) => integer * scales[i % scales.length]);
}
