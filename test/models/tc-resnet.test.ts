import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/graph/graph.js';
import { buildModel, describeModel } from '../../src/models/models.js';

describe('tc-resnet', () => {
  /** Table 1 of the paper, whose code counts running statistics as parameters and two operations a MAC. */
  it.each([
    ['tc-resnet-8', 66, 3.0],
    ['tc-resnet-8-1.5', 145, 6.6],
    ['tc-resnet-14', 137, 6.1],
    ['tc-resnet-14-1.5', 305, 13.4],
  ])(
    '%s has the %i thousand parameters and %d million operations of its paper',
    (name, thousands, millions) => {
      const graph = buildModel(name);
      const statistics = Object.values(graph.statistics).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      const { parameters, macs } = describeModel(name);
      expect(Math.round((parameters + statistics) / 1000)).toBe(thousands);
      expect(Math.abs((2 * macs) / 1e6 / millions - 1)).toBeLessThan(0.02);
    },
  );

  it('halves the frames at each change of width and never looks along frequency', () => {
    const { nodes } = buildModel('tc-resnet-14');
    const blocks = nodes.filter(({ name }) => name.endsWith('/residual'));
    expect(blocks.map(({ shape }) => shape)).toEqual([
      [49, 1, 24],
      [49, 1, 24],
      [25, 1, 32],
      [25, 1, 32],
      [13, 1, 48],
      [13, 1, 48],
    ]);
    for (const node of nodes) if ('kernel' in node) expect(node.kernel[1]).toBe(1);
  });
});
