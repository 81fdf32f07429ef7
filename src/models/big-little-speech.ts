/**
 * Big-Little Net for speech: `bl-resnet-*` give one answer a clip, `bl-am-*` one posterior a frame.
 *
 * Paper: Chen et al., ICLR 2019, arXiv 1807.03848, whose acoustic models are described but not released. The networks
 * here are ours: widths and depths fit the budgets of hearken's sizes. `bl-am-*` keep the one rule that the authors'
 * earlier acoustic models state (Sercu and Goel 2016, arXiv 1604.01792): time is neither padded nor pooled nor strided, so
 * that a network runs over an utterance of any length and sees the same context for every frame.
 */
import type { Pair, Shape } from '../graph/graph.js';
import { type BuildOptions, type ModelEntry, SPEECH_INPUT, SPEECH_LABELS } from './entry.js';
import { SUB_BANDS } from './layers.js';
import { type BlockStyle, basicBlock, separableBlock } from './residual-blocks.js';
import {
  bigLittleStage,
  buildSpeechNetwork,
  HALVE_FIRST,
  type SpeechConfig,
  stageRows,
} from './speech-network.js';

export const BIG_LITTLE_SOURCE = 'Chen et al. 2019, arXiv 1807.03848; IBM/BigLittleNet';

/** A speech variant; `twinParameters` are those of the single-branch network of the same configuration. */
export interface SpeechVariant {
  readonly name: string;
  readonly twin: string;
  readonly size: 'tiny' | 'small' | 'base';
  readonly config: SpeechConfig;
  readonly input: Shape;
  readonly parameters: number;
  readonly twinParameters: number;
}

/** Frequency is halved by stem and first two modules, time by stem and second module. */
export const CLIP_STRIDES: readonly Pair[] = [
  [1, 2],
  [2, 2],
  [1, 1],
];
/** Size, blocks, stem, widths and layers of the modules, α, β, last stage, parameters, parameters of the twin. */
const CLIP_ROWS = [
  ['small', basicBlock(), 16, [16, 24, 40], [3, 4, 4], 2, 4, [64, 1], 244_668, 229_580],
  ['base', basicBlock(), 24, [32, 48, 64], [3, 4, 6], 2, 4, [96, 2], 1_014_228, 966_212],
] as const;

const CLIP_VARIANTS: readonly SpeechVariant[] = CLIP_ROWS.map(
  ([size, block, stem, channels, layers, alpha, beta, last, parameters, twinParameters]) => ({
    name: `bl-resnet-${size}`,
    twin: `resnet-${size}`,
    size,
    input: SPEECH_INPUT,
    parameters,
    twinParameters,
    config: {
      block,
      inputNorm: true,
      stem: { channels: stem, stride: [2, 2] },
      stages: stageRows(CLIP_STRIDES, channels, layers),
      last,
      branches: { alpha, beta },
      head: { kind: 'mean' },
      dropout: 0.1,
    },
  }),
);

/** Chosen by validation (docs/papers.md): finer in time, with sub-spectral norms, a weight a row in the head, squeeze-excitation. */
const TINY: SpeechVariant = {
  name: 'bl-resnet-tiny',
  twin: 'resnet-tiny',
  size: 'tiny',
  input: SPEECH_INPUT,
  parameters: 54_984,
  twinParameters: 49_696,
  config: {
    block: separableBlock({ bands: SUB_BANDS, squeeze: 0.25 }),
    inputNorm: true,
    stem: { channels: 16, stride: [2, 2] },
    stages: stageRows(HALVE_FIRST, [16, 24, 40], [3, 3, 4]),
    last: [56, 1],
    branches: { alpha: 2, beta: 2 },
    bands: SUB_BANDS,
    head: { kind: 'frequency' },
    dropout: 0.1,
  },
};

/** Log-mel, Δ and ΔΔ by the front end's option `deltas`. */
const AM_INPUT: Shape = [98, 40, 3];
const AM_STYLE: BlockStyle = { timePadding: 'valid' };

/** The same columns, with the width of the dense layer over a frame's rows and channels before the last. */
const AM_ROWS = [
  ['tiny', basicBlock(AM_STYLE), 8, [8, 12, 16], [4, 4, 4], 2, 4, [24, 1], 48, 52_380, 49_164],
  ['small', basicBlock(AM_STYLE), 16, [16, 24, 40], [3, 4, 4], 2, 4, [64, 1], 128, 286_860, 271_772],
  ['base', basicBlock(AM_STYLE), 24, [32, 48, 64], [3, 4, 6], 2, 4, [96, 1], 256, 973_620, 925_604],
] as const;

const AM_VARIANTS: readonly SpeechVariant[] = AM_ROWS.map(
  ([size, block, stem, channels, layers, alpha, beta, last, width, parameters, twinParameters]) => ({
    name: `bl-am-${size}`,
    twin: `resnet-am-${size}`,
    size,
    input: AM_INPUT,
    parameters,
    twinParameters,
    config: {
      block,
      stem: { channels: stem, stride: [1, 2] },
      stages: stageRows(HALVE_FIRST, channels, layers),
      last,
      branches: { alpha, beta, scale: [1, 2] },
      timePadding: 'valid',
      head: { kind: 'frames', width },
      dropout: 0.1,
    },
  }),
);

/** All speech variants; resnet.ts builds their twins. */
export const SPEECH_VARIANTS: readonly SpeechVariant[] = [TINY, ...CLIP_VARIANTS, ...AM_VARIANTS];

export const SPEECH_BIG_LITTLES: readonly ModelEntry[] = SPEECH_VARIANTS.map((variant) => {
  const { name, twin, size, input, parameters, config } = variant;
  return {
    name,
    family: 'big-little',
    size,
    domain: 'speech',
    input,
    labels: SPEECH_LABELS,
    twin,
    streamable: config.timePadding === 'valid',
    source: BIG_LITTLE_SOURCE,
    parameters,
    build: (options: BuildOptions = {}) =>
      buildSpeechNetwork(name, config, bigLittleStage, { ...options, input: options.input ?? input }),
  };
});
