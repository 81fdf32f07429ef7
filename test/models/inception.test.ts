import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { inceptionModule } from '../../src/models/inception.js';
import { buildModel } from '../../src/models/models.js';

describe('inceptionModule', () => {
  it('lays four paths side by side', () => {
    const g = new GraphBuilder('module');
    const x = g.input('x', [7, 6, 8]);
    const graph = g.build({ outputs: [inceptionModule(g, x, [3, 4, 5, 2, 6, 7], { far: 2 })] });
    const concat = graph.nodes.at(-1)!;
    expect(concat).toMatchObject({ op: 'concat', shape: [7, 6, 21] });
    const widths = concat.inputs.map((name) => graph.nodes.find((node) => node.name === name)!.shape[2]);
    expect(widths).toEqual([3, 5, 6, 7]);
    expect(graph.nodes.filter(({ name }) => /^far(-\d)?$/.test(name))).toHaveLength(2);
  });
});

describe('googlenet', () => {
  it('has the sizes of table 1', () => {
    const { nodes } = buildModel('googlenet');
    const concats = nodes.filter(({ op }) => op === 'concat').map(({ shape }) => [shape[0], shape[2]]);
    expect(concats).toEqual([
      [28, 256],
      [28, 480],
      [14, 512],
      [14, 512],
      [14, 512],
      [14, 528],
      [14, 832],
      [7, 832],
      [7, 1024],
    ]);
  });
});
