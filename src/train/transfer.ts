/** Starts training from a model that has learned before. */
import { sameFrontEnd } from '../audio/check-front-end.js';
import type { FrontEndConfig } from '../audio/front-end.js';
import { ConfigError } from '../errors.js';
import type { Model } from '../formats/model.js';
import { requireFloat } from '../formats/require-float.js';
import { type Graph, nodesByName, sizeOf, type Tensors } from '../graph/graph.js';
import { initializeParameters, initializeStatistics } from '../graph/initialize.js';
import { routesOf } from '../graph/routes.js';
import { parameterNames } from '../graph/subgraph.js';
import { backboneTensor, wordsTensor } from '../models/drnet.js';
import { formatCount } from './report/numbers.js';
import type { Weights } from './training-state.js';

export interface TransferOptions {
  /** What training goes on from. */
  readonly model: Model;
  /** The network to train, with a head for `labels`. */
  readonly graph: Graph;
  readonly labels: readonly string[];
  readonly frontEnd: FrontEndConfig;
  /** Draws what the model does not have. */
  readonly seed: number;
  /** `features`: only the head is trained, the rest keeps its bytes. Default `none`. */
  readonly freeze?: 'features' | 'none';
}

export interface Transfer {
  readonly weights: Weights;
  /** Parameters to train, for `TrainerOptions.trained`. */
  readonly trained: readonly string[];
  /** Parameters drawn anew, the head's first. */
  readonly fresh: readonly string[];
}

/**
 * Takes every tensor whose name and shape agree. The head (the last layers with parameters before the output) is drawn anew
 * unless the model has the same labels in the same order; so is whatever else the model lacks. A DRNet that starts from its
 * backbone takes the backbone's norms for each of its resolutions, where they have as many numbers there.
 *
 * @throws ConfigError if the model is quantised, the front ends differ, fewer than half of the features' numbers agree, or features are to
 * be frozen that the model does not have.
 */
export function initializeFrom(options: TransferOptions): Transfer {
  const { model, graph, labels, seed, freeze = 'none' } = options;
  requireFloat(model, `start from ${model.name}`);
  checkFrontEnd(options);
  const head = headParameters(graph);
  const sameLabels =
    labels.length === model.labels.length && labels.every((label, i) => label === model.labels[i]);
  const parameters = initializeParameters(graph, seed);
  const statistics = initializeStatistics(graph);
  const names = Object.keys(parameters);
  const wanted = names.filter((name) => sameLabels || !head.has(name));
  const sourceOf = sourceNames(graph, model);
  const taken = new Set(takeAgreeing(parameters, graph.parameters, wanted, { model, sourceOf }));
  takeAgreeing(statistics, graph.statistics, Object.keys(statistics), { model, sourceOf });
  const fresh = [
    ...names.filter((name) => head.has(name)),
    ...names.filter((name) => !head.has(name)),
  ].filter((name) => !taken.has(name));
  const missing = fresh.filter((name) => !head.has(name));
  if (freeze === 'features' && missing.length > 0)
    throw fault(options, 'all features', `none for ${missing[0]}`, missing[0]);
  checkFeatures(
    options,
    names.filter((name) => !head.has(name)),
    taken,
  );
  return { weights: { parameters, statistics }, fresh, trained: freeze === 'features' ? [...head] : names };
}

/** What is drawn anew for the most part starts from nothing: such a model is of another network, taken by mistake. */
function checkFeatures(
  options: TransferOptions,
  features: readonly string[],
  taken: ReadonlySet<string>,
): void {
  const { parameters } = options.graph;
  const count = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + sizeOf(parameters[name].shape), 0);
  // A DRNet's backbone has no predictor to give.
  const wanted = features.filter((name) => !name.startsWith('predictor/'));
  const [all, agreeing] = [count(wanted), count(wanted.filter((name) => taken.has(name)))];
  if (taken.size > 0 && 2 * agreeing >= all) return;
  const found = `${formatCount(agreeing)} of ${formatCount(all)} numbers`;
  throw fault(options, 'most features', found, agreeing);
}

function fault(
  { model, graph }: TransferOptions,
  wanted: string,
  found: string,
  value: unknown,
): ConfigError {
  return new ConfigError(
    'transfer-network',
    `Cannot start from ${model.name}: expected ${wanted} of ${graph.name} in it, got ${found}`,
    { value },
  );
}

/**
 * Weights for a DRNet whose predictor says words, these from a network trained on them: every tensor of it whose name and shape agree.
 * The rest is as in `weights`, or drawn.
 * @throws ConfigError if the network has no such predictor, the model is quantised, of other labels, another front end or another network.
 */
export function startPredictor(
  weights: Weights | undefined,
  { model, graph, labels, seed, frontEnd }: Omit<TransferOptions, 'freeze'>,
): Weights {
  const fault = (wanted: string, found: string) =>
    new ConfigError(
      'predictor-network',
      `Cannot start the predictor of ${graph.name} from ${model.name}: expected ${wanted}, got ${found}`,
      { value: model.name },
    );
  requireFloat(model, `start a predictor from ${model.name}`);
  if (!routesOf(graph)?.words) throw fault('a DRNet whose predictor says words', graph.name);
  if (labels.join('\n') !== model.labels.join('\n'))
    throw fault(`labels ${labels.join(', ')}`, model.labels.join(', '));
  checkFrontEnd({ model, frontEnd });
  const { parameters, statistics } = weights ?? {
    parameters: initializeParameters(graph, seed),
    statistics: initializeStatistics(graph),
  };
  const names = Object.keys(parameters).filter((name) => wordsTensor(name) !== undefined);
  const source = { model, sourceOf: wordsTensor };
  const taken = takeAgreeing(parameters, graph.parameters, names, source);
  if (2 * taken.length < names.length)
    throw fault('most of its tensors', `${taken.length} of ${names.length}`);
  takeAgreeing(statistics, graph.statistics, Object.keys(statistics), source);
  return { parameters, statistics };
}

type SourceOf = (name: string) => string | undefined;

/** Under which name the model has a tensor of the graph. */
function sourceNames(graph: Graph, model: Model): SourceOf {
  const wraps = routesOf(graph) !== undefined && routesOf(model.graph) === undefined;
  return wraps ? backboneTensor : (name) => name;
}

/** Copies what agrees in name and shape into `to`; returns its names. */
function takeAgreeing(
  to: Tensors,
  specs: Readonly<Record<string, { readonly shape: readonly number[] }>>,
  names: readonly string[],
  { model, sourceOf }: { readonly model: Model; readonly sourceOf: SourceOf },
): string[] {
  const { graph, parameters, statistics } = model;
  return names.filter((name) => {
    const source = sourceOf(name);
    if (source === undefined) return false;
    const spec = graph.parameters[source] ?? graph.statistics[source];
    const values = parameters[source] ?? statistics[source];
    if (!spec || !values || spec.shape.join() !== specs[name].shape.join()) return false;
    to[name].set(values);
    return true;
  });
}

/** Parameters of the last layers before the output: going back from it, the first nodes that have any. */
export function headParameters(graph: Graph): ReadonlySet<string> {
  const nodes = nodesByName(graph);
  const names = new Set<string>();
  const visit = (name: string) => {
    const node = nodes.get(name)!;
    const own = parameterNames(node).filter((parameter) => Object.hasOwn(graph.parameters, parameter));
    own.forEach((parameter) => {
      names.add(parameter);
    });
    if (own.length === 0) node.inputs.forEach(visit);
  };
  graph.outputs.forEach(visit);
  return names;
}

function checkFrontEnd({ model, frontEnd }: Pick<TransferOptions, 'model' | 'frontEnd'>): void {
  if (sameFrontEnd(model.frontEnd, frontEnd)) return;
  throw new ConfigError(
    'front-end-mismatch',
    `Cannot start from ${model.name}: expected the front end that the training uses, got another configuration`,
    { value: model.frontEnd },
  );
}
