/** Runs the nodes of a graph one after the other by a literal table of ops. */
import type { GraphNode } from '../../graph/graph.js';
import { activation } from './activations.js';
import { conv2d, dense, depthwiseConv2d } from './convolution.js';
import { dropout, gumbelSoftmax, softmax, softmaxCrossEntropy, stopGradient } from './losses.js';
import { batchNorm } from './normalisation.js';
import { avgPool, maxPool, mean, resize } from './pooling.js';
import * as shapes from './shape-ops.js';
import type { Op, OpContext, Tensor4D } from './tensorflow.js';

type OpNode = Exclude<GraphNode, { op: 'input' }>;

/** The op of a node; `PoolNode` and `BinaryNode` stand for several names. */
type Ops = { readonly [K in OpNode['op']]: Op<Extract<OpNode, { op: K }> | OpNodeNamed<K>> };
type OpNodeNamed<K> = OpNode extends infer N
  ? N extends { op: infer O }
    ? K extends O
      ? N
      : never
    : never
  : never;

const OPS: Ops = {
  conv2d,
  depthwiseConv2d,
  dense,
  batchNorm,
  activation,
  add: shapes.add,
  multiply: shapes.multiply,
  maximum: shapes.maximum,
  weightedSum: shapes.weightedSum,
  concat: shapes.concat,
  slice: shapes.slice,
  padChannels: shapes.padChannels,
  channelShuffle: shapes.channelShuffle,
  maxout: shapes.maxout,
  reshape: shapes.reshape,
  maxPool,
  avgPool,
  resize,
  mean,
  dropout,
  softmax,
  gumbelSoftmax,
  stopGradient,
  softmaxCrossEntropy,
};

/** The maps of all nodes by name. `inputs`: a map for every input node among them. */
export function runGraph(
  nodes: readonly GraphNode[],
  inputs: Readonly<Record<string, Tensor4D>>,
  context: OpContext,
): Map<string, Tensor4D> {
  const maps = new Map<string, Tensor4D>();
  for (const node of nodes) {
    const read = node.inputs.map((name) => maps.get(name)!);
    maps.set(node.name, node.op === 'input' ? inputs[node.name] : (OPS[node.op] as Op)(node, read, context));
  }
  return maps;
}

/** The nodes that the named ones need, in order. */
export function neededNodes(nodes: readonly GraphNode[], names: readonly string[]): GraphNode[] {
  const needed = new Set(names);
  const kept: GraphNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!needed.has(node.name)) continue;
    kept.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return kept.reverse();
}
