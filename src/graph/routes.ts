/**
 * Networks that choose how to look: one graph in which a gate picks one of several branches. Run as it stands, every
 * branch is computed and the gate's one-hot sum keeps one of them. `routesOf` finds gate and branches, so that engines
 * need compute only the branch that is chosen.
 */
import { costsOf } from './costs.js';
import { type Graph, type GraphNode, nodesByName, type Pair, type Shape } from './graph.js';
import { parameterNames, subgraph } from './subgraph.js';

/** One way through the network. */
export interface Route {
  /** Time × frequency of the map that the branch works on: that of its first node with parameters. */
  readonly resolution: Pair;
  /** From the network's input to the branch's answer. */
  readonly graph: Graph;
  /** Of the branch alone. */
  readonly macs: number;
}

export interface Routes {
  /** From the input to one logit a route, `[1, 1, routes]`: the largest is chosen, the first of equals. */
  readonly predictor: Graph;
  readonly predictorMacs: number;
  /** Of a predictor that says which word it hears and chooses by that: from the input to its logits, of the network's own shape. */
  readonly words?: Graph;
  /** Name of the gumbelSoftmax node over these logits. */
  readonly gate: string;
  readonly branches: readonly Route[];
}

/** Names of the predictor's parameters; of one that chooses by words, of those behind its words alone. */
export function choosingParameters({ predictor, words }: Routes): string[] {
  return Object.keys(predictor.parameters).filter((name) => !(words && name in words.parameters));
}

/**
 * The routes of a graph whose one output is Σⱼ gateⱼ · branchⱼ with a gate of one number a branch, and whose branches
 * do not read the gate; undefined for any other graph.
 */
export function routesOf(graph: Graph): Routes | undefined {
  const nodes = nodesByName(graph);
  const sum = nodes.get(graph.outputs[0]);
  if (graph.outputs.length !== 1 || graph.inputs.length !== 1 || !isPlainSum(sum)) return undefined;
  const pairs = sum.inputs.map((name, index) => gatedBranch(nodes, name, index));
  const gate = nodes.get(pairs[0]?.gate ?? '');
  if (gate?.op !== 'gumbelSoftmax' || gate.shape.join() !== `1,1,${pairs.length}`) return undefined;
  if (pairs.length < 2 || !pairs.every((pair) => pair?.gate === gate.name)) return undefined;
  const branches = pairs.map((pair) => routeOf(subgraph(graph, [pair!.branch])));
  if (branches.some(({ graph: branch }) => branch.nodes.some(({ name }) => name === gate.name)))
    return undefined;
  const predictor = subgraph(graph, gate.inputs);
  const words = wordsOf(predictor, sum.shape);
  const { macs } = costsOf(predictor);
  return { predictor, ...(words && { words }), predictorMacs: macs, gate: gate.name, branches };
}

/** Where a predictor has an answer about words, a softmax over as many as the network's stands behind it. */
function wordsOf(predictor: Graph, answer: Shape): Graph | undefined {
  const softmax = predictor.nodes.find(({ op, shape }) => op === 'softmax' && shape.join() === answer.join());
  return softmax && subgraph(predictor, softmax.inputs);
}

function isPlainSum(node: GraphNode | undefined): node is Extract<GraphNode, { op: 'weightedSum' }> {
  return node?.op === 'weightedSum' && node.weights?.every((weight) => weight === 1) === true;
}

/** What `name`, a product of a branch and place `index` of a gate, is made of. */
function gatedBranch(nodes: ReadonlyMap<string, GraphNode>, name: string, index: number) {
  const product = nodes.get(name);
  if (product?.op !== 'multiply') return undefined;
  const [branch, place] = product.inputs;
  const slice = nodes.get(place);
  if (slice?.op !== 'slice' || slice.start.join() !== `0,0,${index}` || slice.shape.join() !== '1,1,1')
    return undefined;
  return { branch, gate: slice.inputs[0] };
}

function routeOf(graph: Graph): Route {
  const nodes = nodesByName(graph);
  const first = graph.nodes.find((node) => parameterNames(node).length > 0);
  const [time, frequency] = nodes.get(first?.inputs[0] ?? graph.inputs[0])?.shape ?? [1, 1];
  return { resolution: [time, frequency], graph, macs: costsOf(graph).macs };
}
