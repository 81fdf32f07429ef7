/** A network told in a few rows: nodes under one scope belong together, as do a kernel and what follows it. */
import { activationBytesOf, macsOf } from './costs.js';
import type { Graph, GraphNode, Shape } from './graph.js';
import { nodesByName, sizeOf } from './graph.js';
import { type ReceptiveField, receptiveFields } from './receptive-field.js';
import { parameterShapes } from './shapes.js';

export interface Stage {
  /** The scope ("block3"), or the name of the node that opens the stage ("stem", "logits"). */
  readonly name: string;
  /** How many nodes of each op. */
  readonly ops: Readonly<Record<string, number>>;
  /** Of the map that leaves the stage. */
  readonly shape: Shape;
  /** Each parameter counts in the first stage that uses it, so that the column adds up to the network's. */
  readonly parameters: number;
  readonly macs: number;
  readonly activationBytes: number;
  /** What one number of the map that leaves the stage looks at. */
  readonly receptiveField: ReceptiveField;
}

const OPENING_OPS: ReadonlySet<string> = new Set(['input', 'conv2d', 'depthwiseConv2d', 'dense', 'mean']);

/** The stages of a graph in order; their costs add up to `costsOf(graph)`. */
export function stagesOf(graph: Graph): Stage[] {
  const nodes = nodesByName(graph);
  const counted = new Set<string>();
  const fields = receptiveFields(graph);
  return groupNodes(graph).map(({ name, members }) => {
    const ops: Record<string, number> = {};
    let [parameters, macs, activationBytes] = [0, 0, 0];
    for (const node of members) {
      const input = nodes.get(node.inputs[0])?.shape;
      ops[node.op] = (ops[node.op] ?? 0) + 1;
      macs += macsOf(node, input);
      activationBytes += activationBytesOf(node);
      for (const [parameter, shape] of parameterShapes(node, input)) {
        if (!(parameter in graph.parameters) || counted.has(parameter)) continue;
        counted.add(parameter);
        parameters += sizeOf(shape);
      }
    }
    const last = members[members.length - 1];
    const receptiveField = fields.get(last.name)!;
    return { name, ops, shape: last.shape, parameters, macs, activationBytes, receptiveField };
  });
}

function groupNodes(graph: Graph): { name: string; members: GraphNode[] }[] {
  const groups: { name: string; scoped: boolean; members: GraphNode[] }[] = [];
  for (const node of graph.nodes) {
    const slash = node.name.indexOf('/');
    const scoped = slash > 0;
    const name = scoped ? node.name.slice(0, slash) : node.name;
    const last = groups.at(-1);
    const joins = last && (scoped ? last.scoped && last.name === name : !OPENING_OPS.has(node.op));
    if (joins) last.members.push(node);
    else groups.push({ name, scoped, members: [node] });
  }
  return groups;
}
