import type { Graph } from '../../src/graph/graph.js';
import { sizeOf } from '../../src/graph/graph.js';
import { initializeParameters } from '../../src/graph/initialize.js';
import { hashText, Random } from '../../src/numerics/random.js';

/** Tensors under which every path of a graph counts: γ of 0.5 … 1.5 (blocks start at 0), statistics drawn too. */
export function randomTensors(graph: Graph, seed: number) {
  const draw = (name: string, size: number, low: number, high: number) => {
    const random = new Random(seed, hashText(name));
    return Float32Array.from({ length: size }, () => random.between(low, high));
  };
  const parameters = initializeParameters(graph, seed);
  for (const [name, { role, shape }] of Object.entries(graph.parameters))
    if (role !== 'kernel') parameters[name] = draw(name, sizeOf(shape), 0.5, 1.5);
  const statistics = Object.fromEntries(
    Object.entries(graph.statistics).map(([name, { shape }]) => [name, draw(name, sizeOf(shape), 0.5, 1.5)]),
  );
  return { parameters, statistics };
}
