/**
 * GhostNet for images. The speech networks: ghostnet-speech.ts.
 *
 * Paper: Han, Wang, Tian, Guo, Xu, Xu, "GhostNet: More Features from Cheap Operations", CVPR 2020, arXiv 1911.11907.
 * Reference code: huawei-noah/Efficient-AI-Backbones, ghostnet_pytorch (Apache-2.0), read, not copied.
 * What differs: nothing in the arithmetic; the 1 × 1 convolutions after the pool are dense layers.
 */
import { type BuildOptions, IMAGE_INPUT, IMAGE_LABELS, type ModelEntry } from './entry.js';
import { buildGhostNet, GHOSTNET_SOURCE, type GhostRow } from './ghost-network.js';
import { SPEECH_GHOSTNETS } from './ghostnet-speech.js';

/** Of the table's kernel, expanded width, width, squeeze share and stride see `GhostRow`. */
const IMAGE_ROWS: readonly GhostRow[] = [
  [3, 16, 16, 0, [1, 1]],
  [3, 48, 24, 0, [2, 2]],
  [3, 72, 24, 0, [1, 1]],
  [5, 72, 40, 0.25, [2, 2]],
  [5, 120, 40, 0.25, [1, 1]],
  [3, 240, 80, 0, [2, 2]],
  [3, 200, 80, 0, [1, 1]],
  [3, 184, 80, 0, [1, 1]],
  [3, 184, 80, 0, [1, 1]],
  [3, 480, 112, 0.25, [1, 1]],
  [3, 672, 112, 0.25, [1, 1]],
  [5, 672, 160, 0.25, [2, 2]],
  [5, 960, 160, 0, [1, 1]],
  [5, 960, 160, 0.25, [1, 1]],
  [5, 960, 160, 0, [1, 1]],
  [5, 960, 160, 0.25, [1, 1]],
];

/** The paper's networks: width, parameters. */
const IMAGE_VARIANTS: readonly (readonly [name: string, width: number, parameters: number])[] = [
  ['ghostnet-0.5', 0.5, 2_587_292],
  ['ghostnet-1.0', 1, 5_182_508],
  ['ghostnet-1.1', 1.1, 5_855_650],
  ['ghostnet-1.3', 1.3, 7_358_820],
];

const IMAGE_ENTRIES: readonly ModelEntry[] = IMAGE_VARIANTS.map(([name, width, parameters]) => ({
  name,
  family: 'ghostnet',
  domain: 'image',
  input: IMAGE_INPUT,
  labels: IMAGE_LABELS,
  streamable: false,
  source: GHOSTNET_SOURCE,
  parameters,
  build: ({ labels = IMAGE_LABELS, input = IMAGE_INPUT }: BuildOptions = {}) =>
    buildGhostNet(
      name,
      { rows: IMAGE_ROWS, width, stemStride: [2, 2], last: 960, hidden: 1280, dropout: 0.2 },
      { labels, input },
    ),
}));

export const GHOSTNETS: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...SPEECH_GHOSTNETS];
