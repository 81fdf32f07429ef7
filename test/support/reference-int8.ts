/** The oracle of quantised networks: whole numbers multiplied one by one in float64, which holds them exactly. */
import type { Conv2dNode, DenseNode, Graph, GraphNode, Tensors } from '../../src/graph/graph.js';
import type { Grid, Quantization } from '../../src/graph/quantization.js';
import { Random } from '../../src/numerics/random.js';
import type { Maps, OpContext } from './reference-maps.js';
import { runReferenceOp } from './reference-ops.js';

const { fround } = Math;

/** Where a number lies on a grid, minus the grid's zero: (x / scale + zero) in float32, half to even, kept in 0 … 127. */
export function onGrid(value: number, { scale, zero }: Grid): number {
  const place = fround(fround(fround(value) * fround(1 / scale)) + zero);
  const kept = Math.min(127, Math.max(0, place));
  const below = Math.floor(kept);
  const rest = kept - below;
  const rounded = rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
  return rounded - zero;
}

/** The map of a node that multiplies integers: scale · Σ + bias, each step rounded to float32. */
export function runInteger(
  node: GraphNode,
  x: Maps,
  quantization: Quantization,
  run: OpContext,
): Float64Array {
  const { weight, bias } = node as Conv2dNode | DenseNode;
  const grid = quantization.grids[node.name];
  const { integers, scales } = quantization.weights[weight];
  const whole: Maps = { shape: x.shape, data: x.data.map((value) => onGrid(value, grid)) };
  const bare = { ...node, bias: undefined } as GraphNode;
  const sums = runReferenceOp(bare, [whole], { ...run, parameters: { [weight]: integers } });
  const n = scales.length;
  return sums.map((sum, i) =>
    fround(
      fround(fround(sum) * fround(scales[i % n] * grid.scale)) + (bias ? run.parameters[bias][i % n] : 0),
    ),
  );
}

/** All maps of a quantised network; what is not quantised in float64. */
export function runQuantized(
  graph: Graph,
  quantization: Quantization,
  given: { readonly inputs: Tensors; readonly tensors: Tensors; readonly count: number },
): Map<string, Maps> {
  const maps = new Map<string, Maps>();
  const { count, tensors: all } = given;
  const nothing = { training: false, normShard: 32, seed: 0, soft: new Map(), moments: {} };
  const run: OpContext = { ...nothing, count, parameters: all, statistics: all };
  for (const node of graph.nodes) {
    const [first, ...rest] = node.inputs.map((name) => maps.get(name)!);
    const integer = Object.hasOwn(quantization.grids, node.name);
    const data =
      node.op === 'input'
        ? Float64Array.from(given.inputs[node.name])
        : integer
          ? runInteger(node, first, quantization, run)
          : runReferenceOp(node, [first, ...rest], run);
    maps.set(node.name, { data, shape: node.shape });
  }
  return maps;
}

/** Random integers and scales for every weight, and grids of random zero for the nodes named. */
export function randomQuantization(graph: Graph, nodes: readonly GraphNode[], seed: number): Quantization {
  const random = new Random(seed);
  const weights: Record<string, Quantization['weights'][string]> = {};
  const grids: Record<string, Grid> = {};
  for (const node of nodes) {
    const { weight, name, shape } = node as Conv2dNode;
    const size = graph.parameters[weight].shape.reduce((product, axis) => product * axis, 1);
    weights[weight] = {
      integers: Int8Array.from({ length: size }, () => Math.floor(random.between(-127, 128))),
      scales: Float32Array.from({ length: shape[2] }, () => random.between(0.001, 0.02)),
    };
    grids[name] = { scale: random.between(0.02, 0.05), zero: Math.floor(random.between(0, 128)) };
  }
  return { weights, grids };
}
