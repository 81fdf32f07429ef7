import type { ActivationKind, Shape } from '../../../src/graph/graph.js';
import { type OpCase, opCase } from './op-case.js';

export const ACTIVATION_KINDS: readonly ActivationKind[] = [
  'relu',
  'relu6',
  'leakyRelu',
  'elu',
  'silu',
  'softplus',
  'hardSwish',
  'sigmoid',
  'hardSigmoid',
  'mish',
];

const shape: Shape = [4, 6, 5];

/** Five clips in shards of two: the last shard holds one. */
const SHARDED = { count: 5, maxBatch: 6, normShard: 2 };

export const NORMALISATION_CASES: readonly OpCase[] = [
  opCase('batchNorm: whole batch', (g) => g.batchNorm(g.input('x', shape))),
  opCase('batchNorm: shards of 2 clips, 5 clips', (g) => g.batchNorm(g.input('x', shape)), SHARDED),
  opCase('batchNorm: shards of 1 clip', (g) => g.batchNorm(g.input('x', shape)), { normShard: 1 }),
  opCase('batchNorm: shards of 2 clips, 4 clips', (g) => g.batchNorm(g.input('x', shape)), {
    count: 4,
    normShard: 2,
  }),
  opCase('batchNorm: one clip', (g) => g.batchNorm(g.input('x', shape)), { count: 1 }),
  opCase('batchNorm: vectors', (g) => g.batchNorm(g.input('x', [1, 1, 8])), { count: 4 }),
  opCase('batchNorm: 20 channels', (g) => g.batchNorm(g.input('x', [2, 3, 20]))),
  opCase('batchNorm: large epsilon', (g) => g.batchNorm(g.input('x', shape), { epsilon: 0.5 })),
  opCase('batchNorm: 3 bands', (g) => g.batchNorm(g.input('x', shape), { bands: 3 })),
  opCase('batchNorm: 6 bands of one row', (g) => g.batchNorm(g.input('x', shape), { bands: 6 })),
  opCase('batchNorm: 2 bands, shards', (g) => g.batchNorm(g.input('x', shape), { bands: 2 }), SHARDED),
  ...([5, 8] as const).map((channels) =>
    opCase(
      `batchNorm: one clip of one moment, 3 bands, ${channels} channels`,
      (g) => g.batchNorm(g.input('x', [1, 6, channels]), { bands: 3 }),
      { count: 1 },
    ),
  ),
  opCase('batchNorm: 5 bands, 8 channels', (g) => g.batchNorm(g.input('x', [3, 5, 8]), { bands: 5 })),
  opCase(
    'batchNorm: relu, lines and rows left over',
    // 25 positions a clip: six lines of eight rows and two rows more, then three lines and one.
    (g) => g.relu(g.batchNorm(g.conv2d(g.input('x', [5, 5, 3]), { channels: 8 }))),
    SHARDED,
  ),
  opCase(
    'batchNorm: relu, 2 bands, 8 channels, an odd number of lines',
    (g) => g.relu(g.batchNorm(g.conv2d(g.input('x', [3, 6, 3]), { channels: 8 }), { bands: 2 })),
    SHARDED,
  ),
  opCase(
    'batchNorm: 2 bands, 68 channels',
    (g) => g.batchNorm(g.conv2d(g.input('x', [3, 4, 3]), { channels: 68 }), { bands: 2 }),
    SHARDED,
  ),
  opCase(
    'batchNorm: 72 channels, relu',
    (g) => g.relu(g.batchNorm(g.conv2d(g.input('x', [3, 5, 3]), { channels: 72 }))),
    SHARDED,
  ),
  opCase('batchNorm: twice', (g) => g.batchNorm(g.batchNorm(g.input('x', shape))), SHARDED),
  opCase('batchNorm: after conv2d', (g) =>
    g.batchNorm(g.conv2d(g.input('x', [4, 5, 3]), { channels: 4, kernel: [3, 3] })),
  ),
  opCase(
    'batchNorm: after conv2d with a bias, stride 2, shards',
    (g) =>
      g.batchNorm(
        g.conv2d(g.input('x', [5, 5, 3]), { channels: 8, kernel: [3, 3], stride: [2, 2], bias: true }),
      ),
    SHARDED,
  ),
  opCase('batchNorm: bands after a grouped conv2d', (g) =>
    g.batchNorm(g.conv2d(g.input('x', [3, 6, 4]), { channels: 6, kernel: [3, 3], groups: 2 }), { bands: 3 }),
  ),
  opCase('batchNorm: bands after a depthwise convolution, silu', (g) => {
    const y = g.depthwiseConv2d(g.input('x', [4, 6, 4]), { kernel: [1, 3] });
    return g.activation(g.batchNorm(y, { bands: 2 }), 'silu');
  }),
  opCase('batchNorm: of a map that others read too', (g) => {
    const y = g.conv2d(g.input('x', [3, 4, 3]), { channels: 4 });
    return g.add(g.relu(g.batchNorm(y)), y);
  }),
  opCase('batchNorm: two norms of one map', (g) => {
    const y = g.conv2d(g.input('x', [3, 4, 3]), { channels: 4 });
    return g.concat([g.relu(g.batchNorm(y)), g.batchNorm(y, { bands: 2 })]);
  }),
  opCase('batchNorm: an output that the activation reads', (g) => {
    const y = g.batchNorm(g.conv2d(g.input('x', [3, 4, 3]), { channels: 4 }));
    return { outputs: [y, g.relu(y)] };
  }),
  ...ACTIVATION_KINDS.map((kind) =>
    opCase(`activation: ${kind}`, (g) => g.activation(g.input('x', [3, 4, 5]), kind)),
  ),
  ...ACTIVATION_KINDS.map((kind) =>
    opCase(
      `activation: ${kind} after conv2d and batchNorm`,
      (g) =>
        g.activation(g.batchNorm(g.conv2d(g.input('x', [3, 4, 3]), { channels: 6, kernel: [3, 3] })), kind),
      SHARDED,
    ),
  ),
  ...(['relu', 'silu'] as const).flatMap((kind) => [
    opCase(`activation: ${kind} after conv2d of many channels`, (g) =>
      g.activation(g.conv2d(g.input('x', [5, 4, 8]), { channels: 8, kernel: [3, 3] }), kind),
    ),
    opCase(`activation: ${kind} after a depthwise convolution of 5 channels`, (g) =>
      g.activation(g.depthwiseConv2d(g.input('x', [5, 6, 5]), { kernel: [5, 3] }), kind),
    ),
  ]),
  ...ACTIVATION_KINDS.map((kind) =>
    opCase(`activation: ${kind} after a dense layer`, (g) =>
      g.activation(g.dense(g.input('x', [1, 1, 5]), { channels: 9 }), kind),
    ),
  ),
  opCase('activation: leakyRelu, slope 0.2', (g) =>
    g.activation(g.input('x', [3, 4, 5]), 'leakyRelu', { slope: 0.2 }),
  ),
  opCase('activation: relu on 1 × 1 × 19', (g) => g.relu(g.input('x', [1, 1, 19])), { count: 4 }),
];
