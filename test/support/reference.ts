/** The oracle of the engines: graphs run by naive float64 loops, gradients by central differences. */
import type { Graph } from '../../src/graph/graph.js';
import { hashText, Random } from '../../src/numerics/random.js';
import type { Maps, Numbers, OpContext } from './reference-maps.js';
import { runReferenceOp } from './reference-ops.js';

export interface ReferenceRun {
  readonly inputs: Numbers;
  readonly parameters: Numbers;
  readonly statistics: Numbers;
  readonly count: number;
  readonly training: boolean;
  readonly normShard?: number;
  readonly seed?: number;
  readonly sampleWeights?: ArrayLike<number>;
}

export interface ReferenceResult {
  readonly maps: ReadonlyMap<string, Maps>;
  readonly loss: number;
  readonly moments: Record<string, Float64Array>;
  readonly soft: Map<string, Float64Array>;
}

/**
 * Runs every node of a graph. With `base`, the result of the same run undisturbed, what passes no gradient
 * (stopGradient, targets) is held to its values there and Gumbel samples move by their soft part alone.
 */
export function runReference(graph: Graph, run: ReferenceRun, base?: ReferenceResult): ReferenceResult {
  const maps = new Map<string, Maps>();
  const context: OpContext = {
    ...run,
    normShard: run.normShard ?? 32,
    seed: run.seed ?? 0,
    held: base?.maps,
    soft: base?.soft ?? new Map(),
    moments: {},
  };
  for (const node of graph.nodes) {
    const data =
      node.op === 'input'
        ? Float64Array.from(Array.from(run.inputs[node.name]).slice(0, run.count * sizeOfMap(node.shape)))
        : runReferenceOp(
            node,
            node.inputs.map((name) => maps.get(name)!),
            context,
          );
    maps.set(node.name, { data, shape: node.shape });
  }
  let loss = 0;
  for (const name of graph.losses)
    for (let clip = 0; clip < run.count; clip++)
      loss += ((run.sampleWeights?.[clip] ?? 1) * maps.get(name)!.data[clip]) / run.count;
  return { maps, loss, moments: context.moments, soft: context.soft };
}

/** `loss + Σ outputs · outputGradients`, what a training step differentiates. */
export function objectiveOf(graph: Graph, result: ReferenceResult, outputGradients: Numbers): number {
  let sum = result.loss;
  for (const name of graph.outputs) {
    const given = outputGradients[name];
    const { data } = result.maps.get(name)!;
    if (given) for (let i = 0; i < data.length; i++) sum += data[i] * given[i];
  }
  return sum;
}

/** What central differences say of one tensor's gradient: some elements and its product with some directions. */
export interface GradientProbe {
  readonly size: number;
  readonly elements: readonly { readonly index: number; readonly slope: number }[];
  readonly directions: readonly { readonly direction: Float64Array; readonly slope: number }[];
}

const STEP = 1e-6;
const SINGLE_ELEMENTS = 40;
const DIRECTIONS = 3;

/**
 * Probes of the objective's gradient for the parameters and the inputs named. Tensors of up to 40 numbers are probed
 * element by element; of larger ones 40 elements at random, and three random directions for all the rest.
 */
export function probeGradients(
  graph: Graph,
  run: ReferenceRun,
  outputGradients: Numbers,
  gradientsOf: readonly string[],
): Record<string, GradientProbe> {
  const base = runReference(graph, run);
  const inputs = asFloat64(run.inputs);
  const parameters = asFloat64(run.parameters);
  const disturbed = { ...run, inputs, parameters };
  const value = () => objectiveOf(graph, runReference(graph, disturbed, base), outputGradients);
  const names = [...Object.keys(graph.parameters), ...gradientsOf];
  return Object.fromEntries(
    names.map((name) => {
      const random = new Random(hashText(graph.name), hashText(name), 4);
      return [name, probe(parameters[name] ?? inputs[name], value, random)];
    }),
  );
}

function probe(values: Float64Array, valueNow: () => number, random: Random): GradientProbe {
  const size = values.length;
  const start = values.slice();
  const slope = (direction: (index: number) => number) => {
    const along = (factor: number) => {
      for (let i = 0; i < size; i++) values[i] = start[i] + factor * direction(i);
      return valueNow();
    };
    const difference = along(STEP) - along(-STEP);
    values.set(start);
    return difference / (2 * STEP);
  };
  const all = random.shuffle(Array.from({ length: size }, (_, index) => index));
  const elements = all
    .slice(0, SINGLE_ELEMENTS)
    .map((index) => ({ index, slope: slope((i) => (i === index ? 1 : 0)) }));
  const directions = Array.from({ length: size > SINGLE_ELEMENTS ? DIRECTIONS : 0 }, () => {
    const direction = Float64Array.from({ length: size }, () => random.normal());
    return { direction, slope: slope((i) => direction[i]) };
  });
  return { size, elements, directions };
}

function asFloat64(tensors: Numbers): Record<string, Float64Array> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, values]) => [name, Float64Array.from(values)]),
  );
}

function sizeOfMap(shape: readonly number[]): number {
  return shape[0] * shape[1] * shape[2];
}
