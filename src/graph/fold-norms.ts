/** Takes BatchNorms out of a network that is only to be run: their running statistics go into the weights before them. */
import { ConfigError } from '../errors.js';
import {
  type BatchNormNode,
  type Graph,
  type GraphNode,
  isWeighted,
  type ParameterSpec,
  type Tensors,
  type WeightedNode,
} from './graph.js';
import { parameterNames } from './subgraph.js';

/** A network with its trained numbers. */
export interface TrainedGraph {
  readonly graph: Graph;
  readonly parameters: Tensors;
  readonly statistics: Tensors;
}

/**
 * The same function without the BatchNorms that follow a convolution or dense layer alone: scale = γ / √(variance + ε) goes into
 * the weights of each output channel, β + (bias − mean) · scale becomes the bias `NODE/bias`. A BatchNorm of bands stays, and
 * so does one behind weights that other nodes share, or behind a map that others or the caller read.
 */
export function foldNorms(trained: TrainedGraph): TrainedGraph {
  const { graph } = trained;
  const norms = foldable(graph);
  if (norms.size === 0) return trained;
  const parameters: Tensors = { ...trained.parameters };
  const specs: Record<string, ParameterSpec> = { ...graph.parameters };
  const renamed = new Map<string, string>();
  const nodes: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (renamed.has(node.name)) continue;
    const inputs = node.inputs.map((input) => renamed.get(input) ?? input);
    const norm = norms.get(node.name);
    if (!norm || !isWeighted(node)) {
      nodes.push({ ...node, inputs });
      continue;
    }
    const bias = node.bias ?? `${node.name}/bias`;
    nodes.push({ ...node, inputs, bias });
    specs[bias] = { shape: [node.shape[2]], role: 'bias', init: { kind: 'constant', value: 0 } };
    const folded = fold(node, norm, trained);
    parameters[node.weight] = folded.weight;
    parameters[bias] = folded.bias;
    renamed.set(norm.name, node.name);
  }
  const outputs = graph.outputs.map((name) => renamed.get(name) ?? name);
  const used = new Set(nodes.flatMap(parameterNames));
  const keep = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([name]) => used.has(name)));
  return {
    graph: { ...graph, nodes, outputs, parameters: keep(specs), statistics: keep(graph.statistics) },
    parameters: keep(parameters),
    statistics: keep(trained.statistics),
  };
}

/** The BatchNorm that may go into a node, by the node's name. */
function foldable(graph: Graph): Map<string, BatchNormNode> {
  const readers = new Map<string, GraphNode[]>();
  const users = new Map<string, number>();
  for (const node of graph.nodes) {
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
    for (const name of parameterNames(node)) users.set(name, (users.get(name) ?? 0) + 1);
  }
  const visible = new Set([...graph.outputs, ...graph.losses]);
  const result = new Map<string, BatchNormNode>();
  for (const node of graph.nodes) {
    if (!isWeighted(node) || visible.has(node.name)) continue;
    const [norm, ...others] = readers.get(node.name) ?? [];
    const own = [node.weight, ...(node.bias ? [node.bias] : [])].every((name) => users.get(name) === 1);
    const free = node.bias !== undefined || !(`${node.name}/bias` in graph.parameters);
    if (norm?.op === 'batchNorm' && norm.bands === 1 && others.length === 0 && own && free)
      result.set(node.name, norm);
  }
  return result;
}

/** In float64, rounded once. */
function fold(
  node: WeightedNode,
  norm: BatchNormNode,
  { parameters, statistics }: TrainedGraph,
): { weight: Float32Array; bias: Float32Array } {
  const outputs = node.shape[2];
  const scale = scaleOf(norm, { parameters, statistics });
  const before = node.bias ? parameters[node.bias] : new Float32Array(outputs);
  const weight = parameters[node.weight].map((value, i) => value * scale[i % outputs]);
  const bias = before.map(
    (value, i) => parameters[norm.beta][i] + (value - statistics[norm.mean][i]) * scale[i],
  );
  return { weight, bias };
}

/** γ / √(variance + ε), in float64. */
function scaleOf(
  { gamma, variance, epsilon }: BatchNormNode,
  { parameters, statistics }: Omit<TrainedGraph, 'graph'>,
): Float64Array {
  return Float64Array.from(parameters[gamma], (g, i) => g / Math.sqrt(statistics[variance][i] + epsilon));
}

/**
 * The same function with every BatchNorm that is left as a scale γ and a shift β alone: mean 0, variance 1, ε 0.
 * @throws ConfigError where nodes share some, but not all, tensors of a BatchNorm.
 */
export function settleNorms(trained: TrainedGraph): TrainedGraph {
  const parameters: Tensors = { ...trained.parameters };
  const statistics: Tensors = { ...trained.statistics };
  const owners = new Map<string, string>();
  for (const node of trained.graph.nodes) {
    if (node.op !== 'batchNorm') continue;
    const names = parameterNames(node);
    const key = [...names, node.epsilon].join('\n');
    const strange = names.find((name) => (owners.get(name) ?? key) !== key);
    if (strange !== undefined) throw sharedNorm(node.name, strange);
    for (const name of names) owners.set(name, key);
    const scale = scaleOf(node, trained);
    const [gamma, beta, mean, variance] = names;
    parameters[gamma] = Float32Array.from(scale);
    parameters[beta] = trained.parameters[beta].map(
      (value, i) => value - trained.statistics[mean][i] * scale[i],
    );
    statistics[mean] = new Float32Array(scale.length);
    statistics[variance] = new Float32Array(scale.length).fill(1);
  }
  const nodes = trained.graph.nodes.map((node) => (node.op === 'batchNorm' ? { ...node, epsilon: 0 } : node));
  return { graph: { ...trained.graph, nodes }, parameters, statistics };
}

function sharedNorm(node: string, tensor: string): ConfigError {
  return new ConfigError(
    'shared-norm',
    `Cannot settle ${node}: expected BatchNorms that share all of their tensors or none, got ${tensor} shared alone`,
    { value: tensor },
  );
}
