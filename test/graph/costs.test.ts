import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { activationBytesOf, costsOf, macsOf } from '../../src/graph/costs.js';

describe('costsOf', () => {
  it('counts a small network as one does by hand', () => {
    const g = new GraphBuilder('hand');
    const x = g.input('x', [6, 4, 2]);
    let y = g.conv2d(x, { channels: 8, kernel: [3, 3], stride: [2, 2] }); // [3, 2, 8]
    y = g.relu(g.batchNorm(y));
    y = g.depthwiseConv2d(y, { kernel: [3, 1], multiplier: 2 }); // [3, 2, 16]
    y = g.conv2d(y, { channels: 4, kernel: [1, 3], groups: 2 }); // [3, 2, 4]
    y = g.batchNorm(y, { bands: 2 });
    y = g.reshape(y, [3, 1, 8]);
    y = g.dense(g.mean(y, ['time']), { channels: 5 }); // [1, 1, 5]
    expect(costsOf(g.build({ outputs: [y] }))).toEqual({
      parameters: 3 * 3 * 2 * 8 + 2 * 8 + 3 * 16 + 3 * 8 * 4 + 2 * 2 * 4 + (8 * 5 + 5),
      macs: 6 * 8 * (9 * 2) + 6 * 16 * 3 + 6 * 4 * (3 * 8) + 8 * 5,
      activationBytes: 4 * (3 * (6 * 8) + 6 * 16 + 2 * (6 * 4) + 8 + 5),
    });
  });

  it('counts shared parameters once and their work each time', () => {
    const g = new GraphBuilder('shared');
    const x = g.input('x', [1, 1, 3]);
    const graph = g.build({ outputs: [g.dense(x, { channels: 2 }), g.dense(x, { channels: 2 })] });
    const [input, first, second] = graph.nodes;
    const shared = {
      ...graph,
      nodes: [input, first, { ...second, weight: 'dense/weight', bias: 'dense/bias' }] as typeof graph.nodes,
      parameters: {
        'dense/weight': graph.parameters['dense/weight'],
        'dense/bias': graph.parameters['dense/bias'],
      },
    };
    expect(costsOf(shared)).toMatchObject({ parameters: 8, macs: 12 });
  });

  it('gives work to convolutions and dense layers alone, bytes to all but inputs and reshapes', () => {
    const g = new GraphBuilder('ops');
    const x = g.input('x', [4, 4, 2]);
    const graph = g.build({ outputs: [g.reshape(g.add(x, g.avgPool(x, { kernel: [1, 1] })), [4, 1, 8])] });
    expect(graph.nodes.map((node) => macsOf(node, x.shape))).toEqual([0, 0, 0, 0]);
    expect(graph.nodes.map(activationBytesOf)).toEqual([0, 128, 128, 0]);
  });
});
