import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { denseBlock } from '../../src/models/densenet.js';
import { buildModel } from '../../src/models/models.js';

describe('denseBlock', () => {
  it('lets every layer read all maps before it and keep them', () => {
    const g = new GraphBuilder('block');
    const x = g.input('x', [5, 4, 6]);
    const graph = g.build({ outputs: [denseBlock(g, x, { layers: 3, growth: 2 })] });
    const shapes = (suffix: string) =>
      graph.nodes.filter(({ name }) => name.endsWith(suffix)).map(({ shape }) => shape[2]);
    expect(shapes('/norm')).toEqual([6, 8, 10]);
    expect(shapes('/reduce')).toEqual([8, 8, 8]);
    expect(shapes('/grow')).toEqual([2, 2, 2]);
    expect(graph.nodes.at(-1)).toMatchObject({ op: 'concat', shape: [5, 4, 12] });
  });
});

describe('densenet-121', () => {
  it('halves the channels between its blocks, as table 1 has it', () => {
    const { nodes } = buildModel('densenet-121');
    const after = nodes.filter(({ op }) => op === 'avgPool').map(({ shape }) => shape);
    expect(after).toEqual([
      [28, 28, 128],
      [14, 14, 256],
      [7, 7, 512],
    ]);
    expect(nodes.at(-2)!.shape).toEqual([1, 1, 1024]);
  });
});
