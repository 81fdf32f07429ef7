import { describe, expect, it } from 'vitest';
import { type KernelSet, relaxedSupported } from '../../../../src/engine/wasm/binaries.js';
import { suitsWinograd, winogradWeight } from '../../../../src/engine/wasm/emit/winograd.js';
import { createWasmEngine } from '../../../../src/engine/wasm/wasm-engine.js';
import { GraphBuilder } from '../../../../src/graph/builder.js';
import type { ActivationKind, Conv2dNode, Graph, Padding } from '../../../../src/graph/graph.js';
import { Random } from '../../../../src/numerics/random.js';
import { expectAllClose } from '../../../support/all-close.js';
import { runReference } from '../../../support/reference.js';

const SETS: readonly KernelSet[] = relaxedSupported() ? ['strict', 'relaxed'] : ['strict'];
const CLIPS = 3;
const KINDS: readonly (ActivationKind | undefined)[] = [
  undefined,
  'relu',
  'relu6',
  'silu',
  'hardSwish',
  'leakyRelu',
];
const PADDINGS: readonly Padding[] = [
  [
    [1, 1],
    [1, 1],
  ],
  [
    [2, 0],
    [1, 1],
  ],
  [
    [0, 0],
    [0, 0],
  ],
  [
    [0, 2],
    [2, 1],
  ],
];

/** One convolution a size, each of a map of its own; paddings and activations by turns. */
function convolutions(sizes: readonly (readonly [number, number])[], inputs: number, outputs: number): Graph {
  const builder = new GraphBuilder('convolutions');
  const values = sizes.map(([To, Fo], i) => {
    const padding = PADDINGS[i % PADDINGS.length];
    const [T, F] = [To, Fo].map((size, axis) => size + 2 - padding[axis][0] - padding[axis][1]);
    // A map that would be all padding: the same convolution with less of it.
    const none = T < 1 || F < 1;
    const x = builder.input(`x${i}`, none ? [To, Fo, inputs] : [T, F, inputs]);
    const y = builder.conv2d(x, {
      kernel: [3, 3],
      channels: outputs,
      bias: i % 3 > 0,
      padding: none ? PADDINGS[0] : padding,
    });
    const kind = KINDS[i % KINDS.length];
    return kind ? builder.activation(y, kind) : y;
  });
  return builder.build({ outputs: values });
}

/** Numbers in −1 … 1 for every tensor of a graph. */
function unitNumbers(graph: Graph) {
  const fill = (name: string, shape: readonly number[], count = 1) => {
    const random = new Random(7, name.length, name.charCodeAt(1), Number(name.replace(/\D/g, '')));
    return Float32Array.from({ length: count * shape.reduce((a, b) => a * b) }, () => random.between(-1, 1));
  };
  const parameters = Object.entries(graph.parameters).map(([name, { shape }]) => [name, fill(name, shape)]);
  const inputs = graph.inputs.map((name) => {
    const { shape } = graph.nodes.find((node) => node.name === name)!;
    return [name, fill(name, shape, CLIPS)];
  });
  return {
    parameters: Object.fromEntries(parameters) as Record<string, Float32Array>,
    inputs: Object.fromEntries(inputs) as Record<string, Float32Array>,
  };
}

async function compile(graph: Graph, kernels: KernelSet, parameters: Record<string, Float32Array>) {
  const program = await (await createWasmEngine({ kernels })).compileInference(graph, { maxBatch: CLIPS });
  program.assign(parameters);
  return program;
}

/** Maps of 1 … 9 lines by 1 … 7 columns, and some low or narrow ones that are worth the transforms. */
const SMALL = [
  ...Array.from({ length: 63 }, (_, i) => [1 + Math.floor(i / 7), 1 + (i % 7)] as const),
  ...([
    [3, 9],
    [4, 8],
    [24, 2],
    [15, 2],
  ] as const),
];
const LARGE = [
  [9, 7],
  [25, 5],
  [13, 3],
  [4, 3],
  [49, 4],
  [6, 22],
] as const;

describe('a 3 × 3 convolution of inference', () => {
  const cases = [
    [8, 8, SMALL],
    [8, 12, SMALL],
    [12, 20, SMALL],
    [20, 8, SMALL],
    [64, 64, LARGE],
  ] as const;

  it.each(cases)('from %i to %i channels is that of naive loops in float64', async (from, to, sizes) => {
    const graph = convolutions(sizes, from, to);
    const { inputs, parameters } = unitNumbers(graph);
    const run = { inputs, parameters, statistics: {}, count: CLIPS, training: false };
    const { maps } = runReference(graph, run);
    for (const set of SETS) {
      const found = (await compile(graph, set, parameters)).run(inputs, CLIPS);
      for (const [i, { name }] of graph.nodes.filter(({ op }) => op === 'conv2d').entries()) {
        const sums = maps.get(name)!.data;
        const largest = sums.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        // Activations may make the largest small, but not what is lost.
        const output = graph.outputs[i];
        const expected = maps.get(output)!.data;
        expectAllClose(found[output], expected, { absolute: 1e-5 * largest }, `${set} ${output}`);
      }
    }
  });

  it('gives each clip the same bytes alone and in a batch', async () => {
    const graph = convolutions(LARGE, 12, 20);
    const { inputs, parameters } = unitNumbers(graph);
    const program = await compile(graph, 'strict', parameters);
    const together = Object.entries(program.run(inputs, CLIPS)).map(
      ([name, map]) => [name, map.slice()] as const,
    );
    for (let clip = 0; clip < CLIPS; clip++) {
      const part = (map: Float32Array) =>
        map.slice((clip * map.length) / CLIPS, ((clip + 1) * map.length) / CLIPS);
      const one = Object.fromEntries(Object.entries(inputs).map(([name, map]) => [name, part(map)]));
      const alone = program.run(one, 1);
      for (const [name, map] of together) expect(alone[name]).toEqual(part(map));
    }
  });
});

describe('suitsWinograd', () => {
  const nodeOf = (To: number, Fo: number, outputs = 8) =>
    convolutions([[To, Fo]], 8, outputs).nodes.find(({ op }) => op === 'conv2d') as Conv2dNode;

  it('takes maps that need half the products, in fours of channels', () => {
    expect(
      [nodeOf(5, 5), nodeOf(13, 3), nodeOf(25, 5), nodeOf(8, 8)].map((node) => suitsWinograd(node, 8)),
    ).toEqual([true, true, true, true]);
    expect(
      [nodeOf(1, 1), nodeOf(4, 4), nodeOf(2, 12), nodeOf(8, 8, 10), nodeOf(8, 8, 4)].map((node) =>
        suitsWinograd(node, 8),
      ),
    ).toEqual([false, false, false, false, false]);
    expect(suitsWinograd(nodeOf(8, 8), 6)).toBe(false);
  });
});

describe('winogradWeight', () => {
  it('has the taps of the corners at the points 0 and ∞', () => {
    const weight = Float32Array.from({ length: 36 }, (_, i) => i + 1);
    const found = winogradWeight(weight, 1, 4);
    // The points' distances from 0 multiply to −2 along time and 2 along frequency.
    const corners = [0, 4, 30, 34].map((k) => Array.from(found.subarray(4 * k, 4 * k + 4)));
    expect(corners).toEqual([
      [1, 2, 3, 4].map((tap) => tap / -4),
      [9, 10, 11, 12].map((tap) => tap / -2),
      [25, 26, 27, 28].map((tap) => tap / 2),
      [33, 34, 35, 36],
    ]);
  });
});
