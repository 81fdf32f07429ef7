import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { GraphBuilder } from '../../../src/graph/builder.js';

/** Maps of 640 kB a clip, more than a block of clips may take; the two outputs are of different sizes. */
function wideGraph() {
  const builder = new GraphBuilder('wide');
  const a = builder.input('a', [100, 100, 16]);
  const b = builder.input('b', [1, 1, 16]);
  const sum = builder.add(a, b);
  return builder.build({ outputs: [builder.relu(sum), builder.globalAvgPool(sum)] });
}

describe('compileInference', () => {
  it.each([1, 2, 5])('gives %i of five clips what naive loops give, block by block', async (count) => {
    const graph = wideGraph();
    const program = await (await createWasmEngine()).compileInference(graph, { maxBatch: 5 });
    program.assign({});
    const size = 100 * 100 * 16;
    const a = Float32Array.from({ length: 5 * size }, (_, i) => ((i * 7919) % 1013) - 500);
    const b = Float32Array.from({ length: 5 * 16 }, (_, i) => i - 40);
    const outputs = program.run({ a, b }, count);
    const [relu, mean] = graph.outputs.map((name) => outputs[name]);
    const sums = a
      .subarray(0, count * size)
      .map((value, i) => value + b[Math.floor(i / size) * 16 + (i % 16)]);
    expect(relu).toHaveLength(sums.length);
    // One look at a number each: matchers take seconds for so many.
    expect(sums.findIndex((value, i) => relu[i] !== Math.max(0, value))).toBe(-1);
    const means = Array.from({ length: count * 16 }, (_, i) => {
      let total = 0;
      for (let p = 0; p < 10_000; p++) total += sums[Math.floor(i / 16) * size + p * 16 + (i % 16)];
      return total / 10_000;
    });
    expect(mean).toHaveLength(means.length);
    // Whole numbers below 2²⁴ are summed exactly; the mean is one rounding away.
    for (const [i, value] of means.entries()) expect(mean[i]).toBeCloseTo(value, 3);
  });
});

describe('a depthwise convolution of a map larger than a strip', () => {
  const SIZES = { T: 45, F: 11, C: 24 } as const;

  /** y[t, f, c] by loops over taps, zeros outside. */
  function naive(x: Float32Array, w: Float32Array, kernel: readonly number[], stride: readonly number[]) {
    const { T, F, C } = SIZES;
    const [kt, kf] = kernel;
    const [To, Fo] = [Math.ceil(T / stride[0]), Math.ceil(F / stride[1])];
    return Float32Array.from({ length: To * Fo * C }, (_, i) => {
      const [t, f, c] = [Math.floor(i / C / Fo), Math.floor(i / C) % Fo, i % C];
      let sum = 0;
      for (let u = 0; u < kt; u++) {
        for (let v = 0; v < kf; v++) {
          const [a, b] = [t * stride[0] + u - (kt >> 1), f * stride[1] + v - (kf >> 1)];
          if (a >= 0 && a < T && b >= 0 && b < F) sum += x[(a * F + b) * C + c] * w[(u * kf + v) * C + c];
        }
      }
      return sum;
    });
  }

  it.each([
    [
      [3, 3],
      [1, 1],
    ],
    [
      [3, 3],
      [2, 2],
    ],
    [
      [5, 3],
      [1, 1],
    ],
    [
      [5, 5],
      [1, 2],
    ],
    [
      [1, 3],
      [1, 1],
    ],
    [
      [3, 1],
      [2, 1],
    ],
  ] as const)('of %j taps with stride %j is that of naive loops', async (kernel, stride) => {
    const { T, F, C } = SIZES;
    const builder = new GraphBuilder('strips');
    const y = builder.depthwiseConv2d(builder.input('x', [T, F, C]), { kernel, stride });
    const graph = builder.build({ outputs: [y] });
    const [[name, { shape }]] = Object.entries(graph.parameters);
    const w = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => ((i * 31) % 17) - 8);
    const x = Float32Array.from({ length: T * F * C }, (_, i) => ((i * 7919) % 1013) - 500);
    const program = await (await createWasmEngine()).compileInference(graph, { maxBatch: 1 });
    program.assign({ [name]: w });
    // Whole numbers below 2²⁴ are summed exactly in any order.
    expect(Array.from(program.run({ x }, 1)[graph.outputs[0]])).toEqual(
      Array.from(naive(x, w, kernel, stride)),
    );
  });
});
