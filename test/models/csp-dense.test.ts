import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Value } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import type { Graph, Pair } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { crossStage, type Fusion } from '../../src/models/cross-stage.js';
import { classify, convNorm } from '../../src/models/layers.js';
import { peleeLayer } from '../../src/models/peleenet.js';

interface DenseDesign {
  readonly stem: number;
  readonly growth: number;
  /** Layers and bottleneck of each stage. */
  readonly stages: readonly (readonly [layers: number, bottleneck: number])[];
}

const TINY: DenseDesign = {
  stem: 12,
  growth: 8,
  stages: [
    [2, 1],
    [2, 1],
    [3, 2],
  ],
};
const SMALL: DenseDesign = {
  stem: 16,
  growth: 16,
  stages: [
    [3, 1],
    [4, 2],
    [4, 2],
  ],
};
const BASE: DenseDesign = {
  stem: 32,
  growth: 32,
  stages: [
    [3, 1],
    [4, 2],
    [6, 4],
  ],
};

/** Behind the first two stages; the first halves time too. */
const POOLS: readonly Pair[] = [
  [2, 2],
  [1, 2],
];

/** The dense design for words: transitions as wide as a plain stage ends, means after the stage. */
function buildDesign(
  { stem, growth, stages }: DenseDesign,
  fusion: Fusion,
  gamma?: number,
  labels = 12,
): Graph {
  const g = new GraphBuilder('csp-dense');
  let x = convNorm(g, g.input('features', [101, 40, 1]), { channels: stem, kernel: [3, 3], stride: [2, 2] });
  stages.forEach(([layers, bottleneck], stage) => {
    const channels = x.shape[2] + layers * growth;
    const blocks = (_: GraphBuilder, part: Value) => {
      let y = part;
      for (let i = 0; i < layers; i++) y = peleeLayer(g, y, { growth, bottleneck });
      return y;
    };
    x = crossStage(g, x, { fusion, gamma, channels, blocks });
    if (POOLS[stage]) x = g.avgPool(x, { kernel: POOLS[stage] });
  });
  const graph = g.build({ outputs: [classify(g, x, { labels })] });
  checkGraph(graph);
  return graph;
}

const megaMacs = (graph: Graph, digits = 2) => (costsOf(graph).macs / 1e6).toFixed(digits);

/** Counted beforehand by another program, at 40 × 101. */
describe('the dense design for words with cross-stage partial stages', () => {
  it.each([
    ['tiny', TINY, 18_384, 19_971, '4.74'],
    ['small', SMALL, 138_844, 143_283, '34.56'],
    ['base', BASE, 830_828, 841_155, '173.4'],
  ] as const)('counts as designed at size %s', (_, design, of12, of35, mega) => {
    expect(costsOf(buildDesign(design, 'both')).parameters).toBe(of12);
    expect(costsOf(buildDesign(design, 'both', 0.5, 35)).parameters).toBe(of35);
    const digits = mega.split('.')[1].length;
    expect(megaMacs(buildDesign(design, 'both'), digits)).toBe(mega);
  });

  it.each([
    ['plain', undefined, 122_220, '29.45'],
    ['both', 0.5, 138_844, '34.56'],
    ['both', 0.25, 158_292, '38.24'],
    ['both', 0.75, 121_988, '31.30'],
    ['first', 0.5, 109_548, '27.01'],
    ['last', 0.5, 80_732, '21.68'],
  ] as const)('counts with the fusion %s at γ %s as designed', (fusion, gamma, parameters, mega) => {
    const graph = buildDesign(SMALL, fusion, gamma);
    expect(costsOf(graph).parameters).toBe(parameters);
    expect(megaMacs(graph)).toBe(mega);
  });
});
