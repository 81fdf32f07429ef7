/** Which maps are written straight into the concatenation that reads them, so that nothing is copied. */
import type { Graph, GraphNode } from '../../../graph/graph.js';
import { nodesByName } from '../../../graph/graph.js';

/** A map's place among the channels of a concatenation. */
export interface Join {
  readonly concat: string;
  readonly channel: number;
}

/**
 * By node: maps that nothing but one concatenation and depthwise convolutions reads, which can do with other maps' channels
 * between positions. It is for the kernel that writes the map to take the place or not.
 */
export function joinsOf(graph: Graph): ReadonlyMap<string, Join> {
  const nodes = nodesByName(graph);
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const seen = new Set([...graph.outputs, ...graph.losses]);
  const joins = new Map<string, Join>();
  for (const node of graph.nodes) {
    if (node.op !== 'concat') continue;
    let channel = 0;
    for (const input of node.inputs) {
      const others = readers.get(input)!.filter((reader) => reader !== node);
      const once = node.inputs.indexOf(input) === node.inputs.lastIndexOf(input);
      if (once && !seen.has(input) && others.every(isDepthwise))
        joins.set(input, { concat: node.name, channel });
      channel += nodes.get(input)!.shape[2];
    }
  }
  return joins;
}

function isDepthwise(node: GraphNode): boolean {
  return node.op === 'depthwiseConv2d' && node.multiplier === 1;
}
