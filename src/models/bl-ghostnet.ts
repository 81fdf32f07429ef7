/**
 * Big-Little modules whose blocks are made of Ghost modules: cheap maps from cheap operations, at two scales.
 *
 * Papers: Chen et al. 2019 (Big-Little Net, arXiv 1807.03848), Han et al. 2020 (GhostNet, arXiv 1911.11907). The
 * crossing is ours; there is no reference code. A branch's block is a Ghost bottleneck with squeeze-excitation. It ends
 * linear, as GhostNet's do, and so the sum of the branches has no ReLU either. The stride of the fusion block is
 * carried by its depthwise convolution. `ghost-stack-*` are the single-branch twins.
 */
import type { Pair } from '../graph/graph.js';
import { BIG_LITTLE_SOURCE, CLIP_STRIDES } from './big-little-speech.js';
import { type BuildOptions, type ModelEntry, SPEECH_INPUT, SPEECH_LABELS } from './entry.js';
import { ghostBottleneck } from './ghost-blocks.js';
import { GHOSTNET_SOURCE } from './ghost-network.js';
import { makeDivisible } from './layers.js';
import type { Block } from './residual-blocks.js';
import {
  bigLittleStage,
  buildSpeechNetwork,
  type SpeechConfig,
  singleBranchStage,
  stageRows,
} from './speech-network.js';

export interface GhostBlockOptions {
  /** Width between the two Ghost modules as a multiple of the block's. */
  readonly expansion: number;
  /** Squeeze-excitation waist as a share of the expanded width; 0: none. */
  readonly squeeze: number;
  readonly cheapKernel?: Pair;
  readonly bands?: number;
}

/** A Ghost bottleneck as a block of a module; it is linear at its end whatever `lastRelu` says. */
export function ghostBlock({ expansion, ...options }: GhostBlockOptions): Block {
  return (g, x, { channels, stride }) =>
    ghostBottleneck(g, x, {
      ...options,
      expanded: makeDivisible(expansion * channels),
      channels,
      stride,
    });
}

/** Size, stem, widths and layers of the modules, last stage, parameters, parameters of the twin; α 2, β 4. */
const ROWS = [
  ['tiny', 16, [12, 24, 40], [3, 4, 4], [48, 1], 54_319, 47_530],
  ['small', 24, [24, 48, 80], [3, 4, 6], [96, 1], 223_018, 201_740],
  ['base', 32, [64, 96, 160], [3, 4, 6], [192, 2], 951_540, 878_208],
] as const;

type Row = (typeof ROWS)[number];

const configOf = ([, stem, channels, layers, last]: Row): SpeechConfig => ({
  block: ghostBlock({ expansion: 2, squeeze: 0.1 }),
  inputNorm: true,
  stem: { channels: stem, stride: [2, 2] },
  stages: stageRows(CLIP_STRIDES, channels, layers),
  last,
  branches: { alpha: 2, beta: 4 },
  mergeActivation: 'none',
  head: { kind: 'mean' },
  dropout: 0.1,
});

const SHARED = { domain: 'speech', input: SPEECH_INPUT, labels: SPEECH_LABELS, streamable: false } as const;

const CROSSED: readonly ModelEntry[] = ROWS.map((row) => {
  const [size, , , , , parameters] = row;
  const name = `bl-ghostnet-${size}`;
  return {
    ...SHARED,
    name,
    family: 'bl-ghostnet',
    size,
    twin: `ghost-stack-${size}`,
    source: `${BIG_LITTLE_SOURCE}; ${GHOSTNET_SOURCE}`,
    parameters,
    build: (options: BuildOptions = {}) => buildSpeechNetwork(name, configOf(row), bigLittleStage, options),
  };
});

const TWINS: readonly ModelEntry[] = ROWS.map((row) => {
  const [size, , , , , , parameters] = row;
  const name = `ghost-stack-${size}`;
  return {
    ...SHARED,
    name,
    family: 'bl-ghostnet',
    size,
    source: `${GHOSTNET_SOURCE}; single-branch twin of bl-ghostnet-${size}`,
    parameters,
    build: (options: BuildOptions = {}) =>
      buildSpeechNetwork(name, configOf(row), singleBranchStage, options),
  };
});

export const BL_GHOSTNETS: readonly ModelEntry[] = [...CROSSED, ...TWINS];
