/** A network told in a few rows: nodes under one scope belong together, as do a kernel and what follows it. */
import { activationBytesOf, macsOf } from './costs.js';
import type { Graph, GraphNode, Shape } from './graph.js';
import { nodesByName, sizeOf } from './graph.js';
import { type ReceptiveField, receptiveFields } from './receptive-field.js';
import { routesOf } from './routes.js';
import { parameterShapes } from './shapes.js';

export interface Stage {
  /** The scope ("block3"), or the name of the node that opens the stage ("stem", "logits"). */
  readonly name: string;
  /** Of a network that chooses: `predictor`, a branch by its resolution (`98 × 40`), or `choice`, which takes one branch's answer. */
  readonly part?: string;
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

const OPENING_OPS: ReadonlySet<string> = new Set([
  'input',
  'conv2d',
  'depthwiseConv2d',
  'dense',
  'mean',
  'resize',
  'concat',
]);

/**
 * The stages of a graph in order; their costs add up to `costsOf(graph)`. Of a network that chooses, those of its predictor
 * come first, then branch after branch: one clip goes through the predictor and one of these (`routesOf`).
 */
export function stagesOf(graph: Graph): Stage[] {
  const nodes = nodesByName(graph);
  const counted = new Set<string>();
  const fields = receptiveFields(graph);
  const groups = partsOf(graph).flatMap((part) =>
    groupNodes(part.nodes).map((group) => ({ ...group, part: part.name })),
  );
  return groups.map(({ name, part, members }) => {
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
    const costs = { parameters, macs, activationBytes };
    return { name, ...(part && { part }), ops, shape: last.shape, ...costs, receptiveField };
  });
}

interface Part {
  readonly name?: string;
  readonly nodes: readonly GraphNode[];
}

/** Each node once, in the first part that needs it. */
function partsOf(graph: Graph): Part[] {
  const routes = routesOf(graph);
  if (!routes) return [{ nodes: graph.nodes }];
  const left = new Set(graph.nodes);
  const take = (name: string, wanted: Iterable<GraphNode>): Part => {
    const nodes = [...wanted].filter((node) => left.delete(node));
    return { name, nodes };
  };
  const predictor = take('predictor', routes.predictor.nodes);
  const branches = routes.branches.map((branch) => take(branch.resolution.join(' × '), branch.graph.nodes));
  return [predictor, ...branches, take('choice', [...left])];
}

function groupNodes(nodes: readonly GraphNode[]): { name: string; members: GraphNode[] }[] {
  const groups: { name: string; scoped: boolean; members: GraphNode[] }[] = [];
  for (const node of nodes) {
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
