/** A graph as TensorFlow nodes. */
import type { Graph, Tensors } from '../../graph/graph.js';
import { nodesByName } from '../../graph/graph.js';
import { type ExportFormat, passThrough, translateGraph } from '../translate-graph.js';
import { batchNorm, conv2d, dense, depthwiseConv2d } from './convolution.js';
import { activation, binary, gumbelSoftmax, maxout, softmax, weightedSum } from './element-ops.js';
import { channelShuffle, concat, mean, padChannels, pool, reshape, resize, slice } from './shape-ops.js';
import { TfjsBuilder, type TfjsFiles } from './tfjs-builder.js';
import type { TfjsContext } from './tfjs-op.js';

export const TFJS: ExportFormat<TfjsContext> = {
  name: 'TensorFlow.js',
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
 * The files of a GraphModel of a bare graph with parameters and statistics by name. Inputs and outputs are the graph's,
 * `[batch, time, frequency, channels]` with a free batch.
 * @throws ConfigError `export-op` naming the node of an op that has no place in inference.
 */
export function exportTfjsGraph(graph: Graph, tensors: Tensors): TfjsFiles {
  const nodes = nodesByName(graph);
  const tfjs = new TfjsBuilder([...graph.inputs, ...graph.outputs]);
  const inputs = Object.fromEntries(
    graph.inputs.map((name) => [name, tfjs.input(name, nodes.get(name)!.shape)]),
  );
  const maps = translateGraph(graph, TFJS, inputs, { tfjs, tensors });
  for (const name of graph.outputs) {
    const { value, shape } = maps.get(name)!;
    tfjs.output('Identity', name, shape, [value]);
  }
  return tfjs.encode();
}
