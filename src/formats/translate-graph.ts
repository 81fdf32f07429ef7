/** What the exporters share: a table of ops, applied node by node. */
import { ConfigError } from '../errors.js';
import type { Graph, GraphNode, Shape } from '../graph/graph.js';

/** A map in an exported file, by the name of its value there. */
export interface ExportedMap {
  readonly value: string;
  /** Of one clip, as everywhere here: `[time, frequency, channels]`. */
  readonly shape: Shape;
}

/** Adds the nodes of one op to a file; returns the name of the value that is its map. */
export type ExportOp<Context, N extends GraphNode = GraphNode> = (
  node: N,
  inputs: readonly ExportedMap[],
  context: Context,
) => string;

/** All ops but the doors and the losses, which have no place in inference. */
type InferenceOp = Exclude<GraphNode['op'], 'input' | 'softmaxCrossEntropy'>;

export interface ExportFormat<Context> {
  /** For errors: "ONNX". */
  readonly name: string;
  readonly ops: { readonly [O in InferenceOp]: ExportOp<Context, Extract<GraphNode, { op: O }>> };
}

/**
 * Translates the nodes of a graph in order, given the names of its input maps; returns all its maps by node.
 * @throws ConfigError `export-op` naming the node of an op that has no place in inference.
 */
export function translateGraph<Context>(
  graph: Graph,
  format: ExportFormat<Context>,
  inputs: Readonly<Record<string, string>>,
  context: Context,
): Map<string, ExportedMap> {
  const maps = new Map<string, ExportedMap>();
  for (const node of graph.nodes) {
    const read = node.inputs.map((name) => maps.get(name)!);
    const value = node.op === 'input' ? inputs[node.name] : opOf(node, graph, format)(node, read, context);
    maps.set(node.name, { value, shape: node.shape });
  }
  return maps;
}

function opOf<Context>(
  node: GraphNode,
  graph: Graph,
  { name, ops }: ExportFormat<Context>,
): ExportOp<Context> {
  if (Object.hasOwn(ops, node.op)) return ops[node.op as InferenceOp] as ExportOp<Context>;
  throw new ConfigError(
    'export-op',
    `Cannot export ${graph.name} to ${name}: expected ops of inference, got ${node.op} in node ${node.name}`,
    { value: node.name },
  );
}

/** What only training does leaves no trace. */
export const passThrough: ExportOp<unknown> = (_, [x]) => x.value;
