/** Seeded numbers for a case: inputs, parameters, statistics, gradients put in at the outputs. */
import type { Graph, ParameterSpec, Shape, Tensors } from '../../src/graph/graph.js';
import { nodesByName, sizeOf } from '../../src/graph/graph.js';
import { hashText, Random } from '../../src/numerics/random.js';
import type { OpCase } from './op-cases/op-case.js';

export interface CaseData {
  readonly inputs: Tensors;
  readonly parameters: Tensors;
  readonly statistics: Tensors;
  readonly outputGradients: Tensors;
  readonly sampleWeights?: Float32Array;
  readonly gradientsOf: readonly string[];
  readonly seed: number;
}

export function caseData(entry: OpCase): CaseData {
  const { graph, count, probabilities } = entry;
  const nodes = nodesByName(graph);
  const key = hashText(entry.name);
  const maps = (
    names: readonly string[],
    values: (shape: Shape, random: Random, name: string) => Float32Array,
  ) =>
    Object.fromEntries(
      names.map((name) => [name, values(nodes.get(name)!.shape, new Random(key, hashText(name)), name)]),
    );
  const weights = new Random(key, 1);
  return {
    inputs: maps(graph.inputs, (shape, random, name) =>
      probabilities.includes(name)
        ? distributions(random, (count * sizeOf(shape)) / shape[2], shape[2])
        : normals(random, count * sizeOf(shape)),
    ),
    parameters: drawParameters(graph, key),
    statistics: drawStatistics(graph, key),
    outputGradients: entry.outputGradients
      ? maps(graph.outputs, (shape, random) => normals(random, count * sizeOf(shape)))
      : {},
    ...(entry.sampleWeights && {
      sampleWeights: Float32Array.from({ length: count }, () => weights.between(0, 2)),
    }),
    gradientsOf: graph.inputs.filter((name) => !probabilities.includes(name)),
    seed: key & 0xffff,
  };
}

/** Kernels of the networks for images hold so many numbers: uniform ones of the same deviation are drawn in a fifth of the time. */
const MANY_NUMBERS = 2 ** 18;

/**
 * Every parameter random, none hidden at 0 or 1: γ between ½ and 1½, kernels of the deviation they start with. β leans
 * to the positive, so that no rectified channel is dead and no norm divides by a deviation near 0.
 */
export function drawParameters(graph: Graph, key: number): Tensors {
  const draw = (name: string, { role, shape, init }: ParameterSpec) => {
    const random = new Random(key, hashText(name), 2);
    if (role === 'gamma') return uniforms(random, sizeOf(shape), 0.5, 1.5);
    if (role === 'beta') return uniforms(random, sizeOf(shape), -0.2, 0.8);
    const size = sizeOf(shape);
    if (role !== 'kernel') return normals(random, size, 0.5);
    const deviation = Math.sqrt(init.kind === 'kaimingNormal' ? 2 / init.fanOut : 1 / shape[0]);
    const limit = Math.sqrt(3) * deviation;
    return size < MANY_NUMBERS ? normals(random, size, deviation) : uniforms(random, size, -limit, limit);
  };
  return Object.fromEntries(Object.entries(graph.parameters).map(([name, spec]) => [name, draw(name, spec)]));
}

export function drawStatistics(graph: Graph, key: number): Tensors {
  return Object.fromEntries(
    Object.entries(graph.statistics).map(([name, { role, shape }]) => {
      const random = new Random(key, hashText(name), 3);
      const size = sizeOf(shape);
      return [name, role === 'mean' ? normals(random, size, 0.5) : uniforms(random, size, 0.3, 2)];
    }),
  );
}

export function normals(random: Random, size: number, deviation = 1): Float32Array {
  return Float32Array.from({ length: size }, () => deviation * random.normal());
}

function uniforms(random: Random, size: number, low: number, high: number): Float32Array {
  return Float32Array.from({ length: size }, () => random.between(low, high));
}

/** Rows of probabilities that sum to 1. */
export function distributions(random: Random, rows: number, size: number): Float32Array {
  const values = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const draws = Array.from({ length: size }, () => random.between(0.01, 1) ** 3);
    const sum = draws.reduce((total, value) => total + value, 0);
    draws.forEach((value, i) => {
      values[row * size + i] = value / sum;
    });
  }
  return values;
}
