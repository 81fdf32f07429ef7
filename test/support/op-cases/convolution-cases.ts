import type { Conv2dOptions, ConvOptions } from '../../../src/graph/builder.js';
import { NO_PADDING } from '../../../src/graph/builder.js';
import type { Shape } from '../../../src/graph/graph.js';
import { type CaseOptions, type OpCase, opCase } from './op-case.js';

type Row<O> = readonly [name: string, input: Shape, options: O, caseOptions?: CaseOptions];

const CONV: readonly Row<Conv2dOptions>[] = [
  ['1×1', [5, 4, 6], { channels: 7 }],
  ['1×1, bias', [5, 4, 3], { channels: 8, bias: true }],
  ['1×1, stride 2', [5, 4, 4], { channels: 4, stride: [2, 2], padding: NO_PADDING }],
  ['1×1, one position', [1, 1, 9], { channels: 5 }, { count: 4 }],
  ['1×1, one channel to many', [3, 5, 1], { channels: 17 }],
  ['1×1, many channels to one', [3, 4, 21], { channels: 1 }],
  ['1×1, 40 → 48 channels', [2, 2, 40], { channels: 48 }, { count: 2 }],
  [
    '1×1, padded by one',
    [3, 3, 4],
    {
      channels: 5,
      padding: [
        [1, 1],
        [1, 1],
      ],
    },
  ],
  ['3×3', [5, 6, 3], { channels: 4, kernel: [3, 3] }],
  ['3×3 on the log-mel map', [7, 6, 1], { channels: 8, kernel: [3, 3], stride: [1, 2] }],
  ['3×3, 12 → 20 channels', [4, 3, 12], { channels: 20, kernel: [3, 3] }, { count: 2 }],
  ['3×3, bias', [4, 5, 2], { channels: 3, kernel: [3, 3], bias: true }],
  ['3×3, 40 → 12 channels: sums in two parts', [3, 4, 40], { channels: 12, kernel: [3, 3], bias: true }],
  ['3×3, 40 → 7 channels: too uneven for parts', [3, 3, 40], { channels: 7, kernel: [3, 3] }, { count: 2 }],
  ['1×1, 700 → 8 channels: sums in three parts', [2, 4, 700], { channels: 8 }, { count: 2 }],
  ['3×3, stride 2, odd sizes', [7, 5, 4], { channels: 5, kernel: [3, 3], stride: [2, 2] }],
  ['3×3, stride 2, even sizes', [6, 8, 3], { channels: 4, kernel: [3, 3], stride: [2, 2] }],
  [
    '3×3, no padding, rows left over',
    [8, 6, 2],
    { channels: 3, kernel: [3, 3], stride: [2, 2], padding: NO_PADDING },
  ],
  ['4×4, no padding', [6, 7, 2], { channels: 4, kernel: [4, 4], padding: NO_PADDING }],
  ['2×2, stride 2', [6, 4, 3], { channels: 4, kernel: [2, 2], stride: [2, 2], padding: NO_PADDING }],
  [
    '2×2, stride 3 skips rows',
    [8, 7, 2],
    { channels: 3, kernel: [2, 2], stride: [3, 3], padding: NO_PADDING },
  ],
  [
    '5×3, padding on one side',
    [6, 5, 2],
    {
      channels: 3,
      kernel: [5, 3],
      stride: [2, 1],
      padding: [
        [3, 0],
        [0, 1],
      ],
    },
  ],
  ['7×7 on a map of 3×3', [3, 3, 2], { channels: 4, kernel: [7, 7] }],
  ['5×5, stride 2', [7, 6, 2], { channels: 4, kernel: [5, 5], stride: [2, 2] }],
  ['9×1 over time', [11, 1, 4], { channels: 6, kernel: [9, 1], stride: [2, 1] }],
  ['1×5 over frequency', [3, 9, 2], { channels: 4, kernel: [1, 5], stride: [1, 2] }],
  [
    '3×1, causal',
    [6, 2, 3],
    {
      channels: 4,
      kernel: [3, 1],
      padding: [
        [2, 0],
        [0, 0],
      ],
    },
  ],
  ['3×3, dilation 2×1', [8, 4, 3], { channels: 4, kernel: [3, 3], dilation: [2, 1] }],
  ['3×3, dilation 1×3', [4, 9, 2], { channels: 3, kernel: [3, 3], dilation: [1, 3], bias: true }],
  ['3×3, dilation 2, stride 2', [9, 8, 2], { channels: 3, kernel: [3, 3], dilation: [2, 2], stride: [2, 2] }],
  [
    '3×1, dilation 4, causal',
    [9, 1, 4],
    {
      channels: 4,
      kernel: [3, 1],
      dilation: [4, 1],
      padding: [
        [8, 0],
        [0, 0],
      ],
    },
  ],
  ['3×3, dilation reaching past the map', [3, 4, 2], { channels: 2, kernel: [3, 3], dilation: [4, 5] }],
  [
    '3×3, 8 → 12 channels, more tiles than at a time',
    [13, 11, 8],
    { channels: 12, kernel: [3, 3], bias: true },
  ],
  ['3×3, 8 → 8 channels, no padding', [6, 7, 8], { channels: 8, kernel: [3, 3], padding: NO_PADDING }],
  [
    '3×3, 12 → 8 channels, padding on one side',
    [5, 6, 12],
    {
      channels: 8,
      kernel: [3, 3],
      padding: [
        [2, 0],
        [0, 2],
      ],
    },
  ],
  ['1×1, groups 2', [4, 3, 6], { channels: 8, groups: 2 }],
  ['3×3, groups 2', [4, 5, 4], { channels: 6, kernel: [3, 3], groups: 2, bias: true }],
  ['3×3, groups 4 of 4 channels', [3, 4, 16], { channels: 16, kernel: [3, 3], groups: 4 }, { count: 2 }],
  ['3×3, groups 3, stride 2', [5, 6, 6], { channels: 9, kernel: [3, 3], groups: 3, stride: [2, 2] }],
  ['3×3, groups 2, dilation 2', [6, 5, 4], { channels: 4, kernel: [3, 3], groups: 2, dilation: [2, 2] }],
  ['3×3, a group a channel', [5, 4, 4], { channels: 4, kernel: [3, 3], groups: 4 }],
  ['3×3, a group a channel, two outputs each', [5, 4, 3], { channels: 6, kernel: [3, 3], groups: 3 }],
];

/** Zeros before and after a map. */
const NO_SIDE = [0, 0] as const;
const LEFT_SIDE = [1, 0] as const;
const RIGHT_SIDE = [0, 1] as const;

const DEPTHWISE: readonly Row<ConvOptions & { readonly multiplier?: number }>[] = [
  ['3×3', [5, 4, 4], {}],
  ['3×3, 5 channels, bias', [4, 5, 5], { bias: true }],
  ['3×3, 19 channels', [4, 3, 19], {}],
  ['3×3, 32 channels', [3, 3, 32], {}, { count: 2 }],
  ['3×3, 1 channel', [5, 6, 1], {}],
  ['3×3, stride 2, odd sizes', [7, 5, 4], { stride: [2, 2] }],
  ['3×3, stride 2, even sizes', [6, 8, 3], { stride: [2, 2] }],
  ['3×3, stride 1×2', [4, 6, 4], { stride: [1, 2] }],
  ['3×3, no padding', [5, 6, 4], { padding: NO_PADDING }],
  ['3×3 on one column', [5, 1, 4], {}],
  ['3×3 on two columns, stride 2', [5, 2, 8], { stride: [2, 2] }],
  ['3×3, stride 2×1', [7, 5, 4], { stride: [2, 1] }],
  ['3×3, dilated along time', [7, 5, 4], { dilation: [2, 1], bias: true }],
  ['3×3, dilated along both', [7, 9, 4], { dilation: [2, 2] }],
  ['3×3, more lines than pass at a time', [24, 12, 16], {}, { count: 2 }],
  ['3×3, stride 1×2, more lines than pass at a time', [24, 13, 16], { stride: [1, 2] }],
  ...[1, 2].flatMap((stride) =>
    [NO_SIDE, LEFT_SIDE, RIGHT_SIDE].map(
      (side): Row<ConvOptions> => [
        `3×3, stride ${stride}, ${side} columns of zeros`,
        [6, 6, 4],
        { stride: [1, stride], padding: [[2, 0], side] },
      ],
    ),
  ),
  ['5×5', [6, 7, 3], { kernel: [5, 5] }],
  ['5×5, stride 2', [7, 6, 4], { kernel: [5, 5], stride: [2, 2] }],
  ['5×3', [7, 6, 6], { kernel: [5, 3] }],
  ['3×5, stride 2', [6, 11, 4], { kernel: [3, 5], stride: [2, 2] }],
  ['5×5 on a narrow map', [11, 3, 4], { kernel: [5, 5] }],
  ['5×5 to one column', [8, 5, 5], { kernel: [5, 5], padding: NO_PADDING }],
  ['3×1 on a wide map', [4, 7, 4], { kernel: [3, 1] }],
  [
    '2×2, padding on one side',
    [4, 5, 4],
    {
      kernel: [2, 2],
      padding: [
        [1, 0],
        [0, 1],
      ],
    },
  ],
  ['3×1', [6, 3, 4], { kernel: [3, 1] }],
  ['1×3', [3, 6, 5], { kernel: [1, 3] }],
  ...[2, 3, 4, 5, 6].map(
    (bands): Row<ConvOptions> => [`1×3 on ${bands} bands`, [5, bands, 8], { kernel: [1, 3] }],
  ),
  ['1×3, bias', [4, 5, 8], { kernel: [1, 3], bias: true }],
  ['1×3, more lines than pass at a time', [30, 5, 60], { kernel: [1, 3] }, { count: 2 }],
  ['5×5 to one column, padded along time', [12, 5, 8], { kernel: [5, 5], padding: [[2, 2], NO_SIDE] }],
  ['3×1 on one frequency row', [9, 1, 8], { kernel: [3, 1] }],
  ['3×1, dilation 4', [10, 1, 4], { kernel: [3, 1], dilation: [4, 1] }],
  [
    '3×1, dilation 2, causal',
    [8, 2, 3],
    {
      kernel: [3, 1],
      dilation: [2, 1],
      padding: [
        [4, 0],
        [0, 0],
      ],
    },
  ],
  ['13×1, dilation 2', [15, 1, 4], { kernel: [13, 1], dilation: [2, 1] }],
  ['13×1 on one frequency row', [19, 1, 6], { kernel: [13, 1] }],
  ['11×1, stride 2', [18, 1, 4], { kernel: [11, 1], stride: [2, 1] }],
  ['7×1 on a wide map', [9, 5, 5], { kernel: [7, 1] }],
  ['3×7', [5, 9, 4], { kernel: [3, 7] }],
  ['3×3, dilation 2', [6, 7, 4], { dilation: [2, 2] }],
  ['3×3, dilation 2, stride 2', [9, 7, 3], { dilation: [2, 2], stride: [2, 2] }],
  ['3×3, dilation 1×2, stride 2×1', [7, 6, 4], { dilation: [1, 2], stride: [2, 1] }],
  ['3×3, multiplier 2', [4, 5, 3], { multiplier: 2, bias: true }],
  ['3×3, multiplier 3, stride 2', [5, 5, 4], { multiplier: 3, stride: [2, 2] }],
  ['3×3, multiplier 2, dilation 2', [6, 6, 2], { multiplier: 2, dilation: [2, 2] }],
  ['1×1', [4, 4, 6], { kernel: [1, 1] }],
  ['1×1, multiplier 2', [3, 4, 4], { kernel: [1, 1], multiplier: 2 }],
];

export const CONVOLUTION_CASES: readonly OpCase[] = [
  ...CONV.map(([name, shape, options, rest]) =>
    opCase(`conv2d: ${name}`, (g) => g.conv2d(g.input('x', shape), options), rest),
  ),
  ...DEPTHWISE.map(([name, shape, options, rest]) =>
    opCase(`depthwiseConv2d: ${name}`, (g) => g.depthwiseConv2d(g.input('x', shape), options), rest),
  ),
  opCase('dense: vector', (g) => g.dense(g.input('x', [1, 1, 10]), { channels: 12 }), { count: 4 }),
  opCase('dense: no bias', (g) => g.dense(g.input('x', [1, 1, 7]), { channels: 3, bias: false })),
  opCase('dense: every position', (g) => g.dense(g.input('x', [4, 2, 6]), { channels: 5 })),
  opCase('dense: one clip', (g) => g.dense(g.input('x', [1, 1, 33]), { channels: 35 }), { count: 1 }),
];
