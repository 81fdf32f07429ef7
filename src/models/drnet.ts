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
import type { Graph, GraphNode, ParameterSpec, StatisticSpec } from '../graph/graph.js';
import { nodesByName } from '../graph/graph.js';
import { type CandidateKind, candidateOf, type MapSize, sizeIn } from './candidates.js';
import { buildAt, checkBackbone, checkConfig, checkSize, resolutionsOf } from './drnet-checks.js';
import type { BuildOptions } from './entry.js';
import { type PredictorKind, predictResolution } from './resolution-predictor.js';

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
 * @throws ConfigError for an option that there is none of or that is out of range, fewer than two resolutions, one that is no part
 * of the input, smaller than the backbone's strides or too small for its layers, a backbone of many answers a clip, labels below 1.
 */
export function wrapBackbone(
  name: string,
  backbone: Backbone,
  config: DrNetConfig,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const { candidates: kind = 'resize', resolutions = DEFAULT_RESOLUTIONS } = config;
  checkConfig(name, config, { labels, input });
  const sizes = resolutionsOf(name, resolutions, input, kind);
  checkBackbone(name, backbone.build({ labels, input }), sizes);
  const g = new GraphBuilder(name);
  const features = g.input('features', input);
  const candidates = sizes.map((size, i) => candidateOf(g, features, { size, kind, name: `r${i}.features` }));
  const choice = choose(g, features, candidates, config);
  const gate = g.gumbelSoftmax(choice, 1, { name: 'gate' });
  const front = g.build({ outputs: [gate] });
  const branches = sizes.map((size) =>
    buildAt(name, backbone, { labels, input: [...size, input[2]] }, input),
  );
  return joinBranches(front, branches, candidates, gate);
}

/** The predictor on what it is to see. */
function choose(g: GraphBuilder, features: Value, candidates: readonly Value[], config: DrNetConfig): Value {
  const { predictor: kind = 'residual', predictorSize = 0.5, predictorInput = 'resize' } = config;
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
