/**
 * Groups nodes that kernels do in one go. For inference: convolution + BatchNorm + activation. For training:
 * BatchNorm + sum with a residual + ReLU, BatchNorm + activation. For both: sum + ReLU.
 */
import type { ActivationNode, BatchNormNode, Graph, GraphNode } from '../../graph/graph.js';
import { isWeighted, nodesByName } from '../../graph/graph.js';

/** Nodes done together; the first does the work, the others ride along. */
export interface Unit {
  readonly node: GraphNode;
  readonly norm?: BatchNormNode;
  /** The map added after the normalisation. */
  readonly residual?: string;
  readonly activation?: ActivationNode;
  /** The last of its nodes: the name of its result. */
  readonly output: GraphNode;
}

/** The units of a graph, each after all whose results it reads. */
export function fuse(graph: Graph, training: boolean): Unit[] {
  const nodes = nodesByName(graph);
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  }
  const visible = new Set([...graph.outputs, ...graph.losses]);
  const position = new Map(graph.nodes.map((node, index) => [node.name, index]));
  const taken = new Set<string>();

  /** The only node that reads this one, if nobody else (nor the caller) sees its result. */
  const soleReader = (node: GraphNode): GraphNode | undefined => {
    const all = readers.get(node.name) ?? [];
    return all.length === 1 && !visible.has(node.name) && !taken.has(all[0].name) ? all[0] : undefined;
  };

  const extend = (node: GraphNode): Unit => {
    let unit: Unit = { node, output: node };
    if (!training && isWeighted(node)) {
      const next = soleReader(node);
      if (next?.op === 'batchNorm' && next.bands === 1) unit = { ...unit, norm: next, output: next };
    }
    if (node.op === 'batchNorm') unit = { ...unit, norm: node, ...residualOf(node) };
    const next = soleReader(unit.output);
    if (next?.op === 'activation' && mayActivate(unit, next))
      unit = { ...unit, activation: next, output: next };
    return unit;
  };

  const residualOf = (node: BatchNormNode): Partial<Unit> => {
    const sum = soleReader(node);
    if (sum?.op !== 'add') return {};
    const residual = sum.inputs[0] === node.name ? sum.inputs[1] : sum.inputs[0];
    const same = nodes.get(residual)!.shape.join() === node.shape.join();
    return same && residual !== node.name ? { residual, output: sum } : {};
  };

  const mayActivate = (unit: Unit, next: ActivationNode): boolean => {
    if (unit.residual !== undefined || ['add', 'multiply', 'maximum'].includes(unit.node.op))
      return next.kind === 'relu';
    return unit.norm !== undefined || (!training && isWeighted(unit.node));
  };

  const units: Unit[] = [];
  for (const node of graph.nodes) {
    if (taken.has(node.name)) continue;
    const unit = extend(node);
    for (const member of membersOf(unit, nodes)) taken.add(member);
    units.push(unit);
  }
  // A unit waits for all that its last node reads, a residual among them.
  return units.sort((a, b) => position.get(a.output.name)! - position.get(b.output.name)!);
}

/** Names of the nodes of a unit, walking back from its last. */
function membersOf(unit: Unit, nodes: Map<string, GraphNode>): string[] {
  const members = [unit.node.name, unit.output.name];
  if (unit.norm) members.push(unit.norm.name);
  if (unit.residual !== undefined && unit.activation)
    members.push(nodes.get(unit.activation.name)!.inputs[0]);
  return members;
}
