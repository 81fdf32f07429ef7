/** Parts of a graph as graphs of their own. */
import { type Graph, type GraphNode, nodesByName } from './graph.js';
import { parameterShapes } from './shapes.js';

/** The nodes that the named ones are computed from, and these, in the graph's order. */
export function ancestorsOf(graph: Graph, of: readonly string[]): GraphNode[] {
  const nodes = nodesByName(graph);
  const wanted = new Set<string>();
  const open = [...of];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (wanted.has(name)) continue;
    wanted.add(name);
    open.push(...nodes.get(name)!.inputs);
  }
  return graph.nodes.filter(({ name }) => wanted.has(name));
}

/** A graph of some nodes, with the parameters and statistics that they read; it has no losses. */
export function partOf(graph: Graph, nodes: readonly GraphNode[], outputs: readonly string[]): Graph {
  const used = new Set(nodes.flatMap(parameterNames));
  const keep = <V>(specs: Readonly<Record<string, V>>) =>
    Object.fromEntries(Object.entries(specs).filter(([name]) => used.has(name)));
  return {
    name: graph.name,
    nodes,
    inputs: nodes.filter((node) => node.op === 'input').map((node) => node.name),
    outputs,
    losses: [],
    parameters: keep(graph.parameters),
    statistics: keep(graph.statistics),
  };
}

/** What is needed for some maps of a graph, and no more. */
export function subgraph(graph: Graph, outputs: readonly string[]): Graph {
  return partOf(graph, ancestorsOf(graph, outputs), outputs);
}

/** Names of the parameters and statistics that a node reads. */
export function parameterNames(node: GraphNode): string[] {
  return parameterShapes(node, undefined).map(([name]) => name);
}
