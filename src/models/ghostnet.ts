/**
 * GhostNet for images, and its speech variants.
 *
 * Paper: Han et al., CVPR 2020, arXiv 1911.11907. Reference code: huawei-noah/Efficient-AI-Backbones,
 * ghostnet_pytorch (Apache-2.0), read, not copied.
 * What differs in the originals: nothing in the arithmetic; the 1 × 1 convolutions after the pool are dense layers.
 * The speech variants are ours: a total stride of 4 in time and 8 in frequency, fewer rows, a small last layer and
 * dropout of 0.1, chosen for their budgets; the `-f` variants see the frequency axis as a place (see below).
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair, Shape } from '../graph/graph.js';
import {
  type BuildOptions,
  IMAGE_INPUT,
  IMAGE_LABELS,
  type ModelEntry,
  SPEECH_INPUT,
  SPEECH_LABELS,
} from './entry.js';
import { ghostBottleneck, ghostModule } from './ghost-blocks.js';
import { classify, convNorm, depthwiseNorm, frequencyAwareHead, makeDivisible } from './layers.js';

/** One bottleneck: kernel of its strided depthwise convolution, expanded width, width, squeeze share, stride. */
type Row = readonly [kernel: number, expanded: number, channels: number, squeeze: number, stride: Pair];

const IMAGE_ROWS: readonly Row[] = [
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

/** Frequency is halved three times, time twice. */
const SPEECH_ROWS: readonly Row[] = [
  [3, 16, 16, 0, [1, 1]],
  [3, 48, 24, 0, [1, 2]],
  [3, 72, 24, 0, [1, 1]],
  [5, 72, 40, 0.25, [2, 2]],
  [5, 120, 40, 0.25, [1, 1]],
  [3, 240, 64, 0, [1, 1]],
  [3, 160, 64, 0, [1, 1]],
  [3, 160, 64, 0, [1, 1]],
  [3, 240, 80, 0.25, [1, 1]],
  [5, 320, 96, 0.25, [1, 1]],
];

/** What makes a GhostNet; widths in `rows` and of stem and last convolution are multiplied by `width`. */
export interface GhostNetConfig {
  readonly rows: readonly Row[];
  readonly width: number;
  readonly stemStride: Pair;
  /** Width of the last 1 × 1 convolution, before `width`. */
  readonly last: number;
  /** Width of the dense layer after the pool; not multiplied. */
  readonly hidden: number;
  readonly dropout: number;
  /** Sub-spectral normalisation after depthwise convolutions; 1: BatchNorm. */
  readonly bands?: number;
  /** One weight a frequency row and channel instead of the mean over frequency. */
  readonly frequencyHead?: boolean;
}

/** GhostNet as `config` says on `[T, F, maps]`. */
export function buildGhostNet(
  name: string,
  config: GhostNetConfig,
  options: { readonly labels: number; readonly input: Shape },
): Graph {
  const scaled = (width: number) => makeDivisible(width * config.width);
  const { bands } = config;
  const g = new GraphBuilder(name);
  let x = g.input('features', options.input);
  x = convNorm(g, x, {
    name: 'stem',
    channels: scaled(16),
    kernel: [3, 3],
    stride: config.stemStride,
    bands,
  });
  config.rows.forEach(([kernel, expanded, channels, squeeze, stride], i) => {
    x = g.scope(`block${i}`, () =>
      ghostBottleneck(g, x, {
        expanded: scaled(expanded),
        channels: scaled(channels),
        kernel: [kernel, kernel],
        stride,
        squeeze,
        bands,
      }),
    );
  });
  x = convNorm(g, x, { name: 'last', channels: scaled(config.last) });
  if (config.frequencyHead) x = frequencyAwareHead(g, x);
  x = g.relu(g.dense(g.globalAvgPool(x), { name: 'hidden', channels: config.hidden }));
  return g.build({ outputs: [classify(g, x, { labels: options.labels, dropout: config.dropout })] });
}

const SOURCE = 'Han et al. 2020, arXiv 1911.11907; huawei-noah/Efficient-AI-Backbones';

/** The paper's networks: width, parameters. */
const IMAGE_VARIANTS: readonly (readonly [name: string, width: number, parameters: number])[] = [
  ['ghostnet-0.5', 0.5, 2_587_292],
  ['ghostnet-1.0', 1, 5_182_508],
  ['ghostnet-1.1', 1.1, 5_855_650],
  ['ghostnet-1.3', 1.3, 7_358_820],
];

/** Speech: width, dense layer after the pool, parameters. */
const SPEECH_VARIANTS = [
  ['tiny', 0.375, 48, 48_514],
  ['small', 0.9, 112, 236_656],
  ['base', 1.9, 256, 1_015_864],
] as const;

const IMAGE_ENTRIES: readonly ModelEntry[] = IMAGE_VARIANTS.map(([name, width, parameters]) => ({
  name,
  family: 'ghostnet',
  input: IMAGE_INPUT,
  labels: IMAGE_LABELS,
  streamable: false,
  source: SOURCE,
  parameters,
  build: ({ labels = IMAGE_LABELS, input = IMAGE_INPUT }: BuildOptions = {}) =>
    buildGhostNet(
      name,
      { rows: IMAGE_ROWS, width, stemStride: [2, 2], last: 960, hidden: 1280, dropout: 0.2 },
      { labels, input },
    ),
}));

const SPEECH_ENTRIES: readonly ModelEntry[] = SPEECH_VARIANTS.map(([size, width, hidden, parameters]) => ({
  name: `ghostnet-${size}`,
  family: 'ghostnet',
  size,
  input: SPEECH_INPUT,
  labels: SPEECH_LABELS,
  streamable: false,
  source: SOURCE,
  parameters,
  build: ({ labels = SPEECH_LABELS, input = SPEECH_INPUT }: BuildOptions = {}) =>
    buildGhostNet(
      `ghostnet-${size}`,
      { rows: SPEECH_ROWS, width, stemStride: [2, 2], last: 320, hidden, dropout: 0.1 },
      { labels, input },
    ),
}));

/** Ghost modules with strided depthwise convolutions between them: width, or `/2` for a stride of 2 on both axes. */
const PLAIN_ROWS = [32, '/2', 48, 64, '/2', 96, 96, 128] as const;

/**
 * The plain stack of Ghost modules that speed is measured on against other frameworks: 25,147 parameters with
 * 35 labels. No shortcuts, no squeeze-excitation.
 */
export function buildGhost25k({ labels = 35, input = SPEECH_INPUT }: BuildOptions = {}): Graph {
  const g = new GraphBuilder('ghost-25k');
  let x: Value = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels: 16, kernel: [3, 3], stride: [2, 2] });
  PLAIN_ROWS.forEach((row, i) => {
    x = g.scope(`layer${i}`, () =>
      row === '/2' ? depthwiseNorm(g, x, { stride: [2, 2] }) : ghostModule(g, x, { channels: row }),
    );
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

const GHOST_25K: ModelEntry = {
  name: 'ghost-25k',
  family: 'ghostnet',
  input: SPEECH_INPUT,
  labels: 35,
  streamable: false,
  source: `${SOURCE}; a plain stack for measuring speed`,
  parameters: 25_147,
  build: buildGhost25k,
};

export const GHOSTNETS: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...SPEECH_ENTRIES, GHOST_25K];
