/** Nodes under other names, so that a graph can become a part of another. */
import type { Graph, GraphNode, ParameterSpec, StatisticSpec } from './graph.js';

const TENSOR_FIELDS = ['weight', 'bias', 'gamma', 'beta', 'mean', 'variance'] as const;

/** A node under other names: its own, those of its inputs, those of its tensors (norms share none). */
export function renamed(
  node: GraphNode,
  own: (name: string) => string,
  read: (name: string) => string,
  tensor: (name: string) => string,
): GraphNode {
  const fields: Record<string, unknown> = { ...node, name: own(node.name), inputs: node.inputs.map(read) };
  for (const field of TENSOR_FIELDS) {
    const name = fields[field];
    if (typeof name === 'string') fields[field] = node.op === 'batchNorm' ? own(name) : tensor(name);
  }
  return fields as unknown as GraphNode;
}

/** A graph, and behind its map `from` another of one input, whose nodes and tensors get a prefix; its outputs are the other's. */
export function appended(graph: Graph, from: string, other: Graph, prefix: string): Graph {
  const own = (name: string) => `${prefix}${name}`;
  const read = (name: string) => (name === other.inputs[0] ? from : own(name));
  const prefixed = <V>(specs: Readonly<Record<string, V>>) =>
    Object.fromEntries(Object.entries(specs).map(([name, spec]) => [own(name), spec]));
  const added = other.nodes.filter(({ op }) => op !== 'input').map((node) => renamed(node, own, read, own));
  const parameters: Record<string, ParameterSpec> = prefixed(other.parameters);
  const statistics: Record<string, StatisticSpec> = prefixed(other.statistics);
  return {
    ...graph,
    nodes: [...graph.nodes, ...added],
    outputs: other.outputs.map(own),
    parameters: { ...graph.parameters, ...parameters },
    statistics: { ...graph.statistics, ...statistics },
  };
}
