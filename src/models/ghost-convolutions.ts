/**
 * Ghost modules in the place of a network's convolutions, whichever network it is: graph in, graph out.
 *
 * Paper: Han et al., "GhostNet", CVPR 2020, arXiv 1911.11907, §4.1, which puts them into VGG-16 and ResNets.
 * What differs from `ghostModule`: both parts end as the convolution did, in its kind of norm and its activation.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import {
  type ActivationNode,
  type BatchNormNode,
  type Conv2dNode,
  type Graph,
  type GraphNode,
  isWeighted,
  nodesByName,
  type Pair,
  type Shape,
} from '../graph/graph.js';
import { partOf } from '../graph/subgraph.js';
import { checkKeys, checkOption } from './check-option.js';
import { checkGhostRule, type GhostRule, ghostMaps } from './ghost-blocks.js';

const OPTIONS: readonly string[] = ['ratio', 'cheapKernel'] satisfies (keyof GhostRule)[];

/** A convolution with what follows it and nothing else reads. */
interface Chain {
  readonly conv: Conv2dNode;
  readonly norm: BatchNormNode;
  readonly activation?: ActivationNode;
}

/**
 * The same network with a Ghost module for every convolution that a BatchNorm follows, and perhaps an activation: its primary
 * convolution keeps kernel, stride, dilation and padding and makes ⌈C / ratio⌉ of the C maps, a cheap depthwise one the rest.
 * Nodes and parameters are named under the convolution (`stem/primary/weight`), the γ of both norms start as the norm's.
 *
 * What stays: convolutions in groups, depthwise ones, dense layers; convolutions that read a single map or make one, for which
 * a ghost saves nothing; those that are a Ghost module's own. `cheapKernel` is 1 on an axis of one position, where the rest of it
 * would see padding alone, and in time where the network pads no time, so that it still runs along a stream.
 *
 * @throws ConfigError `ghost-option` for an option that there is none of, `ghost-ratio` unless the ratio (default 2) is a whole number of 2 or more, `ghost-cheap-kernel` unless the
 * cheap kernel (default 3 × 3) is odd, `ghost-conv` for a network without a convolution to replace.
 */
export function withGhostConvolutions(graph: Graph, rule: GhostRule = {}): Graph {
  checkKeys({ code: 'ghost-option', what: graph.name, options: rule, known: OPTIONS });
  checkGhostRule(graph.name, rule, 2);
  const chains = chainsOf(graph);
  checkOption(chains.size > 0, {
    code: 'ghost-conv',
    what: graph.name,
    option: 'conv',
    allowed: 'plain where no convolution of two maps or more has a BatchNorm behind it',
    value: 'ghost',
  });
  const kernelOf = cheapKernels(graph, rule.cheapKernel ?? [3, 3]);
  const shapes = nodesByName(graph);
  const modules = [...chains.values()].map((chain): [string, Graph] => {
    const input = shapes.get(chain.conv.inputs[0])!.shape;
    return [chain.conv.name, moduleFor(graph, chain, input, { ...rule, cheapKernel: kernelOf(chain.conv) })];
  });
  return splice(graph, chains, new Map(modules));
}

/** The chains that become Ghost modules, by the name of their convolution. */
function chainsOf(graph: Graph): Map<string, Chain> {
  const nodes = nodesByName(graph);
  const readers = new Map<string, GraphNode[]>();
  for (const node of graph.nodes)
    for (const input of node.inputs) readers.set(input, [...(readers.get(input) ?? []), node]);
  const visible = new Set([...graph.outputs, ...graph.losses]);
  const onlyReader = (name: string) => {
    const [first, ...others] = readers.get(name) ?? [];
    return visible.has(name) || others.length > 0 ? undefined : first;
  };
  const chains = new Map<string, Chain>();
  for (const conv of graph.nodes) {
    if (conv.op !== 'conv2d' || conv.groups !== 1) continue;
    if (nodes.get(conv.inputs[0])!.shape[2] === 1 || conv.shape[2] === 1) continue;
    const norm = onlyReader(conv.name);
    if (norm?.op !== 'batchNorm') continue;
    const next = onlyReader(norm.name);
    const activation = next?.op === 'activation' ? next : undefined;
    if (!isPrimary(activation ?? norm, readers)) chains.set(conv.name, { conv, norm, activation });
  }
  return chains;
}

/** Whether a map goes into a concatenation first and into the depthwise convolution that makes its ghosts. */
function isPrimary({ name }: GraphNode, readers: ReadonlyMap<string, readonly GraphNode[]>): boolean {
  const found = readers.get(name) ?? [];
  const first = found.some((node) => node.op === 'concat' && node.inputs[0] === name);
  return first && found.length === 2 && found.some(({ op }) => op === 'depthwiseConv2d');
}

/** The cheap kernel of a convolution's ghosts. Nodes that share a weight, at several resolutions, share a kernel too. */
function cheapKernels(graph: Graph, wanted: Pair): (conv: Conv2dNode) => Pair {
  const padsTime = graph.nodes.some((node) => 'padding' in node && node.padding[0].some((size) => size > 0));
  const largest = new Map<string, Pair>();
  for (const node of graph.nodes) {
    if (node.op !== 'conv2d') continue;
    const [time, frequency] = largest.get(node.weight) ?? [1, 1];
    largest.set(node.weight, [Math.max(time, node.shape[0]), Math.max(frequency, node.shape[1])]);
  }
  return ({ weight }) => {
    const [time, frequency] = largest.get(weight)!;
    return [padsTime && time > 1 ? wanted[0] : 1, frequency > 1 ? wanted[1] : 1];
  };
}

/** A chain's module as a graph from the map that the convolution reads. */
function moduleFor(graph: Graph, { conv, norm, activation }: Chain, input: Shape, rule: GhostRule): Graph {
  const { kernel, stride, dilation, padding } = conv;
  const { init } = graph.parameters[norm.gamma];
  const gamma = init.kind === 'constant' ? init.value : 1;
  const g = new GraphBuilder(graph.name);
  const x = g.input(conv.inputs[0], input);
  const finish = (maps: Value) => {
    const normed = g.batchNorm(maps, { bands: norm.bands, epsilon: norm.epsilon, gamma });
    return activation ? g.activation(normed, activation.kind, { slope: activation.slope }) : normed;
  };
  const window = { kernel, stride, dilation, padding, channels: conv.shape[2] };
  const output = g.scope(conv.name, () =>
    ghostMaps(g, x, { ...rule, ...window }, { primary: finish, cheap: finish }),
  );
  return withWeightsOf(conv, g.build({ outputs: [output] }));
}

/** Weights under the name of the convolution's own weight, which nodes at several resolutions may share. */
function withWeightsOf(conv: Conv2dNode, module: Graph): Graph {
  const owner = conv.weight.replace(/\/weight$/, '');
  if (owner === conv.name) return module;
  const renamed = (name: string) =>
    name.endsWith('/weight') ? `${owner}${name.slice(conv.name.length)}` : name;
  const specs = Object.entries(module.parameters).map(([name, spec]) => [renamed(name), spec]);
  const nodes = module.nodes.map((node) =>
    isWeighted(node) ? { ...node, weight: renamed(node.weight) } : node,
  );
  return { ...module, nodes, parameters: Object.fromEntries(specs) };
}

/** The graph with modules where chains stood. */
function splice(
  graph: Graph,
  chains: ReadonlyMap<string, Chain>,
  modules: ReadonlyMap<string, Graph>,
): Graph {
  const moved = new Map<string, string>();
  const gone = new Set<string>();
  for (const [name, { norm, activation }] of chains) {
    moved.set((activation ?? norm).name, modules.get(name)!.outputs[0]);
    gone.add(norm.name);
    if (activation) gone.add(activation.name);
  }
  const nameNow = (name: string) => moved.get(name) ?? name;
  const nodes = graph.nodes.flatMap((node): readonly GraphNode[] => {
    if (gone.has(node.name)) return [];
    const own = modules.get(node.name)?.nodes.filter(({ op }) => op !== 'input') ?? [node];
    return own.map((part) => ({ ...part, inputs: part.inputs.map(nameNow) }));
  });
  const parts = [graph, ...modules.values()];
  const parameters = Object.assign({}, ...parts.map((part) => part.parameters));
  const statistics = Object.assign({}, ...parts.map((part) => part.statistics));
  const whole = partOf({ ...graph, parameters, statistics }, nodes, graph.outputs.map(nameNow));
  return { ...whole, losses: graph.losses.map(nameNow) };
}
