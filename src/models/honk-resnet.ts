/**
 * res8, res15, res26 and their narrow kin: residual networks of plain 3 × 3 convolutions, the field's first.
 *
 * Paper: Tang, Lin, "Deep Residual Learning for Small-Footprint Keyword Spotting", ICASSP 2018, arXiv 1710.10361.
 * Reference code: castorini/honk, utils/model.py (MIT), read, not copied.
 * What differs: norms have γ and β, the code's have none, so that the counts here are the published ones plus two numbers a
 * channel of each norm. As in the code, the sum is taken before the norm and the shortcut reads it there.
 */
import { GraphBuilder } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BuildOptions, type ModelEntry, speechEntry } from './entry.js';
import { classify } from './layers.js';

interface HonkConfig {
  readonly channels: number;
  /** 3 × 3 convolutions behind the first, two a block. */
  readonly layers: number;
  /** Means over windows of this size behind the first convolution. */
  readonly pool?: Pair;
  /** Whether every three layers double the dilation. */
  readonly dilated?: boolean;
}

const SQUARE: Pair = [3, 3];

/** A honk network on `[T, F, maps]`. */
export function buildHonkResNet(
  name: string,
  { channels, layers, pool, dilated }: HonkConfig,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  let x = g.relu(g.conv2d(g.input('features', input), { name: 'stem', channels, kernel: SQUARE }));
  if (pool) x = g.avgPool(x, { kernel: pool });
  let shortcut = x;
  for (let i = 1; i <= layers; i++) {
    const reach = dilated ? 2 ** Math.floor((i - 1) / 3) : 1;
    x = g.scope(`layer${i}`, () => {
      const y = g.relu(g.conv2d(x, { channels, kernel: SQUARE, dilation: [reach, reach] }));
      if (i % 2 === 1) return g.batchNorm(y);
      shortcut = g.add(y, shortcut, { name: 'residual' });
      return g.batchNorm(shortcut);
    });
  }
  return g.build({ outputs: [classify(g, x, { labels })] });
}

type Row = readonly [name: string, size: ModelEntry['size'], config: HonkConfig, parameters: number];

/** Table 1 of the paper: name, network, parameters with γ and β. The sizes are by hearken's budgets. */
const VARIANTS: readonly Row[] = [
  ['res8', 'small', { channels: 45, layers: 6, pool: [4, 3] }, 110_847],
  ['res8-narrow', 'tiny', { channels: 19, layers: 6, pool: [4, 3] }, 20_133],
  ['res15', 'small', { channels: 45, layers: 13, dilated: true }, 239_052],
  ['res15-narrow', 'tiny', { channels: 19, layers: 13, dilated: true }, 43_142],
  ['res26', 'base', { channels: 45, layers: 24, pool: [2, 2] }, 440_517],
];

export const HONK_RESNETS: readonly ModelEntry[] = VARIANTS.map(([name, size, config, parameters]) =>
  speechEntry({
    name,
    size,
    family: 'honk-resnet',
    source: 'Tang and Lin 2018, arXiv 1710.10361; castorini/honk',
    parameters,
    build: (options) => buildHonkResNet(name, config, options),
  }),
);
