/**
 * What a network costs. One convention everywhere: parameters are weights, biases and BatchNorm's γ and β (not its
 * running statistics); MACs are those of convolutions and dense layers for one clip, padding taps included, biases
 * not; activation bytes are four per number of every map that is computed (inputs and reshapes are not).
 */
import type { Graph, GraphNode, Shape } from './graph.js';
import { nodesByName, sizeOf } from './graph.js';

export interface Costs {
  readonly parameters: number;
  readonly macs: number;
  readonly activationBytes: number;
}

/** The cost of a whole graph; parameters that nodes share count once. */
export function costsOf(graph: Graph): Costs {
  const nodes = nodesByName(graph);
  let macs = 0;
  let activationBytes = 0;
  for (const node of graph.nodes) {
    macs += macsOf(node, nodes.get(node.inputs[0])?.shape);
    activationBytes += activationBytesOf(node);
  }
  const parameters = Object.values(graph.parameters).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return { parameters, macs, activationBytes };
}

/** Multiply–accumulates of one node for one clip, given the shape it reads. */
export function macsOf(node: GraphNode, input: Shape | undefined): number {
  switch (node.op) {
    case 'conv2d':
      return sizeOf(node.shape) * node.kernel[0] * node.kernel[1] * (input![2] / node.groups);
    case 'depthwiseConv2d':
      return sizeOf(node.shape) * node.kernel[0] * node.kernel[1];
    case 'dense':
      return sizeOf(node.shape) * input![2];
    default:
      return 0;
  }
}

/** Bytes of the map a node writes for one clip. */
export function activationBytesOf(node: GraphNode): number {
  return node.op === 'input' || node.op === 'reshape' ? 0 : 4 * sizeOf(node.shape);
}
