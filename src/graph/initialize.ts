/** Starting values of a graph's parameters and running statistics, drawn by name so that their order does not matter. */
import { hashText, Random } from '../numerics/random.js';
import type { Graph, ParameterSpec, Tensors } from './graph.js';
import { sizeOf } from './graph.js';

/** Parameters of the shapes the graph declares; the same seed gives the same numbers on any machine. */
export function initializeParameters(graph: Graph, seed: number): Tensors {
  const result: Tensors = {};
  for (const [name, spec] of Object.entries(graph.parameters)) {
    result[name] = initialValues(spec, new Random(seed, hashText(name)));
  }
  return result;
}

/** Running statistics before any training: means 0, variances 1. */
export function initializeStatistics(graph: Graph): Tensors {
  const result: Tensors = {};
  for (const [name, spec] of Object.entries(graph.statistics)) {
    result[name] = new Float32Array(sizeOf(spec.shape)).fill(spec.role === 'mean' ? 0 : 1);
  }
  return result;
}

function initialValues(spec: ParameterSpec, random: Random): Float32Array {
  const values = new Float32Array(sizeOf(spec.shape));
  const { init } = spec;
  if (init.kind === 'constant') return values.fill(init.value);
  if (init.kind === 'values') {
    values.set(init.values);
    return values;
  }
  const draw =
    init.kind === 'uniform' ? () => random.between(-init.limit, init.limit) : normalOf(random, init.fanOut);
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return values;
}

function normalOf(random: Random, fanOut: number): () => number {
  const deviation = Math.sqrt(2 / fanOut);
  return () => deviation * random.normal();
}
