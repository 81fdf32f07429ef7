import { describe, expect, it } from 'vitest';
import { ConfigError, ShapeError } from '../../src/errors.js';
import { GraphBuilder, type Value } from '../../src/graph/builder.js';
import type { Padding, Shape } from '../../src/graph/graph.js';
import { inferShape } from '../../src/graph/infer-shape.js';

const NONE: Padding = [
  [0, 0],
  [0, 0],
];

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
    [
      'no channels',
      (g, x) => g.conv2d(x, { channels: 0 }),
      'conv: expected channels to be a whole number of 1 or more, got 0',
    ],
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
      'conv: expected padding to be whole numbers of 0 or more, got 0.5, 0',
    ],
    [
      'a stride of 0',
      (g, x) => g.maxPool(x, { kernel: [2, 2], stride: [0, 1] }),
      'maxPool: expected stride to be a whole number of 1 or more, got 0',
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
    [
      'a size of 0',
      (g, x) => g.resize(x, [0, 4], 'nearest'),
      'resize: expected size to be a whole number of 1 or more, got 0',
    ],
    ['a rate', (g, x) => g.dropout(x, 1), 'dropout: expected a rate of 0 or more and below 1, got 1'],
    ['a temperature', (g, x) => g.gumbelSoftmax(x, 0), 'gumbel: expected a temperature above 0, got 0'],
    ['targets', (g, x) => g.softmaxCrossEntropy(x, g.globalAvgPool(x)), 'loss: expected 6×4×8, got 1×1×8'],
    [
      'a kernel that is one number',
      (g, x) => g.conv2d(x, { channels: 2, kernel: 3 as never }),
      'conv: expected kernel to be [time, frequency], got 3',
    ],
    [
      'a kernel of three axes',
      (g, x) => g.depthwiseConv2d(x, { kernel: [3, 3, 3] as never }),
      'depthwise: expected kernel to be [time, frequency], got 3, 3, 3',
    ],
    [
      'a dilation that is one number',
      (g, x) => g.conv2d(x, { channels: 2, dilation: 2 as never }),
      'conv: expected dilation to be [time, frequency], got 2',
    ],
    [
      'a stride that is nothing',
      (g, x) => g.maxPool(x, { kernel: [2, 2], stride: null as never }),
      'maxPool: expected stride to be [time, frequency], got null',
    ],
    [
      'padding that is one number',
      (g, x) => g.conv2d(x, { channels: 2, padding: 1 as never }),
      'conv: expected padding to be [time, frequency], got 1',
    ],
    [
      'padding of one number an axis',
      (g, x) => g.conv2d(x, { channels: 2, padding: [1, 1] as never }),
      'conv: expected padding to be [before, after] on each axis, got 1',
    ],
    [
      'a slice from half a channel',
      (g, x) => g.slice(x, 0.5, 2),
      'slice: expected start to be a whole number of 0 or more, got 0.5',
    ],
    [
      'half a channel before',
      (g, x) => g.padChannels(x, 0.5, 0.5),
      'pad: expected channels before to be a whole number of 0 or more, got 0.5',
    ],
    [
      'weights that are no numbers',
      (g, x, y) => g.weightedSum([x, y], { weights: [1, Number.NaN] }),
      'sum: expected weights that are finite numbers, got 1, NaN',
    ],
    ['no weights', (g, x, y) => g.weightedSum([x, y], {} as never), 'sum: expected 2 weights, got 0'],
    [
      'learned weights of another number',
      (g, x, y) => g.weightedSum([x, y], { weights: [1, 2, 3], learned: true }),
      'sum: expected 2 weights, got 3',
    ],
    [
      'learned weights that are no numbers',
      (g, x, y) => g.weightedSum([x, y], { weights: [1, Infinity], learned: true }),
      'sum: expected weights that are finite numbers, got 1, Infinity',
    ],
    [
      'a slope',
      (g, x) => g.activation(x, 'leakyRelu', { slope: Number.NaN }),
      'leakyRelu: expected a finite slope, got NaN',
    ],
    [
      'an input of two sizes',
      (g) => g.input('z', [6, 4] as never),
      'z: expected shape to be [time, frequency, channels], got 6, 4',
    ],
    [
      'a shape that is one number',
      (g, x) => g.reshape(x, 192 as never),
      'reshape: expected shape to be [time, frequency, channels], got 192',
    ],
    [
      'a box that is one number',
      (g, x) => g.crop(x, [0, 0], 2 as never),
      'crop: expected size to be [time, frequency], got 2',
    ],
    [
      'a size that is one number',
      (g, x) => g.resize(x, 3 as never, 'nearest'),
      'resize: expected size to be [time, frequency], got 3',
    ],
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

  it.each<[string, (g: GraphBuilder, x: Value) => Value, string, unknown]>([
    [
      'an activation',
      (g, x) => g.activation(x, 'swish' as never),
      'swish: expected kind to be relu, relu6, leakyRelu, elu, silu, softplus, hardSwish, sigmoid, hardSigmoid, mish, got swish',
      'swish',
    ],
    [
      'a way to resize',
      (g, x) => g.resize(x, [3, 2], 'cubic' as never),
      'resize: expected mode to be nearest, bilinear, got cubic',
      'cubic',
    ],
    [
      'an axis of means',
      (g, x) => g.mean(x, ['time', 'x' as never]),
      'mean: expected an axis to be time, frequency, got x',
      'x',
    ],
    [
      'axes that are no list',
      (g, x) => g.mean(x, 'time' as never),
      'mean: expected axes to be a list of time and frequency, got time',
      'time',
    ],
    [
      'an axis of a softmax',
      (g, x) => g.softmax(x, 'x' as never),
      'softmax: expected axis to be time, frequency, channels, got x',
      'x',
    ],
    [
      'what is dropped',
      (g, x) => g.dropout(x, 0.5, { unit: 'map' as never }),
      'dropout: expected unit to be element, channel, got map',
      'map',
    ],
  ])('refuses %s that it does not know', (_, make, message, value) => {
    let thrown: unknown;
    try {
      build(make);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({ code: 'node-option', message: `Cannot build node ${message}`, value });
  });

  it('refuses an op that does not exist', () => {
    const node = { op: 'constructor', name: 'n', inputs: [] } as never;
    expect(() => inferShape(node, [], [1, 1, 1])).toThrow(ConfigError);
    expect(() => inferShape(node, [], [1, 1, 1])).toThrow('expected a known op, got constructor');
  });
});
