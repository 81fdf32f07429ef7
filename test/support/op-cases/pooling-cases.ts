import type { PoolOptions } from '../../../src/graph/builder.js';
import type { MapAxis, Pair, Shape } from '../../../src/graph/graph.js';
import { type OpCase, opCase } from './op-case.js';

const POOLS: readonly [name: string, input: Shape, options: PoolOptions][] = [
  ['2×2', [6, 4, 5], { kernel: [2, 2] }],
  ['2×2, rows left over', [7, 5, 3], { kernel: [2, 2] }],
  [
    '3×3, stride 2, padding 1, odd sizes',
    [7, 5, 4],
    {
      kernel: [3, 3],
      stride: [2, 2],
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
  ],
  [
    '3×3, stride 2, padding 1, even sizes',
    [6, 8, 3],
    {
      kernel: [3, 3],
      stride: [2, 2],
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
  ],
  [
    '3×3, stride 1, padding 1',
    [4, 5, 6],
    {
      kernel: [3, 3],
      stride: [1, 1],
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
  ],
  [
    '3×2, padding on one side',
    [6, 5, 3],
    {
      kernel: [3, 2],
      stride: [2, 1],
      padding: [
        [2, 0],
        [0, 1],
      ],
    },
  ],
  ['1×2', [3, 6, 4], { kernel: [1, 2] }],
  ['2×1, stride 1', [5, 2, 4], { kernel: [2, 1], stride: [1, 1] }],
  ['whole map', [4, 3, 5], { kernel: [4, 3] }],
  ['2×2, 18 channels', [4, 4, 18], { kernel: [2, 2] }],
  ['1×1, stride 2', [6, 5, 3], { kernel: [1, 1], stride: [2, 2] }],
  [
    '2×2, the last window of an odd size shorter',
    [5, 3, 4],
    {
      kernel: [2, 2],
      padding: [
        [0, 1],
        [0, 1],
      ],
    },
  ],
];

const SIZES: readonly [name: string, input: Shape, size: Pair][] = [
  ['twice the size', [3, 4, 5], [6, 8]],
  ['half the size', [6, 8, 3], [3, 4]],
  ['up to odd sizes', [4, 3, 4], [7, 5]],
  ['down to odd sizes', [7, 9, 4], [4, 5]],
  ['up in time, down in frequency', [3, 7, 2], [5, 4]],
  ['frequency alone', [4, 3, 4], [4, 6]],
  ['time alone', [3, 2, 6], [7, 2]],
  ['from one position', [1, 1, 4], [3, 2]],
  ['to one position', [5, 4, 3], [1, 1]],
  ['the same size', [3, 4, 2], [3, 4]],
];

const AXES: readonly MapAxis[] = ['time', 'frequency', 'channels'];

export const POOLING_CASES: readonly OpCase[] = [
  ...POOLS.map(([name, shape, options]) =>
    opCase(`maxPool: ${name}`, (g) => g.maxPool(g.input('x', shape), options)),
  ),
  ...POOLS.flatMap(([name, shape, options]) =>
    [true, false].map((countPadding) =>
      opCase(`avgPool: ${name}${countPadding ? '' : ', padding not counted'}`, (g) =>
        g.avgPool(g.input('x', shape), { ...options, countPadding }),
      ),
    ),
  ),
  opCase('maxPool: after conv2d, batchNorm and relu', (g) => {
    const y = g.relu(g.batchNorm(g.conv2d(g.input('x', [5, 6, 2]), { channels: 4, kernel: [3, 3] })));
    return g.maxPool(y, {
      kernel: [3, 3],
      stride: [2, 2],
      padding: [
        [1, 1],
        [1, 1],
      ],
    });
  }),
  opCase('maxPool: of negative numbers, padded', (g) => {
    const far = g.weightedSum([g.activation(g.input('x', [4, 4, 3]), 'sigmoid')], { weights: [-2] });
    return g.maxPool(far, {
      kernel: [3, 3],
      stride: [2, 2],
      padding: [
        [1, 1],
        [1, 1],
      ],
    });
  }),
  ...(['nearest', 'bilinear'] as const).flatMap((mode) =>
    SIZES.map(([name, shape, size]) =>
      opCase(`resize: ${mode}, ${name}`, (g) => g.resize(g.input('x', shape), size, mode)),
    ),
  ),
  opCase('mean: over time', (g) => g.mean(g.input('x', [5, 4, 3]), ['time'])),
  opCase('mean: over frequency', (g) => g.mean(g.input('x', [5, 4, 6]), ['frequency'])),
  opCase('mean: over both', (g) => g.globalAvgPool(g.input('x', [5, 4, 9]))),
  opCase('mean: over both after a convolution', (g) =>
    g.globalAvgPool(g.conv2d(g.input('x', [5, 4, 3]), { channels: 17, kernel: [3, 3] })),
  ),
  ...AXES.map((axis) => opCase(`softmax: over ${axis}`, (g) => g.softmax(g.input('x', [5, 4, 6]), axis))),
  opCase('softmax: of a vector', (g) => g.softmax(g.dense(g.input('x', [1, 1, 4]), { channels: 11 }))),
];
