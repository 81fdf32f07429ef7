/**
 * GhostNet for speech. The variants are ours: a total stride of 4 in time and 8 in frequency, fewer rows than the
 * original, a small last layer and dropout of 0.1, chosen for the budgets of the sizes.
 *
 * Paper of the blocks: Han et al., CVPR 2020, arXiv 1911.11907.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import { type BuildOptions, type ModelEntry, SPEECH_INPUT, SPEECH_LABELS } from './entry.js';
import { ghostModule } from './ghost-blocks.js';
import { buildGhostNet, GHOSTNET_SOURCE, type GhostNetConfig, type GhostRow } from './ghost-network.js';
import { classify, convNorm, depthwiseNorm, SUB_BANDS } from './layers.js';

/** Frequency is halved three times, time twice (once by the stem). */
const SPEECH_ROWS: readonly GhostRow[] = [
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

/** Time is halved by the stem alone, and the rows begin wide: early maps are large, but their weights are few. */
const FINE_TIME_ROWS: readonly GhostRow[] = [
  [3, 32, 32, 0, [1, 1]],
  [3, 64, 32, 0, [1, 2]],
  [3, 96, 32, 0.25, [1, 1]],
  [5, 96, 48, 0.25, [1, 2]],
  [5, 120, 48, 0.25, [1, 1]],
  [3, 160, 48, 0.25, [1, 1]],
  [3, 160, 48, 0.25, [1, 1]],
  [3, 160, 64, 0.25, [1, 1]],
  [3, 192, 64, 0.25, [1, 1]],
];

interface SpeechVariant {
  readonly name: string;
  readonly size: 'tiny' | 'small' | 'base';
  readonly config: GhostNetConfig;
  readonly parameters: number;
}

const plain = (width: number, hidden: number): GhostNetConfig => ({
  rows: SPEECH_ROWS,
  width,
  inputNorm: true,
  stemStride: [2, 2],
  last: 320,
  hidden,
  dropout: 0.1,
});

/** Chosen by validation (docs/papers.md): finer in time, with sub-spectral norms and a weight a row in the head. */
const TINY: GhostNetConfig = {
  ...plain(0.5, 48),
  rows: FINE_TIME_ROWS,
  stem: 32,
  last: 192,
  cheapKernel: [5, 3],
  bands: SUB_BANDS,
  frequencyHead: true,
};

/** The tiny one in other widths. */
const fine = (width: number, hidden: number, last: number): GhostNetConfig => ({
  ...TINY,
  width,
  hidden,
  last,
});

const VARIANTS: readonly SpeechVariant[] = [
  // No larger than BC-ResNet-2, -3 and -6: 27,284, 54,168 and 187,812 parameters. The first two learn more without a dense layer before
  // the classifier: it would be narrower than forty labels.
  { name: 'ghostnet-27k', size: 'tiny', config: fine(0.32, 0, 160), parameters: 27_042 },
  { name: 'ghostnet-54k', size: 'tiny', config: fine(0.5, 0, 160), parameters: 53_630 },
  { name: 'ghostnet-187k', size: 'small', config: fine(0.95, 96, 192), parameters: 184_944 },
  { name: 'ghostnet-tiny', size: 'tiny', config: TINY, parameters: 58_878 },
  { name: 'ghostnet-small', size: 'small', config: plain(0.9, 112), parameters: 236_736 },
  { name: 'ghostnet-base', size: 'base', config: plain(1.9, 256), parameters: 1_015_944 },
];

const ENTRIES: readonly ModelEntry[] = VARIANTS.map(({ name, size, config, parameters }) => ({
  name,
  family: 'ghostnet',
  size,
  domain: 'speech',
  input: SPEECH_INPUT,
  labels: SPEECH_LABELS,
  streamable: false,
  source: GHOSTNET_SOURCE,
  parameters,
  build: ({ labels = SPEECH_LABELS, input = SPEECH_INPUT }: BuildOptions = {}) =>
    buildGhostNet(name, config, { labels, input }),
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
  size: 'tiny',
  domain: 'speech',
  input: SPEECH_INPUT,
  labels: 35,
  streamable: false,
  source: `${GHOSTNET_SOURCE}; a plain stack for measuring speed`,
  parameters: 25_147,
  build: buildGhost25k,
};

export const SPEECH_GHOSTNETS: readonly ModelEntry[] = [...ENTRIES, GHOST_25K];
