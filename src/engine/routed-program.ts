/** Inference of networks that choose a route: the predictor runs on every clip, then only the branch it chose. */

import { ConfigError } from '../errors.js';
import { type Graph, nodesByName, sizeOf, type Tensors } from '../graph/graph.js';
import { type Routes, routesOf } from '../graph/routes.js';
import { Random } from '../numerics/random.js';
import { indexOfLargest } from '../numerics/scores.js';
import { checkCount, checkMaps } from './check-arguments.js';
import type { Engine, InferenceOptions, InferenceProgram } from './engine.js';

/**
 * Who chooses: the network's predictor; nobody, always the same route; or chance, route j at share j. Random routes hang on
 * seed and number of the clip alone, counted from the last `routeBy`.
 */
export type Routing =
  | { readonly kind: 'predicted' }
  | { readonly kind: 'fixed'; readonly route: number }
  | { readonly kind: 'random'; readonly shares: readonly number[]; readonly seed: number };

/** A program of a network with routes; outputs are those of the whole graph. */
export interface RoutedProgram extends InferenceProgram {
  readonly routes: Routes;
  /** By clip of the last run: the number of the branch that ran. */
  readonly chosen: Int32Array;
  /** MACs of a clip that goes by a route, those of choosing it included. */
  macsOf(route: number): number;
  /** Changes who chooses. @throws ConfigError for a kind or route that does not exist, shares or a seed that are none. */
  routeBy(routing: Routing): void;
}

export function isRouted(program: InferenceProgram): program is RoutedProgram {
  return 'routes' in program;
}

/** Any graph ready for inference: one with routes as a RoutedProgram, any other as the engine compiles it. */
export async function compileNetwork(
  engine: Engine,
  graph: Graph,
  options: InferenceOptions,
): Promise<InferenceProgram | RoutedProgram> {
  const routes = routesOf(graph);
  if (!routes) return engine.compileInference(graph, options);
  const graphs = [routes.predictor, ...routes.branches.map((branch) => branch.graph)];
  const compile = (part: Graph) => engine.compileInference(part, options);
  const [predictor, ...branches] = await compileAll(graphs, compile);
  return new BranchingProgram({ graph, routes, predictor, branches, maxBatch: options.maxBatch });
}

/** Programs of several graphs, one after the other; if one fails, none is left. */
export async function compileAll<Program extends { dispose(): void }>(
  graphs: readonly Graph[],
  compile: (graph: Graph) => Promise<Program>,
): Promise<Program[]> {
  const programs: Program[] = [];
  try {
    for (const graph of graphs) programs.push(await compile(graph));
    return programs;
  } catch (error) {
    for (const program of programs) program.dispose();
    throw error;
  }
}

interface Parts {
  readonly graph: Graph;
  readonly routes: Routes;
  readonly predictor: InferenceProgram;
  readonly branches: readonly InferenceProgram[];
  readonly maxBatch: number;
}

class BranchingProgram implements RoutedProgram {
  readonly routes: Routes;
  readonly chosen: Int32Array;
  readonly #parts: Parts;
  readonly #gathered: Tensors;
  readonly #output: Float32Array;
  #routing: Routing = { kind: 'predicted' };
  #random = new Random(0);

  constructor(parts: Parts) {
    const { graph, routes, maxBatch } = parts;
    const nodes = nodesByName(graph);
    const numbers = (name: string) => new Float32Array(maxBatch * sizeOf(nodes.get(name)!.shape));
    this.#parts = parts;
    this.routes = routes;
    this.chosen = new Int32Array(maxBatch);
    this.#gathered = { [graph.inputs[0]]: numbers(graph.inputs[0]) };
    this.#output = numbers(graph.outputs[0]);
  }

  assign(tensors: Tensors): void {
    const { predictor, branches } = this.#parts;
    for (const program of [predictor, ...branches]) program.assign(tensors);
  }

  macsOf(route: number): number {
    const { branches, predictorMacs } = this.routes;
    return branches[route].macs + (this.#routing.kind === 'predicted' ? predictorMacs : 0);
  }

  routeBy(routing: Routing): void {
    checkRouting(routing, this.routes.branches.length);
    this.#routing = routing;
    if (routing.kind === 'random') this.#random = new Random(routing.seed);
  }

  run(inputs: Tensors, count: number): Tensors {
    const { branches, graph, maxBatch } = this.#parts;
    checkCount(count, maxBatch);
    checkMaps(graph, graph.inputs, inputs, count);
    this.#choose(inputs, count);
    const values = this.#output.length / this.#parts.maxBatch;
    for (const [route, program] of branches.entries()) {
      const clips = this.#gather(inputs, count, route);
      if (clips === 0) continue;
      const answers = program.run(this.#gathered, clips)[this.routes.branches[route].graph.outputs[0]];
      let from = 0;
      for (let clip = 0; clip < count; clip++) {
        if (this.chosen[clip] !== route) continue;
        this.#output.set(answers.subarray(from, from + values), clip * values);
        from += values;
      }
    }
    return { [graph.outputs[0]]: this.#output.subarray(0, count * values) };
  }

  dispose(): void {
    const { predictor, branches } = this.#parts;
    for (const program of [predictor, ...branches]) program.dispose();
  }

  #choose(inputs: Tensors, count: number): void {
    const routing = this.#routing;
    if (routing.kind === 'fixed') this.chosen.fill(routing.route, 0, count);
    else if (routing.kind === 'random') {
      for (let clip = 0; clip < count; clip++) this.chosen[clip] = drawRoute(this.#random, routing.shares);
    } else {
      const { predictor } = this.#parts;
      const ways = this.routes.branches.length;
      const logits = predictor.run(inputs, count)[this.routes.predictor.outputs[0]];
      for (let clip = 0; clip < count; clip++)
        this.chosen[clip] = indexOfLargest(logits.subarray(clip * ways, (clip + 1) * ways));
    }
  }

  /** Puts the clips of a route one after the other; returns how many there are. */
  #gather(inputs: Tensors, count: number, route: number): number {
    const [name] = this.#parts.graph.inputs;
    const from = inputs[name];
    const to = this.#gathered[name];
    const size = to.length / this.#parts.maxBatch;
    let clips = 0;
    for (let clip = 0; clip < count; clip++) {
      if (this.chosen[clip] !== route) continue;
      to.set(from.subarray(clip * size, (clip + 1) * size), clips * size);
      clips++;
    }
    return clips;
  }
}

/** The first route whose shares, added up, are above a draw. */
function drawRoute(random: Random, shares: readonly number[]): number {
  const total = shares.reduce((sum, share) => sum + share, 0);
  let left = random.uniform() * total;
  for (const [route, share] of shares.entries()) {
    left -= share;
    if (left < 0) return route;
  }
  return shares.findLastIndex((share) => share > 0);
}

const KINDS: readonly string[] = ['predicted', 'fixed', 'random'] satisfies Routing['kind'][];

function checkRouting(routing: Routing, routes: number): void {
  const kind: unknown = routing?.kind;
  if (!KINDS.includes(kind as string)) throw fault(`a kind of ${KINDS.join(', ')}`, `${kind}`, kind);
  if (routing.kind === 'fixed') checkRoute(routing.route, routes);
  if (routing.kind === 'random') checkChance(routing, routes);
}

function checkRoute(route: number, routes: number): void {
  if (Number.isInteger(route) && route >= 0 && route < routes) return;
  throw fault(`a route from 0 to ${routes - 1}`, `${route}`, route);
}

function checkChance({ shares, seed }: Extract<Routing, { kind: 'random' }>, routes: number): void {
  const isList = Array.isArray(shares);
  const sum = isList ? shares.reduce((total, share) => total + share, 0) : 0;
  const fit = isList && shares.length === routes && shares.every((share) => share >= 0);
  if (!(fit && sum > 0 && sum < Infinity))
    throw fault(`${routes} shares of 0 or more, not all 0`, isList ? shares.join(', ') : `${shares}`, shares);
  if (!Number.isInteger(seed)) throw fault('a seed that is a whole number', `${seed}`, seed);
}

function fault(wanted: string, found: string, value: unknown): ConfigError {
  return new ConfigError('routing', `Cannot choose a route: expected ${wanted}, got ${found}`, { value });
}
