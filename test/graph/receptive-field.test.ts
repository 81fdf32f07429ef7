import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { GraphBuilder, type Value } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { receptiveFields, totalStride } from '../../src/graph/receptive-field.js';
import { buildModel } from '../../src/models/models.js';

const INPUT = [40, 24, 1] as const;

function graphOf(build: (g: GraphBuilder, x: Value) => Value): Graph {
  const g = new GraphBuilder('field');
  return g.build({ outputs: [build(g, g.input('features', INPUT))] });
}

const fieldOf = (graph: Graph) => receptiveFields(graph).get(graph.outputs[0]);

/** Which rows and columns of the input move the number in the middle of the output, tried out one by one. */
async function measuredField(graph: Graph) {
  const [frames, bands] = INPUT;
  const engine = await createWasmEngine({ kernels: 'strict' });
  const program = await engine.compileInference(graph, { maxBatch: 1 });
  const parameters = initializeParameters(graph, 1);
  for (const values of Object.values(parameters)) values.fill(1);
  program.assign({ ...parameters, ...initializeStatistics(graph) });
  const output = graph.nodes.find(({ name }) => name === graph.outputs[0])!;
  const [t, f, c] = output.shape;
  const middle = (Math.floor(t / 2) * f + Math.floor(f / 2)) * c;
  const valueWith = (at: number) => {
    const features = new Float32Array(frames * bands).fill(1);
    if (at >= 0) features[at] += 1;
    return program.run({ features }, 1)[output.name][middle];
  };
  const still = valueWith(-1);
  const moved = Array.from({ length: frames * bands }, (_, at) => valueWith(at) !== still);
  const span = (hits: number[]) => Math.max(...hits) - Math.min(...hits) + 1;
  const hits = moved.flatMap((hit, at) => (hit ? [at] : []));
  return {
    frames: span(hits.map((at) => Math.floor(at / bands))),
    bands: span(hits.map((at) => at % bands)),
  };
}

describe('receptiveFields', () => {
  it.each<[string, (g: GraphBuilder, x: Value) => Value]>([
    [
      'one convolution',
      (g, x) =>
        g.conv2d(x, {
          channels: 2,
          kernel: [3, 5],
          padding: [
            [1, 1],
            [2, 2],
          ],
        }),
    ],
    [
      'strides multiply what follows',
      (g, x) => {
        const y = g.conv2d(x, {
          channels: 2,
          kernel: [3, 3],
          stride: [2, 2],
          padding: [
            [1, 1],
            [1, 1],
          ],
        });
        return g.depthwiseConv2d(y, {
          kernel: [3, 3],
          padding: [
            [1, 1],
            [1, 1],
          ],
        });
      },
    ],
    [
      'dilation',
      (g, x) =>
        g.conv2d(x, {
          channels: 1,
          kernel: [3, 1],
          dilation: [4, 1],
          padding: [
            [4, 4],
            [0, 0],
          ],
        }),
    ],
    [
      'branches that meet',
      (g, x) => {
        const long = g.conv2d(x, {
          channels: 1,
          kernel: [7, 1],
          padding: [
            [3, 3],
            [0, 0],
          ],
        });
        return g.add(
          long,
          g.conv2d(x, {
            channels: 1,
            kernel: [1, 5],
            padding: [
              [0, 0],
              [2, 2],
            ],
          }),
        );
      },
    ],
    [
      'neighbours that are joined',
      (g, x) => {
        const [frames, bands] = INPUT;
        const next = g.crop(x, [0, 1], [frames, bands - 1]);
        const every = (map: Value) => g.avgPool(map, { kernel: [1, 1], stride: [1, 2] });
        const joined = g.add(every(x), every(next));
        return g.conv2d(joined, {
          channels: 1,
          kernel: [1, 3],
          padding: [
            [0, 0],
            [1, 1],
          ],
        });
      },
    ],
  ])('sees what a changed input moves: %s', async (_, build) => {
    const graph = graphOf(build);
    expect(fieldOf(graph)).toEqual(await measuredField(graph));
  });

  it('sees a whole axis behind a mean', () => {
    expect(fieldOf(graphOf((g, x) => g.globalAvgPool(x)))).toEqual({ frames: 40, bands: 24 });
  });

  it('takes no notice of squeeze-excitation', () => {
    const graph = graphOf((g, x) => g.multiply(x, g.globalAvgPool(x)));
    expect(fieldOf(graph)).toEqual({ frames: 1, bands: 1 });
  });

  it('is in tenths behind a resize that is no whole factor', () => {
    const sides = [1, 1] as const;
    const graph = graphOf((g, x) => {
      const small = g.resize(x, [30, 18], 'bilinear');
      return g.conv2d(small, { channels: 1, kernel: [3, 3], padding: [sides, sides] });
    });
    // Two neighbours each, and two steps of 40 / 30 and 24 / 18 positions more.
    expect(fieldOf(graph)).toEqual({ frames: 4.7, bands: 4.7 });
  });

  it('takes one number a channel that is resized for a map', () => {
    const graph = graphOf((g, x) => g.resize(g.globalAvgPool(x), [2, 2], 'bilinear'));
    expect(fieldOf(graph)).toEqual({ frames: 40, bands: 24 });
  });

  it('agrees with the sum by hand for BC-ResNet-1', () => {
    // 5 frames of the stem; two blocks of 3 frames each, then two whose 3 frames lie 2 apart.
    const fields = receptiveFields(buildModel('bc-resnet-1'));
    const framesAfter = (stage: string) =>
      [...fields].filter(([name]) => name.startsWith(stage)).at(-1)![1].frames;
    expect([framesAfter('stage0'), framesAfter('stage1')]).toEqual([5 + 2 * 2, 5 + 2 * 2 + 2 * 4]);
  });
});

describe('totalStride', () => {
  it('is whole where a map of odd size is brought back', () => {
    const halved = (g: GraphBuilder, x: Value) => g.avgPool(x, { kernel: [1, 1], stride: [2, 2] });
    const graph = (input: readonly [number, number, number]) => {
      const g = new GraphBuilder('strides');
      const fine = halved(g, g.input('features', input));
      const back = g.resize(halved(g, fine), [fine.shape[0], fine.shape[1]], 'bilinear');
      return g.build({ outputs: [halved(g, halved(g, back))] });
    };
    // 98 → 49 → 25, back to 49, → 25 → 13: 25 of 49 count as every second.
    expect(totalStride(graph([98, 40, 1]))).toEqual([8, 8]);
    expect(totalStride(graph([49, 20, 1]))).toEqual([8, 8]);
  });
});
