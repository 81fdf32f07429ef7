import type { GraphBuilder, Value } from '../../../src/graph/builder.js';
import { type OpCase, opCase } from './op-case.js';

const SHARDED = { count: 5, maxBatch: 7, normShard: 2 };

function unit(g: GraphBuilder, x: Value, channels: number, stride = 1): Value {
  return g.relu(g.batchNorm(g.conv2d(x, { channels, kernel: [3, 3], stride: [stride, stride] })));
}

/** Graphs of a few ops whose wiring is the difficulty. */
export const STRUCTURE_CASES: readonly OpCase[] = [
  opCase('graph: one map read by four nodes', (g) => {
    const y = unit(g, g.input('x', [4, 4, 2]), 4);
    const pooled = g.resize(g.avgPool(y, { kernel: [2, 2] }), [4, 4], 'nearest');
    return g.concat([
      y,
      g.relu(g.depthwiseConv2d(y, {})),
      g.add(y, pooled),
      g.multiply(y, g.globalAvgPool(y)),
    ]);
  }),
  opCase('graph: outputs that later nodes read', (g) => {
    const a = g.conv2d(g.input('x', [4, 3, 2]), { channels: 3 });
    const b = g.relu(a);
    return { outputs: [a, b, g.globalAvgPool(b)] };
  }),
  opCase('graph: an input read directly by a pooling output and a convolution', (g) => {
    const x = g.input('x', [4, 6, 3]);
    return { outputs: [g.maxPool(x, { kernel: [2, 2] }), unit(g, x, 4, 2)] };
  }),
  opCase(
    'graph: residual block, shards',
    (g) => {
      const y = unit(g, g.input('x', [5, 4, 2]), 4);
      const body = g.batchNorm(g.conv2d(unit(g, y, 4, 2), { channels: 6, kernel: [3, 3] }));
      const shortcut = g.batchNorm(g.conv2d(y, { channels: 6, stride: [2, 2] }));
      return g.relu(g.add(body, shortcut));
    },
    SHARDED,
  ),
  opCase('graph: residual block, identity', (g) => {
    const y = unit(g, g.input('x', [4, 4, 3]), 4);
    return g.relu(g.add(g.batchNorm(g.conv2d(y, { channels: 4, kernel: [3, 3] })), y));
  }),
  opCase(
    'graph: residual block of 3×3 convolutions on a larger map, shards',
    (g) => {
      const smooth = (x: Value) => g.activation(g.batchNorm(x), 'silu');
      const y = smooth(g.conv2d(g.input('x', [13, 8, 3]), { channels: 8 }));
      const body = smooth(g.conv2d(y, { channels: 12, kernel: [3, 3] }));
      return g.add(g.batchNorm(g.conv2d(body, { channels: 8, kernel: [3, 3], bias: true })), y);
    },
    SHARDED,
  ),
  opCase(
    'graph: squeeze and excitation, shards',
    (g) => {
      const y = unit(g, g.input('x', [4, 4, 2]), 6);
      const squeezed = g.relu(g.dense(g.globalAvgPool(y), { channels: 3 }));
      return g.multiply(y, g.activation(g.dense(squeezed, { channels: 6 }), 'hardSigmoid'));
    },
    SHARDED,
  ),
  opCase('graph: Ghost module', (g) => {
    const primary = g.relu(g.batchNorm(g.conv2d(g.input('x', [4, 4, 3]), { channels: 4 })));
    return g.concat([primary, g.relu(g.batchNorm(g.depthwiseConv2d(primary, {})))]);
  }),
  opCase('graph: Big-Little module', (g) => {
    const x = g.input('x', [5, 6, 3]);
    const big = g.batchNorm(g.conv2d(unit(g, x, 4, 2), { channels: 6 }));
    const little = g.batchNorm(g.conv2d(unit(g, x, 2), { channels: 6 }));
    const sum = g.weightedSum([g.resize(big, [5, 6], 'bilinear'), little], {
      weights: [1, 1],
      learned: true,
    });
    return unit(g, g.relu(sum), 4, 2);
  }),
  opCase(
    'graph: broadcast residual block',
    (g) => {
      const y = g.batchNorm(g.depthwiseConv2d(g.input('x', [5, 6, 4]), { kernel: [1, 3] }), { bands: 3 });
      const row = g.depthwiseConv2d(g.mean(y, ['frequency']), { kernel: [3, 1], dilation: [2, 1] });
      const broadcast = g.dropout(g.conv2d(g.activation(g.batchNorm(row), 'silu'), { channels: 4 }), 0.2, {
        unit: 'channel',
      });
      return g.relu(g.add(y, broadcast));
    },
    SHARDED,
  ),
  opCase(
    'graph: one convolution shared at two resolutions, private norms',
    (g) => {
      const x = g.input('x', [4, 6, 2]);
      const fine = g.relu(g.batchNorm(g.conv2d(x, { channels: 4, kernel: [3, 3], name: 'a', bias: true })));
      const half = g.avgPool(x, { kernel: [2, 2] });
      const coarse = g.relu(
        g.batchNorm(g.conv2d(half, { channels: 4, kernel: [3, 3], name: 'b', bias: true })),
      );
      return g.add(g.globalAvgPool(fine), g.globalAvgPool(coarse));
    },
    { share: { 'b/weight': 'a/weight', 'b/bias': 'a/bias' } },
  ),
  opCase(
    'graph: shared γ, β, dense and depthwise weights',
    (g) => {
      const x = g.input('x', [3, 4, 4]);
      const once = g.batchNorm(g.depthwiseConv2d(x, { name: 'd1' }), { name: 'n1' });
      const twice = g.batchNorm(g.depthwiseConv2d(g.relu(once), { name: 'd2' }), { name: 'n2' });
      const a = g.dense(g.globalAvgPool(once), { channels: 3, name: 'f1' });
      return g.add(a, g.dense(g.globalAvgPool(twice), { channels: 3, name: 'f2' }));
    },
    {
      share: {
        'd2/weight': 'd1/weight',
        'n2/gamma': 'n1/gamma',
        'n2/beta': 'n1/beta',
        'f2/weight': 'f1/weight',
        'f2/bias': 'f1/bias',
      },
    },
  ),
  opCase('graph: a branch that nothing reads', (g) => {
    const x = g.input('x', [3, 4, 2]);
    g.relu(g.batchNorm(g.conv2d(x, { channels: 3, name: 'unread' })));
    return g.conv2d(x, { channels: 4 });
  }),
  opCase('graph: a frame-by-frame network without time padding', (g) => {
    const x = g.input('x', [9, 6, 3]);
    const valid = {
      kernel: [3, 3],
      padding: [
        [0, 0],
        [1, 1],
      ],
      stride: [1, 2],
    } as const;
    const y = g.relu(g.batchNorm(g.conv2d(x, { ...valid, channels: 4 })));
    const z = g.relu(g.batchNorm(g.conv2d(y, { ...valid, channels: 4 })));
    return g.dense(g.reshape(z, [5, 1, 8]), { channels: 6 });
  }),
  opCase('depthwiseConv2d: 1×3 beside its own map', (g) => {
    const x = g.activation(g.input('x', [6, 5, 8]), 'silu');
    return g.add(x, g.depthwiseConv2d(x, { kernel: [1, 3] }));
  }),
  opCase('depthwiseConv2d: 7×1 beside its own map', (g) => {
    const x = g.activation(g.input('x', [6, 5, 8]), 'silu');
    return g.add(x, g.depthwiseConv2d(x, { kernel: [7, 1] }));
  }),
];
