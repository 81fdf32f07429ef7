/** A graph as ONNX nodes. */
import type { Graph, Tensors } from '../../graph/graph.js';
import { nodesByName } from '../../graph/graph.js';
import { type ExportFormat, passThrough, translateGraph } from '../translate-graph.js';
import { batchNorm, conv2d, dense, depthwiseConv2d } from './convolution.js';
import { activation, binary, gumbelSoftmax, maxout, softmax, weightedSum } from './element-ops.js';
import { OnnxBuilder } from './onnx-builder.js';
import type { OnnxContext } from './onnx-op.js';
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

export const ONNX: ExportFormat<OnnxContext> = {
  name: 'ONNX',
  ops: {
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
    dropout: passThrough,
    softmax,
    gumbelSoftmax,
    stopGradient: passThrough,
  },
};

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
  const maps = translateGraph(graph, ONNX, inputs, { onnx, tensors });
  for (const name of graph.outputs) {
    const { value, shape } = maps.get(name)!;
    onnx.output('Transpose', { name, dims: ['batch', ...shape] }, [value], { perm: CHANNELS_LAST });
  }
  return onnx.encode(graph.name);
}
