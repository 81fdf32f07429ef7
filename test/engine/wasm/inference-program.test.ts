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
