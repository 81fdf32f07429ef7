import { type OpCase, opCase } from './op-case.js';

const TARGETS = { probabilities: ['targets'] };

/** Losses, noise and what stops gradients. */
export const LOSS_CASES: readonly OpCase[] = [
  opCase(
    'softmaxCrossEntropy: vectors, loss alone',
    (g) => {
      const logits = g.dense(g.input('x', [1, 1, 5]), { channels: 7 });
      return { outputs: [logits], losses: [g.softmaxCrossEntropy(logits, g.input('targets', [1, 1, 7]))] };
    },
    { ...TARGETS, outputGradients: false },
  ),
  opCase(
    'softmaxCrossEntropy: sample weights, with output gradients',
    (g) => {
      const logits = g.dense(g.input('x', [1, 1, 5]), { channels: 4 });
      return { outputs: [logits], losses: [g.softmaxCrossEntropy(logits, g.input('targets', [1, 1, 4]))] };
    },
    { ...TARGETS, sampleWeights: true },
  ),
  opCase(
    'softmaxCrossEntropy: temperature and weight',
    (g) => {
      const logits = g.dense(g.input('x', [1, 1, 5]), { channels: 6 });
      const targets = g.input('targets', [1, 1, 6]);
      return {
        outputs: [logits],
        losses: [g.softmaxCrossEntropy(logits, targets, { temperature: 2.5, weight: 0.7 })],
      };
    },
    { ...TARGETS, outputGradients: false },
  ),
  opCase(
    'softmaxCrossEntropy: the mean over positions',
    (g) => {
      const logits = g.conv2d(g.input('x', [4, 3, 2]), { channels: 5 });
      return { outputs: [logits], losses: [g.softmaxCrossEntropy(logits, g.input('targets', [4, 3, 5]))] };
    },
    { ...TARGETS, outputGradients: false, sampleWeights: true },
  ),
  opCase(
    'softmaxCrossEntropy: two losses, shards of 2',
    (g) => {
      const x = g.input('x', [3, 3, 2]);
      const targets = g.input('targets', [1, 1, 4]);
      const y = g.globalAvgPool(g.relu(g.batchNorm(g.conv2d(x, { channels: 6, kernel: [3, 3] }))));
      const a = g.dense(y, { channels: 4 });
      const b = g.dense(y, { channels: 4 });
      const losses = [g.softmaxCrossEntropy(a, targets), g.softmaxCrossEntropy(b, targets, { weight: 0.3 })];
      return { outputs: [a, b], losses };
    },
    { ...TARGETS, sampleWeights: true, count: 5, maxBatch: 6, normShard: 2 },
  ),
  opCase(
    'softmaxCrossEntropy: distillation, no gradient to computed targets',
    (g) => {
      const x = g.input('x', [1, 1, 5]);
      const teacher = g.softmax(g.dense(x, { channels: 4, name: 'teacher' }));
      const logits = g.dense(x, { channels: 4 });
      return { outputs: [logits], losses: [g.softmaxCrossEntropy(logits, teacher, { temperature: 4 })] };
    },
    { outputGradients: false },
  ),
  opCase(
    'softmaxCrossEntropy: the loss is an output',
    (g) => {
      const logits = g.dense(g.input('x', [1, 1, 5]), { channels: 4 });
      const loss = g.softmaxCrossEntropy(logits, g.input('targets', [1, 1, 4]));
      return { outputs: [loss], losses: [loss] };
    },
    { ...TARGETS, sampleWeights: true },
  ),
  opCase('dropout: elements', (g) => g.dropout(g.input('x', [5, 4, 6]), 0.4)),
  opCase('dropout: channels', (g) => g.dropout(g.input('x', [3, 4, 9]), 0.5, { unit: 'channel' }), {
    count: 4,
  }),
  opCase(
    'dropout: two nodes, shards of 2',
    (g) => {
      const y = g.dropout(g.conv2d(g.input('x', [3, 4, 3]), { channels: 8 }), 0.1);
      return g.dropout(g.relu(g.batchNorm(y)), 0.3, { unit: 'channel' });
    },
    { count: 5, maxBatch: 6, normShard: 2 },
  ),
  opCase('gumbelSoftmax: vectors', (g) => g.gumbelSoftmax(g.dense(g.input('x', [1, 1, 6]), { channels: 4 }))),
  opCase(
    'gumbelSoftmax: temperature 0.6, maps, shards of 2',
    (g) => g.gumbelSoftmax(g.conv2d(g.input('x', [3, 2, 3]), { channels: 3 }), 0.6),
    { count: 5, maxBatch: 5, normShard: 2 },
  ),
  opCase('gumbelSoftmax: as a gate', (g) => {
    const x = g.input('x', [3, 4, 3]);
    const gate = g.gumbelSoftmax(g.dense(g.globalAvgPool(x), { channels: 2 }), 2);
    const a = g.multiply(g.conv2d(x, { channels: 4 }), g.slice(gate, 0, 1));
    return g.add(a, g.multiply(g.conv2d(x, { channels: 4, kernel: [3, 3] }), g.slice(gate, 1, 1)));
  }),
  opCase('stopGradient: one of two ways', (g) => {
    const y = g.conv2d(g.input('x', [3, 4, 3]), { channels: 4 });
    return g.multiply(g.stopGradient(y), g.relu(y));
  }),
  opCase('stopGradient: the only way', (g) =>
    g.conv2d(g.stopGradient(g.conv2d(g.input('x', [3, 4, 3]), { channels: 4 })), { channels: 2 }),
  ),
];
