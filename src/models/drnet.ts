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
import { ConfigError, HearkenError } from '../errors.js';
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, GraphNode, Pair, ParameterSpec, Shape, StatisticSpec } from '../graph/graph.js';
import { nodesByName } from '../graph/graph.js';
import { totalStride } from '../graph/receptive-field.js';
import { CANDIDATE_KINDS, type CandidateKind, candidateOf, type MapSize, sizeIn } from './candidates.js';
import type { BuildOptions } from './entry.js';
import { PREDICTOR_KINDS, type PredictorKind, predictResolution } from './resolution-predictor.js';

export interface DrNetConfig {
  /** What the classifier may look at, two or more, the largest first. Default 1, ¾ and ½ of the input. */
  readonly resolutions?: readonly MapSize[];
  /** Where the smaller ones come from. Default `resize`. */
  readonly candidates?: CandidateKind;
  /** Default `residual`. */
  readonly predictor?: PredictorKind;
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

const DEFAULT_RESOLUTIONS: readonly MapSize[] = [1, 0.75, 0.5];

/**
 * A backbone under dynamic resolution, `features` `[T, F, maps]` → `logits` `[1, 1, labels]`: Σⱼ gateⱼ · classifierⱼ.
 * `routesOf` gives predictor and classifiers as graphs of their own.
 * @throws ConfigError for fewer than two resolutions, one that is no part of the input or smaller than the backbone's strides,
 * an unknown predictor, a backbone of many answers a clip.
 */
export function wrapBackbone(
  name: string,
  backbone: Backbone,
  config: DrNetConfig,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const { candidates: kind = 'resize', resolutions = DEFAULT_RESOLUTIONS } = config;
  checkChoice('candidates', kind, CANDIDATE_KINDS);
  const sizes = resolutionsOf(name, resolutions, input, kind);
  checkBackbone(name, backbone.build({ labels, input }), sizes);
  const g = new GraphBuilder(name);
  const features = g.input('features', input);
  const candidates = sizes.map((size, i) => candidateOf(g, features, { size, kind, name: `r${i}.features` }));
  const choice = choose(g, features, candidates, config);
  const gate = g.gumbelSoftmax(choice, 1, { name: 'gate' });
  const front = g.build({ outputs: [gate] });
  const branches = sizes.map((size) => buildAt(name, backbone, { labels, input: [...size, input[2]] }));
  return joinBranches(front, branches, candidates, gate);
}

/** @throws ConfigError for a resolution that the backbone's layers do not fit on. */
function buildAt(name: string, backbone: Backbone, options: Required<BuildOptions>): Graph {
  try {
    return backbone.build(options);
  } catch (error) {
    if (!(error instanceof HearkenError)) throw error;
    const [time, frequency] = options.input;
    const found = `${time} × ${frequency} (${error.message})`;
    throw fault(`build ${name}`, 'resolutions', `resolutions that ${backbone.name} can take`, found);
  }
}

/** The predictor on what it is to see. */
function choose(g: GraphBuilder, features: Value, candidates: readonly Value[], config: DrNetConfig): Value {
  const { predictor: kind = 'residual', predictorSize = 0.5, predictorInput = 'resize' } = config;
  checkChoice('predictor', kind, PREDICTOR_KINDS);
  checkChoice('predictorInput', predictorInput, ['resize', 'candidates']);
  const size = sizeIn(features.shape, predictorSize, 'resize');
  checkSize('predictor', size, features.shape);
  const resized = (x: Value, name: string) => candidateOf(g, x, { size, kind: 'resize', name });
  const seen =
    predictorInput === 'resize'
      ? resized(features, 'predictor-input')
      : g.concat(
          candidates.map((candidate, i) => resized(candidate, `predictor-input${i}`)),
          { name: 'predictor-inputs' },
        );
  return predictResolution(g, seen, { kind, routes: candidates.length });
}

/** The backbone once for each candidate, behind gate and predictor. */
function joinBranches(
  front: Graph,
  branches: readonly Graph[],
  candidates: readonly Value[],
  gate: Value,
): Graph {
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
      inputs: [gate.name],
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

/** Whether all resolutions use one parameter of a name: norms are private, and so is what differs in shape. */
function sharedBy(branches: readonly Graph[], name: string): boolean {
  const specs = branches.map(({ parameters }) => parameters[name]);
  const isNorm = specs[0]?.role === 'gamma' || specs[0]?.role === 'beta';
  return !isNorm && specs.every((spec) => spec?.shape.join() === specs[0]?.shape.join());
}

const TENSOR_FIELDS = ['weight', 'bias', 'gamma', 'beta', 'mean', 'variance'] as const;

/** A node under other names: its own, those of its inputs, those of its tensors (norms share none). */
function renamed(
  node: GraphNode,
  own: (name: string) => string,
  read: (name: string) => string,
  tensor: (name: string) => string,
): GraphNode {
  const fields: Record<string, unknown> = { ...node, name: own(node.name), inputs: node.inputs.map(read) };
  for (const field of TENSOR_FIELDS) {
    const name = fields[field];
    if (typeof name === 'string') fields[field] = node.op === 'batchNorm' ? own(name) : tensor(name);
  }
  return fields as unknown as GraphNode;
}

function resolutionsOf(name: string, wanted: readonly MapSize[], input: Shape, kind: CandidateKind): Pair[] {
  if (wanted.length < 2)
    throw fault(`build ${name}`, 'resolutions', 'two resolutions or more', `${wanted.length}`);
  const sizes = wanted.map((size) => sizeIn(input, size, kind));
  sizes.forEach((size, i) => {
    checkSize('resolution', size, input);
    const before = sizes[i - 1];
    if (before && !(size[0] <= before[0] && size[1] <= before[1] && size.join() !== before.join()))
      throw fault(
        `build ${name}`,
        'resolutions',
        `a size below ${before.join(' × ')} next`,
        size.join(' × '),
      );
  });
  return sizes;
}

function checkSize(what: string, size: Pair, [time, frequency]: Shape): void {
  const fits = (part: number, whole: number) => Number.isInteger(part) && part >= 1 && part <= whole;
  if (fits(size[0], time) && fits(size[1], frequency)) return;
  throw fault(
    `look at ${what} ${size.join(' × ')}`,
    what,
    `1 to ${time} × 1 to ${frequency}`,
    size.join(' × '),
  );
}

function checkBackbone(name: string, backbone: Graph, sizes: readonly Pair[]): void {
  const { shape } = nodesByName(backbone).get(backbone.outputs[0])!;
  const answers = shape[0] * shape[1];
  if (answers !== 1)
    throw fault(
      `build ${name}`,
      'backbone',
      'a backbone of one answer a clip',
      `${answers} of ${backbone.name}`,
    );
  const stride = totalStride(backbone);
  const small = sizes.find((size) => size[0] < stride[0] || size[1] < stride[1]);
  if (!small) return;
  const wanted = `resolutions of at least the strides of ${backbone.name}, ${stride.join(' × ')}`;
  throw fault(`build ${name}`, 'resolutions', wanted, small.join(' × '));
}

function checkChoice(option: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw fault(`build a DRNet`, option, `${option} ${known.join(' or ')}`, value);
}

function fault(doing: string, option: string, wanted: string, found: string): ConfigError {
  return new ConfigError(`drnet-${option}`, `Cannot ${doing}: expected ${wanted}, got ${found}`, {
    value: option,
  });
}
