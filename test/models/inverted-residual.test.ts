import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import { scaleRows } from '../../src/models/efficientnet.js';
import { type InvertedResidualOptions, invertedResidual } from '../../src/models/inverted-residual.js';
import { buildModel } from '../../src/models/models.js';

function buildBlock(options: InvertedResidualOptions) {
  const g = new GraphBuilder('block');
  return g.build({ outputs: [invertedResidual(g, g.input('x', [9, 8, 8]), options)] });
}

describe('invertedResidual', () => {
  it('adds its input only where size and width stay', () => {
    const last = (options: Omit<InvertedResidualOptions, 'expansion'>) =>
      buildBlock({ expansion: 6, ...options }).nodes.at(-1)!;
    expect(last({ channels: 8, stride: [1, 1] })).toMatchObject({ op: 'add', shape: [9, 8, 8] });
    expect(last({ channels: 8, stride: [1, 2] })).toMatchObject({ op: 'batchNorm', shape: [9, 4, 8] });
    expect(last({ channels: 12, stride: [1, 1] })).toMatchObject({ op: 'batchNorm', shape: [9, 8, 12] });
  });

  it('squeezes to a share of its input, not of its middle', () => {
    const graph = buildBlock({
      channels: 8,
      expansion: 6,
      stride: [1, 1],
      kernel: [5, 5],
      squeeze: 0.25,
      activation: 'silu',
    });
    const kinds = graph.nodes.flatMap((node) => (node.op === 'activation' ? [node.kind] : []));
    expect(kinds).toEqual(['silu', 'silu', 'silu', 'sigmoid']);
    // Kernels 8·48, 48·25, 48·8; norms of 48, 48, 8; waist of 2 with biases.
    expect(costsOf(graph).parameters).toBe(384 + 1200 + 384 + 2 * 104 + (48 * 2 + 2) + (2 * 48 + 48));
  });
});

describe('scaleRows', () => {
  it('rounds widths to 8 and blocks up', () => {
    const rows = [
      [6, 24, 2, [2, 2], 3],
      [6, 112, 3, [1, 1], 5],
    ] as const;
    // EfficientNet-B2 and -B4 in the paper's code.
    expect(scaleRows(rows, { width: 1.1, depth: 1.2 })).toEqual([
      [6, 24, 3, [2, 2], 3],
      [6, 120, 4, [1, 1], 5],
    ]);
    expect(scaleRows(rows, { width: 1.4, depth: 1.8 })).toEqual([
      [6, 32, 4, [2, 2], 3],
      [6, 160, 6, [1, 1], 5],
    ]);
  });
});

describe('buildFramed', () => {
  const names = ['mobilenet-v2', 'efficientnet', 'shufflenet-v2', 'densenet', 'rexnet'].flatMap((family) =>
    ['tiny', 'small', 'base'].map((size) => `${family}-${size}`),
  );

  it.each(names)('%s strides time by its stem alone and frequency down to 5 rows', (name) => {
    const { nodes } = buildModel(name);
    const strided = nodes.filter((node) => 'stride' in node && node.stride[0] > 1);
    expect(strided.map((node) => node.name)).toEqual(['stem']);
    const head = nodes.find((node) => node.name === 'bands')!;
    expect(head).toMatchObject({ op: 'depthwiseConv2d', kernel: [5, 5] });
    expect(head.shape.slice(0, 2)).toEqual([49, 1]);
    expect(nodes.some((node) => node.op === 'batchNorm' && node.bands === 5)).toBe(true);
  });
});
