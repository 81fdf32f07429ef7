/**
 * A graph's JSON without what goes without saying, because in a tiny model file names and shapes outweigh the weights:
 * fields that have their usual value, one input that is the node before, a shape that is the first input's, parameters and
 * statistics that are declared as their node's kind always declares them.
 */
import type { Graph, GraphNode, ParameterSpec, Shape, StatisticSpec } from '../graph/graph.js';
import { parameterShapes } from '../graph/shapes.js';

type Fields = Record<string, unknown>;

const WINDOW: Fields = {
  stride: [1, 1],
  padding: [
    [0, 0],
    [0, 0],
  ],
};
const CONVOLUTION: Fields = { ...WINDOW, dilation: [1, 1] };

/** What a field is where it is left out. */
const USUAL: { readonly [O in GraphNode['op']]?: Fields } = {
  conv2d: { ...CONVOLUTION, groups: 1 },
  depthwiseConv2d: { ...CONVOLUTION, multiplier: 1 },
  batchNorm: { bands: 1, epsilon: 1e-5 },
};

/** Fields that hold the name of a parameter or statistic, by default the node's name, a slash and the field's. */
const TENSOR_FIELDS: { readonly [O in GraphNode['op']]?: readonly string[] } = {
  conv2d: ['weight'],
  depthwiseConv2d: ['weight'],
  dense: ['weight'],
  batchNorm: ['gamma', 'beta', 'mean', 'variance'],
};

/** The graph as JSON that `expandNodes` and `usualSpecs` complete again. */
export function compactGraph(graph: Graph): Fields {
  const shapes = new Map(graph.nodes.map(({ name, shape }) => [name, shape]));
  const usual = usualSpecs(graph.nodes);
  const unusual = (specs: Readonly<Record<string, unknown>>, known: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(specs).filter(([name, spec]) => !same(spec, known[name])));
  return {
    ...graph,
    nodes: graph.nodes.map((node, i) => compactNode(node, graph.nodes[i - 1]?.name, shapes)),
    parameters: unusual(graph.parameters, usual.parameters),
    statistics: unusual(graph.statistics, usual.statistics),
  };
}

function compactNode(
  node: GraphNode,
  before: string | undefined,
  shapes: ReadonlyMap<string, Shape>,
): Fields {
  const { inputs, shape, ...rest } = node;
  const usual = usualFields(node.op, node.name);
  const kept = Object.entries(rest).filter(
    ([field, value]) => !(field in usual && same(value, usual[field])),
  );
  const [first] = inputs;
  if (!same(inputs, [before])) kept.push(['inputs', inputs]);
  if (first === undefined || !same(shape, shapes.get(first))) kept.push(['shape', shape]);
  // In one order, however the graph came about: equal models give equal bytes.
  return Object.fromEntries(kept.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Nodes with every field, from JSON that need not be trusted: what is no object, or names no node before, stays as it is. */
export function expandNodes(nodes: readonly unknown[]): unknown[] {
  const shapes = new Map<unknown, unknown>();
  let before: unknown;
  return nodes.map((node) => {
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return node;
    const given = node as Fields;
    const { inputs = before === undefined ? undefined : [before] } = given;
    const shape = given.shape ?? (Array.isArray(inputs) ? shapes.get(inputs[0]) : undefined);
    before = given.name;
    shapes.set(given.name, shape);
    const usual = typeof given.name === 'string' ? usualFields(given.op, given.name) : {};
    return {
      ...usual,
      ...given,
      ...(inputs !== undefined && { inputs }),
      ...(shape !== undefined && { shape }),
    };
  });
}

function usualFields(op: unknown, name: string): Fields {
  if (typeof op !== 'string' || !Object.hasOwn(TENSOR_FIELDS, op)) return {};
  const known = op as GraphNode['op'];
  const tensors = TENSOR_FIELDS[known]!.map((field) => [field, `${name}/${field}`]);
  return { ...USUAL[known], ...Object.fromEntries(tensors) };
}

interface Specs {
  readonly parameters: Record<string, ParameterSpec>;
  readonly statistics: Record<string, StatisticSpec>;
}

/** How parameters and statistics of these nodes are declared unless the graph says otherwise. */
export function usualSpecs(nodes: readonly GraphNode[]): Specs {
  const shapes = new Map(nodes.map(({ name, shape }) => [name, shape]));
  const specs: Specs = { parameters: Object.create(null), statistics: Object.create(null) };
  for (const node of nodes) {
    const input = shapes.get(node.inputs[0]);
    for (const [name, shape] of parameterShapes(node, input)) {
      if (node.op === 'batchNorm' && (name === node.mean || name === node.variance))
        specs.statistics[name] = { shape, role: name === node.mean ? 'mean' : 'variance' };
      else specs.parameters[name] = { shape, ...usualRole(node, name, input?.[2] ?? 0) };
    }
  }
  return specs;
}

/** What a parameter is and how it starts; `features` are the channels that its node reads. */
function usualRole(node: GraphNode, name: string, features: number): Omit<ParameterSpec, 'shape'> {
  if (node.op === 'batchNorm') {
    const role = name === node.gamma ? 'gamma' : 'beta';
    return { role, init: { kind: 'constant', value: role === 'gamma' ? 1 : 0 } };
  }
  const role = 'bias' in node && name === node.bias ? 'bias' : 'kernel';
  if (node.op === 'dense') return { role, init: { kind: 'uniform', limit: 1 / Math.sqrt(features) } };
  if (role === 'bias') return { role, init: { kind: 'constant', value: 0 } };
  const fanOut = node.op === 'conv2d' || node.op === 'depthwiseConv2d' ? fanOutOf(node) : 1;
  return { role, init: { kind: 'kaimingNormal', fanOut } };
}

/** Receptive field × outputs / groups. */
function fanOutOf(node: Extract<GraphNode, { op: 'conv2d' | 'depthwiseConv2d' }>): number {
  const [time, frequency] = node.kernel;
  const outputs = node.op === 'conv2d' ? node.shape[2] / node.groups : node.multiplier;
  return time * frequency * outputs;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
