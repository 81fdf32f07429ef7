import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/graph/graph.js';
import { buildModel, describeModel } from '../../src/models/models.js';

describe('matchboxnet', () => {
  /** Parameters: table 3 of its paper. Multiplications: table 3 of Kim et al. 2021, which counts those of norms too. */
  it.each([
    ['matchboxnet-3x1x64', 77, 9.3],
    ['matchboxnet-3x2x64', 93, 11.3],
  ])(
    '%s has the %i thousand parameters and %d million multiplications of the papers',
    (name, thousands, millions) => {
      const { parameters, macs } = describeModel(name);
      const norms = buildModel(name).nodes.filter(({ op }) => op === 'batchNorm');
      const scaled = norms.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
      expect(Math.round(parameters / 1000)).toBe(thousands);
      expect(Math.round((macs + scaled) / 1e5) / 10).toBe(millions);
    },
  );

  it('reads its input at the end of every block', () => {
    const { nodes } = buildModel('matchboxnet-3x2x64');
    const sums = nodes.filter(({ op }) => op === 'add');
    expect(sums.map(({ shape }) => shape)).toEqual([
      [128, 1, 64],
      [128, 1, 64],
      [128, 1, 64],
    ]);
    const kernels = nodes.flatMap((node) => (node.op === 'depthwiseConv2d' ? [node.kernel[0]] : []));
    expect(kernels).toEqual([11, 13, 13, 15, 15, 17, 17, 29]);
  });
});
