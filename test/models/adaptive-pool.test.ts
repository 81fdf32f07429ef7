import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { GraphBuilder, NO_PADDING } from '../../src/graph/builder.js';
import type { Graph, Pair } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { poolToSize } from '../../src/models/adaptive-pool.js';
import { expectAllClose } from '../support/all-close.js';
import { runReference } from '../support/reference.js';

const CHANNELS = 2;

function build(from: Pair, to: Pair): Graph {
  const g = new GraphBuilder('pool');
  const graph = g.build({ outputs: [poolToSize(g, g.input('x', [...from, CHANNELS]), to)] });
  checkGraph(graph);
  return graph;
}

const numbers = ([rows, columns]: Pair) =>
  Float64Array.from({ length: rows * columns * CHANNELS }, (_, i) => Math.sin(i * i));

function run(graph: Graph, x: Float64Array) {
  const tensors = { parameters: {}, statistics: {} };
  const { maps } = runReference(graph, { inputs: { x }, ...tensors, count: 1, training: false });
  return maps.get(graph.outputs[0])!.data;
}

/** First row and the row after the last of window `i`. */
type Windows = (i: number, from: number, to: number) => Pair;

/** PyTorch's AdaptiveAvgPool. */
const adaptive: Windows = (i, from, to) => [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
const nearest: Windows = (i, from, to) => [Math.floor((i * from) / to), Math.floor((i * from) / to) + 1];
/** What `poolToSize` says of sizes that no pool of one window divides so. */
const even: Windows = (i, from, to) => {
  const start = Math.floor((i * from) / to);
  return [start, start + Math.ceil(from / to)];
};

/** Means over windows by loops, one axis by one choice of windows. */
function naive(x: Float64Array, from: Pair, to: Pair, [time, frequency]: readonly [Windows, Windows]) {
  const out: number[] = [];
  for (let t = 0; t < to[0]; t++)
    for (let f = 0; f < to[1]; f++)
      for (let c = 0; c < CHANNELS; c++) {
        const [t0, t1] = time(t, from[0], to[0]);
        const [f0, f1] = frequency(f, from[1], to[1]);
        let sum = 0;
        for (let i = t0; i < t1; i++)
          for (let j = f0; j < f1; j++) sum += x[(i * from[1] + j) * CHANNELS + c];
        out.push(sum / ((t1 - t0) * (f1 - f0)));
      }
  return out;
}

type Sizes = readonly [from: Pair, to: Pair];

/** `[T, F]` to `[T', F']`, written in one row. */
const sizes = (...rows: (readonly [number, number, number, number])[]): Sizes[] =>
  rows.map(([t, f, toT, toF]) => [
    [t, f],
    [toT, toF],
  ]);

/** An axis that shrinks is a multiple of what it becomes, one off it, or has adaptive windows of one length. */
const EXACT = sizes(
  [8, 20, 8, 10],
  [9, 20, 3, 5],
  [7, 15, 7, 8],
  [15, 5, 8, 3],
  [11, 10, 5, 3],
  [13, 9, 7, 2],
  [49, 6, 12, 4],
  [23, 4, 8, 3],
  [11, 8, 1, 6],
);

/** Time needs windows of two lengths, frequency does not. */
const UNEVEN = sizes([49, 15, 13, 8], [22, 12, 6, 6], [25, 5, 7, 5]);

/** Sums in another order. */
const REORDERED = { absolute: 1e-12 };

describe('poolToSize', () => {
  it.each(EXACT)('takes %j to %j as an adaptive average pool does', (from, to) => {
    const x = numbers(from);
    expectAllClose(run(build(from, to), x), naive(x, from, to, [adaptive, adaptive]), REORDERED);
  });

  it.each(UNEVEN)('takes %j to %j by windows of one length from the same rows', (from, to) => {
    const x = numbers(from);
    expectAllClose(run(build(from, to), x), naive(x, from, to, [even, adaptive]), REORDERED);
    for (let i = 0; i < to[0]; i++) {
      const [start, end] = adaptive(i, from[0], to[0]);
      expect([[start, end].join(), [start, end - 1].join()]).toContain(even(i, from[0], to[0]).join());
    }
  });

  it('repeats rows where an axis grows', () => {
    const [[from, to]] = sizes([15, 4, 8, 10]);
    const x = numbers(from);
    expectAllClose(run(build(from, to), x), naive(x, from, to, [adaptive, nearest]), REORDERED);
  });

  it('leaves a map of the size alone, and takes whole windows without padding where sizes divide', () => {
    expect(build([5, 4], [5, 4]).nodes.map(({ op }) => op)).toEqual(['input']);
    const window = { kernel: [3, 2], stride: [3, 2], padding: NO_PADDING, countPadding: true };
    expect(build([9, 20], [3, 10]).nodes.slice(1)).toMatchObject([
      { op: 'avgPool', name: 'avgPool', ...window },
    ]);
  });

  it.each([...EXACT, ...UNEVEN])('takes %j to %j on the engine too', async (from, to) => {
    const graph = build(from, to);
    const x = numbers(from);
    const engine = await createWasmEngine({ kernels: 'strict' });
    const program = await engine.compileInference(graph, { maxBatch: 1 });
    program.assign({});
    const { [graph.outputs[0]]: y } = program.run({ x: Float32Array.from(x) }, 1);
    // Float32 beside float64.
    expectAllClose(y, run(graph, x), { absolute: 1e-6 });
    engine.dispose();
  });
});
