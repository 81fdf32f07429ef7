import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import type { Shape } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import {
  type GhostBottleneckOptions,
  type GhostOptions,
  ghostBottleneck,
  ghostModule,
} from '../../src/models/ghost-blocks.js';
import { expectAllClose } from '../support/all-close.js';
import { expectRefused } from '../support/expect-refused.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

function buildModule(options: GhostOptions, input: Shape = [5, 4, 6]) {
  const g = new GraphBuilder('ghost');
  const graph = g.build({ outputs: [ghostModule(g, g.input('x', input), options)] });
  checkGraph(graph);
  return graph;
}

function buildBottleneck(options: GhostBottleneckOptions, input: Shape = [9, 8, 16]) {
  const g = new GraphBuilder('bottleneck');
  const graph = g.build({ outputs: [ghostBottleneck(g, g.input('x', input), options)] });
  checkGraph(graph);
  return graph;
}

describe('ghostModule', () => {
  it.each([
    // channels, ratio: own ⌈n / s⌉ maps, (s − 1) ghosts of each, weights of 6 inputs and 3 × 3 cheap ones, γ and β
    [8, 2, 4 * 6 + 4 * 9 + 2 * 8],
    [9, 2, 5 * 6 + 5 * 9 + 2 * 10],
    [8, 3, 3 * 6 + 6 * 9 + 2 * 9],
    [8, 4, 2 * 6 + 6 * 9 + 2 * 8],
    [8, 1, 8 * 6 + 2 * 8],
  ])('makes %i maps at ratio %i with the parameters of the paper', (channels, ratio, parameters) => {
    const graph = buildModule({ channels, ratio });
    expect(graph.nodes.at(-1)!.shape).toEqual([5, 4, channels]);
    expect(costsOf(graph).parameters).toBe(parameters);
  });

  it('puts the maps themselves first and their ghosts after them, in the order of the maps', () => {
    const graph = buildModule({ channels: 6, ratio: 3, activation: 'none' });
    const { parameters, statistics } = randomTensors(graph, 3);
    const x = Float64Array.from({ length: 5 * 4 * 6 }, (_, i) => Math.sin(i));
    // A cheap kernel that passes its map on, times 1 for the first ghost of each and 2 for the second.
    parameters['cheap/weight'].fill(0);
    for (let map = 0; map < 2; map++) {
      const centre = (4 * 2 + map) * 2;
      parameters['cheap/weight'][centre] = 1;
      parameters['cheap/weight'][centre + 1] = 2;
    }
    for (const name of ['gamma', 'beta', 'mean', 'variance']) {
      const tensors = name in { gamma: 0, beta: 0 } ? parameters : statistics;
      tensors[`norm-2/${name}`].fill(name === 'gamma' || name === 'variance' ? 1 : 0);
    }
    const run = { inputs: { x }, parameters, statistics, count: 1, training: false };
    const { maps } = runReference(graph, run);
    const own = maps.get('norm')!.data;
    const all = maps.get(graph.outputs[0])!.data;
    const expected = Array.from({ length: 20 }, (_, i) => {
      const [a, b] = [own[2 * i], own[2 * i + 1]];
      return [a, b, a, 2 * a, b, 2 * b];
    }).flat();
    // ε of 1e-5 in the ghosts' norm moves them by 5e-6 relative.
    expectAllClose(all, expected, { relative: 1e-5 });
  });

  it('takes kernel, stride and cheap kernel of its own', () => {
    const graph = buildModule({ channels: 4, kernel: [3, 3], stride: [2, 1], cheapKernel: [5, 3] });
    expect(graph.nodes.find((node) => node.name === 'primary')).toMatchObject({
      kernel: [3, 3],
      stride: [2, 1],
    });
    expect(graph.nodes.find((node) => node.name === 'cheap')).toMatchObject({
      kernel: [5, 3],
      shape: [3, 4, 2],
    });
  });
});

describe('the options of ghostModule', () => {
  it.each<[Partial<GhostOptions>, string, string]>([
    [{ ratio: 0 }, 'ghost-ratio', 'ratio to be a whole number of 1 or more, got 0'],
    [{ ratio: 1.5 }, 'ghost-ratio', 'ratio to be a whole number of 1 or more, got 1.5'],
    [
      { cheapKernel: [3, 4] },
      'ghost-cheap-kernel',
      'cheapKernel to be a pair of odd whole numbers, got 3 × 4',
    ],
    [
      { cheapKernel: [0, 3] },
      'ghost-cheap-kernel',
      'cheapKernel to be a pair of odd whole numbers, got 0 × 3',
    ],
  ])('refuse %j', (options, code, message) => {
    expectRefused(
      () => buildModule({ channels: 8, ...options }),
      code,
      `a Ghost module: expected ${message}`,
    );
  });

  it('reach the primary convolution: dilation and padding too', () => {
    const window = {
      kernel: [3, 3],
      dilation: [2, 1],
      padding: [
        [4, 0],
        [0, 2],
      ],
    } as const;
    const graph = buildModule({ channels: 4, ...window });
    expect(graph.nodes.find((node) => node.name === 'primary')).toMatchObject(window);
  });
});

describe('ghostBottleneck', () => {
  const names = (options: GhostBottleneckOptions) => buildBottleneck(options).nodes.map((node) => node.name);

  it('passes the input on where width and size stay', () => {
    const graph = buildBottleneck({ expanded: 24, channels: 16 });
    expect(graph.nodes.at(-1)).toMatchObject({
      op: 'add',
      inputs: ['narrow/concat', 'x'],
      shape: [9, 8, 16],
    });
    expect(graph.nodes.some((node) => /stride|shortcut|se\//.test(node.name))).toBe(false);
  });

  it('strides by a depthwise convolution of the row’s kernel, on the shortcut too', () => {
    const graph = buildBottleneck({ expanded: 24, channels: 20, kernel: [5, 5], stride: [1, 2] });
    const strided = graph.nodes.filter((node) => 'stride' in node && node.stride[1] === 2);
    expect(strided).toMatchObject([
      { op: 'depthwiseConv2d', kernel: [5, 5], shape: [9, 4, 24] },
      { op: 'depthwiseConv2d', kernel: [5, 5], shape: [9, 4, 16] },
    ]);
    expect(graph.nodes.at(-1)!.shape).toEqual([9, 4, 20]);
  });

  it('has a shortcut of depthwise and 1 × 1 convolution where only the width changes', () => {
    expect(names({ expanded: 24, channels: 20 })).toContain('shortcut/conv');
    expect(names({ expanded: 24, channels: 20 })).not.toContain('stride');
  });

  it('squeezes between the Ghost modules, to a waist divisible by 4', () => {
    const graph = buildBottleneck({ expanded: 72, channels: 16, squeeze: 0.25 });
    expect(graph.nodes.find((node) => node.name === 'se/reduce')!.shape).toEqual([1, 1, 20]);
    expect(graph.nodes.filter((node) => node.op === 'activation').map((node) => node.kind)).toEqual([
      'relu',
      'relu',
      'relu',
      'hardSigmoid',
    ]);
  });
});
