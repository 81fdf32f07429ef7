import type { Shape } from '../../../src/graph/graph.js';
import { type OpCase, opCase } from './op-case.js';

/** Shapes of two maps that are combined element by element. */
const PAIRS: readonly [name: string, a: Shape, b: Shape][] = [
  ['same shapes', [3, 4, 5], [3, 4, 5]],
  ['second repeated over time', [4, 3, 5], [1, 3, 5]],
  ['second repeated over frequency', [4, 3, 5], [4, 1, 5]],
  ['second repeated over channels', [4, 3, 5], [4, 3, 1]],
  ['second is a vector', [3, 4, 6], [1, 1, 6]],
  ['second is one number', [3, 4, 2], [1, 1, 1]],
  ['second repeated over frequency and channels', [3, 4, 5], [3, 1, 1]],
  ['second repeated over time and channels', [3, 4, 5], [1, 4, 1]],
  ['first repeated over frequency', [4, 1, 8], [4, 3, 8]],
  ['first is a vector', [1, 1, 6], [3, 2, 6]],
  ['many channels, second repeated over time', [4, 3, 37], [1, 3, 37]],
  ['many channels, second repeated over both', [2, 3, 40], [1, 1, 40]],
  ['many channels, second repeated over channels', [3, 2, 36], [3, 2, 1]],
  ['more lines than pass at a time', [30, 5, 4], [30, 1, 4]],
  ['each repeated on an axis of the other', [1, 3, 4], [5, 1, 4]],
  ['each repeated, channels too', [3, 1, 4], [1, 2, 1]],
];

export const SHAPE_CASES: readonly OpCase[] = [
  ...(['add', 'multiply', 'maximum'] as const).flatMap((op) => [
    ...PAIRS.map(([name, a, b]) => opCase(`${op}: ${name}`, (g) => g[op](g.input('a', a), g.input('b', b)))),
    opCase(`${op}: of computed maps`, (g) => {
      const x = g.input('x', [3, 4, 4]);
      return g[op](g.conv2d(x, { channels: 4 }), g.mean(g.depthwiseConv2d(x, {}), ['frequency']));
    }),
  ]),
  opCase('add: a map and itself', (g) => {
    const y = g.conv2d(g.input('x', [3, 4, 2]), { channels: 3 });
    return g.add(y, y);
  }),
  opCase('add: sums of sums, one of which SiLU’s gradient is written over', (g) => {
    const x = g.conv2d(g.input('x', [4, 6, 3]), { channels: 8 });
    const y = g.add(x, g.activation(g.batchNorm(x), 'silu'));
    return g.relu(g.add(g.add(y, g.batchNorm(y, { bands: 3 })), x));
  }),
  ...([3, 8] as const).map((channels) =>
    opCase(`add: a map of ${channels} channels and its mean along frequency, then relu`, (g) => {
      const x = g.conv2d(g.input('x', [4, 6, 3]), { channels });
      return g.relu(g.add(x, g.mean(x, ['frequency'])));
    }),
  ),
  opCase('add: a mean along frequency and its map', (g) => {
    const x = g.conv2d(g.input('x', [4, 6, 3]), { channels: 8 });
    return g.add(g.mean(x, ['frequency']), x);
  }),
  opCase('multiply: a map and itself', (g) => {
    const y = g.conv2d(g.input('x', [3, 4, 2]), { channels: 3 });
    return g.multiply(y, y);
  }),
  opCase('add: then relu', (g) => g.relu(g.add(g.input('a', [3, 4, 5]), g.input('b', [3, 4, 5])))),
  ...[false, true].flatMap((learned) =>
    [1, 2, 3].map((maps) =>
      opCase(`weightedSum: ${maps} maps, ${learned ? 'learned' : 'fixed'}`, (g) => {
        const xs = Array.from({ length: maps }, (_, i) => g.input(`x${i}`, [2, 3, 4]));
        return g.weightedSum(xs, { weights: [0.5, -1.5, 2].slice(0, maps), learned });
      }),
    ),
  ),
  opCase('concat: 2 maps', (g) => g.concat([g.input('a', [3, 4, 4]), g.input('b', [3, 4, 8])])),
  opCase('concat: odd channel counts', (g) =>
    g.concat([g.input('a', [3, 2, 3]), g.input('b', [3, 2, 1]), g.input('c', [3, 2, 5])]),
  ),
  opCase('concat: a map with itself', (g) => {
    const y = g.conv2d(g.input('x', [2, 3, 2]), { channels: 3 });
    return g.concat([y, y]);
  }),
  opCase('concat: of convolutions, into one', (g) => {
    const x = g.input('x', [4, 3, 3]);
    const y = g.concat([g.relu(g.conv2d(x, { channels: 5 })), g.depthwiseConv2d(x, {})]);
    return g.conv2d(y, { channels: 4 });
  }),
  opCase('slice: first channels', (g) => g.slice(g.input('x', [3, 4, 7]), 0, 4)),
  opCase('slice: middle channels', (g) => g.slice(g.input('x', [3, 4, 9]), 2, 5)),
  opCase('slice: both halves used', (g) => {
    const y = g.conv2d(g.input('x', [3, 4, 3]), { channels: 8 });
    return g.multiply(g.slice(y, 0, 4), g.slice(y, 4, 4));
  }),
  opCase('slice: of a convolution, one part unused', (g) =>
    g.slice(g.conv2d(g.input('x', [3, 4, 3]), { channels: 8 }), 0, 5),
  ),
  opCase('crop: a box', (g) => g.crop(g.input('x', [6, 5, 3]), [1, 2], [4, 2])),
  opCase('crop: the last frames', (g) => g.crop(g.input('x', [6, 5, 4]), [3, 0], [3, 5])),
  opCase('padChannels: before and after', (g) => g.padChannels(g.input('x', [3, 4, 5]), 2, 3)),
  opCase('padChannels: after alone', (g) => g.padChannels(g.input('x', [3, 4, 4]), 0, 4)),
  opCase('channelShuffle: 2 groups', (g) => g.channelShuffle(g.input('x', [3, 4, 8]), 2)),
  opCase('channelShuffle: 3 groups', (g) => g.channelShuffle(g.input('x', [2, 3, 12]), 3)),
  opCase('maxout: 2 pieces', (g) => g.maxout(g.input('x', [3, 4, 8]), 2)),
  opCase('maxout: 3 pieces of 3', (g) => g.maxout(g.input('x', [3, 4, 9]), 3)),
  opCase('reshape: frequency into channels', (g) => g.reshape(g.input('x', [3, 4, 5]), [3, 1, 20])),
  opCase('reshape: into a vector, then dense', (g) =>
    g.dense(g.reshape(g.input('x', [2, 3, 4]), [1, 1, 24]), { channels: 5 }),
  ),
  opCase('reshape: back into a map', (g) =>
    g.reshape(g.relu(g.dense(g.input('x', [1, 1, 6]), { channels: 24 })), [3, 4, 2]),
  ),
];
