import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { GraphBuilder } from '../../../src/graph/builder.js';

const [T, F, C] = [7, 5, 6];

/** Windows of 3 × 3 around each position. */
function pooled() {
  const g = new GraphBuilder('pooled');
  const x = g.input('x', [T, F, C]);
  const padding = [
    [1, 1],
    [1, 1],
  ] as const;
  return g.build({ outputs: [g.maxPool(x, { kernel: [3, 3], stride: [1, 1], padding })] });
}

/** The positions of a window of one channel, line by line. */
function windowAt(t: number, f: number, c: number): number[] {
  const near = [-1, 0, 1];
  return near.flatMap((u) =>
    near
      .filter((v) => t + u >= 0 && t + u < T && f + v >= 0 && f + v < F)
      .map((v) => ((t + u) * F + f + v) * C + c),
  );
}

const all = Array.from({ length: T * F * C }, (_, i) => i);
const windowOf = (i: number) => windowAt(Math.floor(i / C / F), Math.floor(i / C) % F, i % C);

describe('max pooling', () => {
  it('is broken by a number that is none, in the windows that it is in and no other', async () => {
    const program = await (await createWasmEngine()).compileInference(pooled(), { maxBatch: 1 });
    program.assign({});
    const x = Float32Array.from(all, (i) => ((i * 37) % 23) - 30);
    const broken = (3 * F + 2) * C + 4;
    x[broken] = Number.NaN;
    const [y] = Object.values(program.run({ x }, 1));
    const expected = all.map((i) => Math.max(...windowOf(i).map((p) => x[p])));
    expect(Array.from(y)).toEqual(expected);
    expect(expected.filter(Number.isNaN)).toHaveLength(9);
  });

  it('gives the whole gradient to the first of equals', async () => {
    const program = await (await createWasmEngine()).compileTraining(pooled(), {
      maxBatch: 1,
      gradientsOf: ['x'],
    });
    // Three values, so that nearly every window has several largest numbers.
    const x = Float32Array.from(all, (i) => ((i * 7919) % 101) % 3);
    const dy = Float32Array.from(all, (i) => (i % 17) + 1);
    const [output] = pooled().outputs;
    const step = { inputs: { x }, count: 1, seed: 1, backward: true, outputGradients: { [output]: dy } };
    const { gradients } = await program.step(step);
    const expected = new Float32Array(x.length);
    for (const i of all) {
      const window = windowOf(i);
      const best = Math.max(...window.map((p) => x[p]));
      expected[window.find((p) => x[p] === best)!] += dy[i];
    }
    expect(gradients.x).toEqual(expected);
    program.dispose();
  });
});
