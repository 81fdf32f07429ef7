import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../src/errors.js';
import { GraphBuilder, type Value } from '../../src/graph/builder.js';
import type { Padding, Pair, Shape } from '../../src/graph/graph.js';
import { inferShape, windowedSize } from '../../src/graph/infer-shape.js';

const NONE: Padding = [
  [0, 0],
  [0, 0],
];

/** Counts the places where a dilated kernel fits on a padded axis, one by one. */
function placesOf(size: number, kernel: number, stride: number, dilation: number, padding: Pair): number {
  let places = 0;
  for (let start = -padding[0]; start + dilation * (kernel - 1) < size + padding[1]; start += stride)
    places++;
  return places;
}

describe('windowedSize', () => {
  it('counts the places where the kernel fits, for every small case', () => {
    for (const size of [1, 2, 5, 8, 9])
      for (const kernel of [1, 2, 3, 5])
        for (const stride of [1, 2, 3])
          for (const dilation of [1, 2, 4])
            for (const padding of [
              [0, 0],
              [1, 1],
              [4, 0],
              [0, 2],
            ] as const) {
              const window = {
                kernel: [kernel, 1],
                stride: [stride, 1],
                dilation: [dilation, 1],
                padding: [padding, [0, 0]],
              } as const;
              const places = placesOf(size, kernel, stride, dilation, padding);
              if (places === 0) expect(() => windowedSize([size, 1, 1], window, 'x')).toThrow(ShapeError);
              else expect(windowedSize([size, 1, 1], window, 'x')).toEqual([places, 1]);
            }
  });
});

/** One node on an input of [6, 4, 8] (and a second one of [6, 4, 8]). */
const SHAPES: readonly (readonly [
  what: string,
  build: (g: GraphBuilder, x: Value, y: Value) => Value,
  shape: Shape,
])[] = [
  ['conv2d pads half a kernel', (g, x) => g.conv2d(x, { channels: 5, kernel: [3, 3] }), [6, 4, 5]],
  [
    'conv2d strides each axis',
    (g, x) => g.conv2d(x, { channels: 5, kernel: [3, 3], stride: [2, 1] }),
    [3, 4, 5],
  ],
  [
    'conv2d on one side only',
    (g, x) =>
      g.conv2d(x, {
        channels: 2,
        kernel: [3, 1],
        padding: [
          [2, 0],
          [0, 0],
        ],
      }),
    [6, 4, 2],
  ],
  ['depthwiseConv2d multiplies channels', (g, x) => g.depthwiseConv2d(x, { multiplier: 3 }), [6, 4, 24]],
  [
    'depthwiseConv2d dilates',
    (g, x) => g.depthwiseConv2d(x, { kernel: [3, 1], dilation: [2, 1], padding: NONE }),
    [2, 4, 8],
  ],
  ['dense keeps positions', (g, x) => g.dense(x, { channels: 3 }), [6, 4, 3]],
  ['batchNorm by bands', (g, x) => g.batchNorm(x, { bands: 2 }), [6, 4, 8]],
  ['add repeats a size of 1', (g, x) => g.add(x, g.mean(x, ['frequency'])), [6, 4, 8]],
  ['multiply repeats on either side', (g, x) => g.multiply(g.globalAvgPool(x), x), [6, 4, 8]],
  [
    'maximum of two columns and rows',
    (g, x) => g.maximum(g.mean(x, ['frequency']), g.mean(x, ['time'])),
    [6, 4, 8],
  ],
  ['weightedSum', (g, x, y) => g.weightedSum([x, y], { weights: [1, 2] }), [6, 4, 8]],
  ['concat adds channels up', (g, x, y) => g.concat([x, y, x]), [6, 4, 24]],
  ['slice', (g, x) => g.slice(x, 2, 3), [6, 4, 3]],
  ['crop', (g, x) => g.crop(x, [1, 2], [4, 2]), [4, 2, 8]],
  ['padChannels', (g, x) => g.padChannels(x, 1, 2), [6, 4, 11]],
  ['channelShuffle', (g, x) => g.channelShuffle(x, 4), [6, 4, 8]],
  ['maxout', (g, x) => g.maxout(x, 2), [6, 4, 4]],
  ['reshape', (g, x) => g.reshape(x, [6, 1, 32]), [6, 1, 32]],
  ['maxPool strides by its kernel', (g, x) => g.maxPool(x, { kernel: [2, 2] }), [3, 2, 8]],
  [
    'avgPool overlaps',
    (g, x) =>
      g.avgPool(x, {
        kernel: [3, 3],
        stride: [2, 2],
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
    [3, 2, 8],
  ],
  ['resize', (g, x) => g.resize(x, [9, 3], 'nearest'), [9, 3, 8]],
  ['mean over time', (g, x) => g.mean(x, ['time']), [1, 4, 8]],
  ['softmaxCrossEntropy', (g, x, y) => g.softmaxCrossEntropy(x, y), [1, 1, 1]],
];

const build = (make: (g: GraphBuilder, x: Value, y: Value) => Value) => {
  const g = new GraphBuilder('test');
  return make(g, g.input('x', [6, 4, 8]), g.input('y', [6, 4, 8]));
};

describe('inferShape', () => {
  it.each(SHAPES)('%s', (_, make, shape) => {
    expect(build(make).shape).toEqual(shape);
  });

  it.each<[string, (g: GraphBuilder, x: Value, y: Value) => Value, string]>([
    [
      'groups',
      (g, x) => g.conv2d(x, { channels: 9, groups: 2 }),
      'conv: expected channels divisible by 2 groups, got 8 → 9',
    ],
    ['no channels', (g, x) => g.conv2d(x, { channels: 0 }), 'conv: expected channels of 1 or more, got 0'],
    [
      'a kernel too long',
      (g, x) => g.conv2d(x, { channels: 1, kernel: [9, 1], padding: NONE }),
      'conv: expected at least 9 positions on axis 0, got 6',
    ],
    [
      'windows in the padding alone',
      (g, x) =>
        g.conv2d(x, {
          channels: 1,
          stride: [30, 1],
          padding: [
            [14, 0],
            [0, 0],
          ],
        }),
      'conv: expected padding of less than 1 before axis 0, got 14',
    ],
    [
      'half a padding',
      (g, x) =>
        g.conv2d(x, {
          channels: 1,
          padding: [
            [0.5, 0],
            [0, 0],
          ],
        }),
      'conv: expected padding of 0 or more, got 0.5, 0',
    ],
    [
      'a stride of 0',
      (g, x) => g.maxPool(x, { kernel: [2, 2], stride: [0, 1] }),
      'maxPool: expected stride of 1 or more, got 0',
    ],
    [
      'a pool in its padding',
      (g, x) =>
        g.avgPool(x, {
          kernel: [2, 2],
          padding: [
            [2, 0],
            [0, 0],
          ],
        }),
      'avgPool: expected padding below the kernel of 2, got 2, 0',
    ],
    [
      'bands',
      (g, x) => g.batchNorm(x, { bands: 3 }),
      'norm: expected a number of frequency rows divisible by 3 bands, got 4',
    ],
    ['ε', (g, x) => g.batchNorm(x, { epsilon: -1 }), 'norm: expected an ε of 0 or more, got -1'],
    [
      'sizes to add',
      (g, x) => g.add(x, g.crop(x, [0, 0], [5, 4])),
      'add: expected sizes that are equal or 1 on axis 0, got 6×4×8 and 5×4×8',
    ],
    ['maps to concat', (g, x) => g.concat([x, g.mean(x, ['time'])]), 'concat: expected 6×4×0, got 1×4×0'],
    ['nothing to concat', (g) => g.concat([]), 'concat: expected 1 input or more, got 0'],
    [
      'weights of a sum',
      (g, x, y) => g.weightedSum([x, y], { weights: [1] }),
      'sum: expected 2 weights, got 1',
    ],
    ['a slice beyond', (g, x) => g.slice(x, 6, 3), 'slice: expected a range within 8 on axis 2, got 6 … 9'],
    ['pieces', (g, x) => g.maxout(x, 3), 'maxout: expected channels divisible by 3, got 8'],
    ['numbers to reshape', (g, x) => g.reshape(x, [6, 4, 7]), 'reshape: expected 192 numbers, got 6×4×7'],
    ['a size of 0', (g, x) => g.resize(x, [0, 4], 'nearest'), 'resize: expected size of 1 or more, got 0'],
    ['a rate', (g, x) => g.dropout(x, 1), 'dropout: expected a rate of 0 or more and below 1, got 1'],
    ['a temperature', (g, x) => g.gumbelSoftmax(x, 0), 'gumbel: expected a temperature above 0, got 0'],
    ['targets', (g, x) => g.softmaxCrossEntropy(x, g.globalAvgPool(x)), 'loss: expected 6×4×8, got 1×1×8'],
  ])('refuses %s', (_, make, message) => {
    let thrown: unknown;
    try {
      build(make);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ShapeError);
    expect(thrown).toMatchObject({ code: 'node-shape', message: `Cannot build node ${message}` });
  });

  it('refuses an op that does not exist', () => {
    const node = { op: 'constructor', name: 'n', inputs: [] } as never;
    expect(() => inferShape(node, [], [1, 1, 1])).toThrow(ConfigError);
    expect(() => inferShape(node, [], [1, 1, 1])).toThrow('expected a known op, got constructor');
  });
});
