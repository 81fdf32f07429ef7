import { describe, expect, it } from 'vitest';
import { costsOf } from '../../src/graph/costs.js';
import { nodesByName } from '../../src/graph/graph.js';
import { buildModel } from '../../src/models/models.js';

/** Name, parameters with 12 and 35 labels, MACs of 12 labels at 101 and 98 frames, counted from the authors' code. */
const COUNTS = [
  ['bc-resnet-1', 9_232, 9_991, 2_482_156, 2_408_440],
  ['bc-resnet-1.5', 17_154, 18_281, 4_607_994, 4_471_140],
  ['bc-resnet-2', 27_284, 28_779, 7_323_672, 7_106_160],
  ['bc-resnet-3', 54_168, 56_399, 14_524_548, 14_093_160],
  ['bc-resnet-6', 187_812, 192_251, 50_283_336, 48_789_840],
  ['bc-resnet-8', 321_068, 326_979, 85_919_328, 83_367_360],
] as const;

describe('buildBcResNet', () => {
  it.each(COUNTS)('counts %s as its authors do', (name, twelve, thirtyFive, at101, at98) => {
    expect(costsOf(buildModel(name)).parameters).toBe(twelve);
    expect(costsOf(buildModel(name, { labels: 35 })).parameters).toBe(thirtyFive);
    expect(costsOf(buildModel(name, { input: [101, 40, 1] })).macs).toBe(at101);
    expect(costsOf(buildModel(name)).macs).toBe(at98);
  });

  it('never strides time and dilates it by 1, 2, 4 and 8', () => {
    const { nodes } = buildModel('bc-resnet-1');
    const dilations = nodes.flatMap((node) =>
      node.op === 'depthwiseConv2d' && node.kernel[0] === 3 ? [node.dilation[0]] : [],
    );
    expect(dilations).toEqual([1, 1, 2, 2, 4, 4, 4, 4, 8, 8, 8, 8]);
    const frames = new Set(nodes.filter((node) => node.shape[1] > 1).map((node) => node.shape[0]));
    expect([...frames]).toEqual([98]);
  });

  it.each([
    [40, 5, 5],
    [64, 4, 8],
    [20, 5, 3],
  ])('takes %i bands with %i sub-bands down to %i rows', (bands, subBands, rows) => {
    const graph = buildModel('bc-resnet-1', { input: [98, bands, 1] });
    const norms = graph.nodes.flatMap((node) =>
      node.op === 'batchNorm' && node.bands > 1 ? [node.bands] : [],
    );
    // 20 bands: rows of 10, 10, 5 and 3, of which the last are cut into three.
    const last = rows % subBands === 0 ? subBands : rows;
    expect(norms).toEqual([...Array(4).fill(subBands), ...Array(8).fill(last)]);
    expect(nodesByName(graph).get('stage3-block3/sub-spectral-norm')!.shape).toEqual([98, rows, 20]);
  });
});
