/**
 * DRNet: a network that chooses, for each clip, at which resolution to look. A small predictor sees one small resize of
 * the map; the classifier, any network of the registry, then runs at the resolution chosen. Its convolutions and dense
 * layers are shared by all resolutions, its BatchNorms are not.
 *
 * Paper: Zhu et al., "Dynamic Resolution Network", NeurIPS 2021, arXiv 2106.02898.
 * Reference code: mindspore-ai/models, research/cv/DRNet (Apache-2.0, inference alone), read, not copied.
 * What differs: at inference the gate is the argmax of the predictor's logits; that code draws Gumbel noise there too.
 * Weights whose shape hangs on the resolution (a kernel as high as the map) cannot be shared and are private, as norms are.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import {
  type Graph,
  type GraphNode,
  nodesByName,
  type Pair,
  type ParameterSpec,
  type Shape,
  type StatisticSpec,
} from '../graph/graph.js';
import { appended, renamed } from '../graph/rename.js';
import { type CandidateKind, candidateOf, type MapSize, sizeIn } from './candidates.js';
import {
  buildAt,
  checkAnswers,
  checkBackbone,
  checkConfig,
  checkSize,
  resolutionsOf,
} from './drnet-checks.js';
import type { BuildOptions } from './entry.js';
import { type PredictorKind, predictResolution, routeBySureness } from './resolution-predictor.js';

export interface DrNetConfig {
  /** What the classifier may look at, two or more, the largest first. Default 1, ¾ and ½ of the input. */
  readonly resolutions?: readonly MapSize[];
  /** Where the smaller ones come from. Default `resize`. */
  readonly candidates?: CandidateKind;
  /**
   * A plan that answers with the resolution, or a network of one answer a clip: it says which word it hears, and how sure it is of
   * that decides. Default `residual`.
   */
  readonly predictor?: PredictorKind | Backbone;
  /** Size of the map that the predictor sees. Default ½. */
  readonly predictorSize?: MapSize;
  /**
   * What it sees: the input brought to that size (paper and code), or every candidate brought there from its own
   * resolution, one map beside the other. Default `resize`.
   */
  readonly predictorInput?: 'resize' | 'candidates';
}

/** What DRNet wraps: any network of the registry, or one like them. */
export interface Backbone {
  readonly name: string;
  build(options: BuildOptions): Graph;
}

const GATE = 'gate';
/** Before the names of a network for words that is a predictor. */
const WORDS = 'predictor/words/';
const DEFAULT_RESOLUTIONS: readonly MapSize[] = [1, 0.75, 0.5];

/**
 * A backbone under dynamic resolution, `features` `[T, F, maps]` → `logits` `[1, 1, labels]`: Σⱼ gateⱼ · classifierⱼ.
 * `routesOf` gives predictor and classifiers as graphs of their own.
 * @throws ConfigError for an option that there is none of or that is out of range, fewer than two resolutions, one that is no part
 * of the input, smaller than the backbone's strides or too small for its layers, a backbone of many answers a clip, labels below 1.
 */
export function wrapBackbone(
  name: string,
  backbone: Backbone,
  config: DrNetConfig,
  { labels, input }: Required<BuildOptions>,
): Graph {
  checkConfig(name, config, { labels, input });
  const { candidates: kind = 'resize', resolutions = DEFAULT_RESOLUTIONS } = config;
  const sizes = resolutionsOf(name, resolutions, input, kind);
  checkBackbone(name, backbone.build({ labels, input }), sizes);
  const g = new GraphBuilder(name);
  const features = g.input('features', input);
  const candidates = sizes.map((size, i) => candidateOf(g, features, { size, kind, name: `r${i}.features` }));
  const seen = seenByPredictor(g, features, candidates, config);
  const front = withPredictor(g, seen, config, {
    ...{ name, labels, routes: sizes.length },
    input: [input[0], input[1]],
  });
  const branches = sizes.map((size) =>
    buildAt(name, backbone, { labels, input: [...size, input[2]] }, { whole: input }),
  );
  return joinBranches(front, branches, candidates);
}

function seenByPredictor(
  g: GraphBuilder,
  features: Value,
  candidates: readonly Value[],
  config: DrNetConfig,
): Value {
  const { predictorSize = 0.5, predictorInput = 'resize' } = config;
  const size = sizeIn(features.shape, predictorSize, 'resize');
  checkSize('predictorSize', size, features.shape);
  const resized = (x: Value, name: string) => candidateOf(g, x, { size, kind: 'resize', name });
  if (predictorInput === 'resize') return resized(features, 'predictor-input');
  const maps = candidates.map((candidate, i) => resized(candidate, `predictor-input${i}`));
  return g.concat(maps, { name: 'predictor-inputs' });
}

/** All that stands before the branches, up to the gate, its output. */
function withPredictor(
  g: GraphBuilder,
  seen: Value,
  { predictor = 'residual' }: DrNetConfig,
  { name, labels, input, routes }: { name: string; labels: number; input: Pair; routes: number },
): Graph {
  if (typeof predictor === 'string') {
    const choice = predictResolution(g, seen, { kind: predictor, routes });
    return g.build({ outputs: [g.gumbelSoftmax(choice, 1, { name: GATE })] });
  }
  const [, , maps] = seen.shape;
  const whole: Shape = [...input, maps];
  const words = buildAt(name, predictor, { labels, input: seen.shape }, { whole, option: 'predictorSize' });
  checkAnswers(name, 'predictor', words);
  const front = appended(g.build({ outputs: [seen] }), seen.name, words, WORDS);
  const choosing = appended(front, front.outputs[0], routeBySureness(labels, routes), 'predictor/');
  const gate: GraphNode = {
    ...{ op: 'gumbelSoftmax', name: GATE, temperature: 1 },
    ...{ inputs: choosing.outputs, shape: [1, 1, routes] },
  };
  return { ...choosing, nodes: [...choosing.nodes, gate], outputs: [GATE] };
}

/** The backbone once for each candidate, behind gate and predictor. */
function joinBranches(front: Graph, branches: readonly Graph[], candidates: readonly Value[]): Graph {
  const [gate] = front.outputs;
  const nodes: GraphNode[] = [...front.nodes];
  const parameters: Record<string, ParameterSpec> = { ...front.parameters };
  const statistics: Record<string, StatisticSpec> = { ...front.statistics };
  const isShared = (name: string) => sharedBy(branches, name);
  const gated = branches.map((branch, i) => {
    const own = (name: string) => privateName(i, name);
    const tensor = (name: string) => (isShared(name) ? name : own(name));
    for (const [key, spec] of Object.entries(branch.parameters)) parameters[tensor(key)] = spec;
    for (const [key, spec] of Object.entries(branch.statistics)) statistics[own(key)] = spec;
    const [input] = branch.inputs;
    const read = (name: string) => (name === input ? candidates[i].name : own(name));
    for (const node of branch.nodes) if (node.op !== 'input') nodes.push(renamed(node, own, read, tensor));
    const place: GraphNode = {
      op: 'slice',
      name: own('gate'),
      inputs: [gate],
      start: [0, 0, i],
      shape: [1, 1, 1],
    };
    const { shape } = nodesByName(branch).get(branch.outputs[0])!;
    const inputs = [own(branch.outputs[0]), place.name];
    nodes.push(place, { op: 'multiply', name: own('gated'), inputs, shape });
    return own('gated');
  });
  const { shape } = nodes[nodes.length - 1];
  nodes.push({ op: 'weightedSum', name: 'logits', inputs: gated, weights: gated.map(() => 1), shape });
  return {
    name: front.name,
    nodes,
    inputs: front.inputs,
    outputs: ['logits'],
    losses: [],
    parameters,
    statistics,
  };
}

const privateName = (resolution: number, name: string) => `r${resolution}.${name}`;

/** What the backbone alone calls a tensor of its DRNet, private to a resolution or shared. */
export function backboneTensor(name: string): string {
  return name.replace(/^r\d+\./, '');
}

/** What a network for words alone calls a tensor that it has as a predictor; undefined for any other. */
export function wordsTensor(name: string): string | undefined {
  return name.startsWith(WORDS) ? name.slice(WORDS.length) : undefined;
}

/** Whether all resolutions use one parameter of a name: norms are private, and so is what differs in shape. */
function sharedBy(branches: readonly Graph[], name: string): boolean {
  const specs = branches.map(({ parameters }) => parameters[name]);
  const isNorm = specs[0]?.role === 'gamma' || specs[0]?.role === 'beta';
  return !isNorm && specs.every((spec) => spec?.shape.join() === specs[0]?.shape.join());
}
