/**
 * Training a part of a network. What no trained parameter feeds is cut off as a graph of its own, the trunk, which runs as
 * in use: running statistics, no dropout. Only the tail behind it is trained, so frozen layers cost one forward pass.
 */
import { type Graph, type GraphNode, nodesByName } from '../graph/graph.js';
import { parameterNames, partOf, subgraph } from '../graph/subgraph.js';

export interface FrozenSplit {
  /** Reads the network's inputs, gives the maps named in `joints`; absent if the tail reads inputs alone. */
  readonly trunk?: Graph;
  /** Its inputs are the joints. */
  readonly tail: Graph;
  readonly joints: readonly string[];
}

/** Cuts a network in front of the first nodes that hold a trained parameter. */
export function splitFrozen(graph: Graph, trained: ReadonlySet<string>): FrozenSplit {
  const moving = movingNodes(graph, trained);
  const nodes = nodesByName(graph);
  const tailNodes = graph.nodes.filter((node) => moving.has(node.name));
  const joints = [...new Set(tailNodes.flatMap((node) => node.inputs))].filter((name) => !moving.has(name));
  const inputs = joints.map((name): GraphNode => {
    const { shape } = nodes.get(name)!;
    return { op: 'input', name, inputs: [], shape };
  });
  const tail = partOf(graph, [...inputs, ...tailNodes], graph.outputs);
  const computed = joints.filter((name) => nodes.get(name)?.op !== 'input');
  if (computed.length === 0) return { tail, joints };
  return { trunk: subgraph(graph, computed), tail, joints };
}

/** Names of the nodes whose output changes when a trained parameter does. */
function movingNodes(graph: Graph, trained: ReadonlySet<string>): Set<string> {
  const moving = new Set<string>();
  for (const node of graph.nodes) {
    const own = parameterNames(node).some((name) => trained.has(name));
    if (own || node.inputs.some((name) => moving.has(name))) moving.add(node.name);
  }
  return moving;
}
