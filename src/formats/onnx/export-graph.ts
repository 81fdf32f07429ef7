/** A graph as ONNX nodes: one table of ops, applied node by node. */
import { ConfigError } from '../../errors.js';
import type { Graph, GraphNode, Tensors } from '../../graph/graph.js';
import { nodesByName } from '../../graph/graph.js';
import { batchNorm, conv2d, dense, depthwiseConv2d } from './convolution.js';
import { activation, binary, gumbelSoftmax, maxout, softmax, weightedSum } from './element-ops.js';
import { OnnxBuilder } from './onnx-builder.js';
import type { OnnxContext, OnnxMap, OnnxOp } from './onnx-op.js';
import {
  CHANNELS_FIRST,
  CHANNELS_LAST,
  channelShuffle,
  concat,
  mean,
  padChannels,
  pool,
  reshape,
  resize,
  slice,
} from './shape-ops.js';

/** What only training does leaves no trace. */
const pass: OnnxOp = (_, [x]) => x.value;

type Exported = Exclude<GraphNode['op'], 'input' | 'softmaxCrossEntropy'>;

const OPS: { readonly [O in Exported]: OnnxOp<Extract<GraphNode, { op: O }>> } = {
  conv2d,
  depthwiseConv2d,
  dense,
  batchNorm,
  activation,
  add: binary,
  multiply: binary,
  maximum: binary,
  weightedSum,
  concat,
  slice,
  padChannels,
  channelShuffle,
  maxout,
  reshape,
  maxPool: pool,
  avgPool: pool,
  resize,
  mean,
  dropout: pass,
  softmax,
  gumbelSoftmax,
  stopGradient: pass,
};

/**
 * Adds the nodes of a graph, given its input maps by name; returns the names of all its maps.
 * @throws ConfigError `export-op` naming the node of an op that has no place in inference.
 */
export function addGraph(
  graph: Graph,
  inputs: Readonly<Record<string, string>>,
  context: OnnxContext,
): Map<string, OnnxMap> {
  const maps = new Map<string, OnnxMap>();
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => maps.get(name)!);
    const value = node.op === 'input' ? inputs[node.name] : opOf(node, graph)(node, read, context);
    maps.set(node.name, { value, shape: node.shape });
  }
  return maps;
}

function opOf(node: GraphNode, graph: Graph): OnnxOp {
  if (Object.hasOwn(OPS, node.op)) return OPS[node.op as Exported] as OnnxOp;
  throw new ConfigError(
    'export-op',
    `Cannot export ${graph.name} to ONNX: expected ops of inference, got ${node.op} in node ${node.name}`,
    { value: node.name },
  );
}

/**
 * The bytes of an ONNX file (opset 17) of a bare graph with parameters and statistics by name. Inputs and outputs are
 * the graph's, `[batch, time, frequency, channels]` with a free batch.
 * @throws ConfigError `export-op` naming the node of an op that has no place in inference.
 */
export function exportOnnxGraph(graph: Graph, tensors: Tensors): Uint8Array {
  const nodes = nodesByName(graph);
  const onnx = new OnnxBuilder([...graph.inputs, ...graph.outputs]);
  const inputs = Object.fromEntries(
    graph.inputs.map((name) => {
      const input = onnx.input(name, ['batch', ...nodes.get(name)!.shape]);
      return [name, onnx.node('Transpose', `${name}/channels-first`, [input], { perm: CHANNELS_FIRST })];
    }),
  );
  const maps = addGraph(graph, inputs, { onnx, tensors });
  for (const name of graph.outputs) {
    const { value, shape } = maps.get(name)!;
    onnx.output('Transpose', { name, dims: ['batch', ...shape] }, [value], { perm: CHANNELS_LAST });
  }
  return onnx.encode(graph.name);
}
