/**
 * ResNets of octave convolutions: Oct-ResNet-50 for images and Oct-ResNets for speech beside their plain twins.
 *
 * Paper: Chen et al., "Drop an Octave", ICCV 2019, arXiv 1904.05049. Reference code: facebookresearch/OctConv (MIT), read,
 * not copied. As in that code the last stage has no low octave: its first convolutions leave it. The speech variants are
 * ours; α of 0 makes the twin, with the same parameters.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { classify, imageStem, SUB_BANDS } from './layers.js';
import { addOctaves, type Octaves, octaveConv } from './octave.js';
import { buildFramed } from './speech-frame.js';
import { HALVE_LAST, type StageRow, stageRows } from './speech-network.js';

const SOURCE = 'Chen et al. 2019, arXiv 1904.05049; facebookresearch/OctConv';

interface BlockOptions {
  readonly channels: number;
  readonly stride: Pair;
  readonly alpha: number;
  readonly bands?: number;
}

/** A convolution on the shortcut where width, size or octaves change. */
function shortcutOf(g: GraphBuilder, x: Octaves, { channels, stride, alpha }: BlockOptions): Octaves {
  const width = x.high.shape[2] + (x.low?.shape[2] ?? 0);
  const strided = stride[0] > 1 || stride[1] > 1;
  const sameOctaves = alpha > 0 === (x.low !== undefined);
  if (width === channels && !strided && sameOctaves) return x;
  return octaveConv(g, x, { name: 'shortcut', channels, stride, alpha, activation: 'none' });
}

/** 1 × 1 to a quarter, 3 × 3, 1 × 1 back. */
function octaveBottleneck(g: GraphBuilder, x: Octaves, options: BlockOptions): Octaves {
  const { channels, stride, alpha } = options;
  const inner = { channels: channels / 4, alpha };
  let y = octaveConv(g, x, { name: 'reduce', ...inner });
  y = octaveConv(g, y, { name: 'spatial', ...inner, kernel: [3, 3], stride });
  y = octaveConv(g, y, { name: 'expand', channels, alpha, activation: 'none' });
  return addOctaves(g, y, shortcutOf(g, x, options));
}

/** Two 3 × 3 at full width. */
function octaveBasic(g: GraphBuilder, x: Octaves, options: BlockOptions): Octaves {
  const { channels, stride, alpha, bands } = options;
  const style = { channels, alpha, bands, kernel: [3, 3] as const };
  const y = octaveConv(g, x, { ...style, name: 'first', stride });
  const path = octaveConv(g, y, { ...style, name: 'second', activation: 'none' });
  return addOctaves(g, path, shortcutOf(g, x, options));
}

/** Oct-ResNet-50 on an image `[rows, columns, 3]`. */
export function buildOctResNet50(
  name: string,
  alpha: number,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  const two: Pair = [2, 2];
  let x: Octaves = { high: imageStem(g, g.input('features', input), 64) };
  [3, 4, 6, 3].forEach((count, stage) => {
    for (let i = 0; i < count; i++) {
      const stride: Pair = stage > 0 && i === 0 ? two : [1, 1];
      const own = { channels: 256 << stage, stride, alpha: stage < 3 ? alpha : 0 };
      x = g.scope(`stage${stage}-block${i}`, () => octaveBottleneck(g, x, own));
    }
  });
  return g.build({ outputs: [classify(g, x.high, { labels })] });
}

/** Name, α, parameters: those of ResNet-50 whatever α is. */
const IMAGE_VARIANTS = [
  ['oct-resnet-50-a125', 0.125],
  ['oct-resnet-50-a250', 0.25],
  ['oct-resnet-50-a500', 0.5],
] as const;

/** Size, stem, widths and blocks of the stages, parameters, those of the twin: without the shortcut that leaves an octave. */
const SPEECH_VARIANTS = [
  ['tiny', 16, [16, 24, 40], [1, 1, 1], 41_604, 41_316],
  ['small', 24, [24, 48, 64], [2, 2, 2], 249_076, 244_484],
  ['base', 32, [48, 80, 112], [2, 3, 3], 1_088_908, 1_077_036],
] as const;

/** The last block leaves the low octave. */
function speechBody(
  g: GraphBuilder,
  x: Value,
  config: { readonly rows: readonly StageRow[]; readonly alpha: number },
): Value {
  const { rows } = config;
  let y: Octaves = { high: x };
  rows.forEach(([channels, blocks, first], stage) => {
    for (let i = 0; i < blocks; i++) {
      const isLast = stage === rows.length - 1 && i === blocks - 1;
      const stride: Pair = i === 0 ? first : [1, 1];
      const own = { channels, stride, alpha: isLast ? 0 : config.alpha, bands: SUB_BANDS };
      y = g.scope(`stage${stage}-block${i}`, () => octaveBasic(g, y, own));
    }
  });
  return y.high;
}

const SPEECH_ENTRIES = SPEECH_VARIANTS.flatMap(([size, stem, widths, blocks, parameters, twinParameters]) =>
  [0.5, 0].map((alpha) => {
    const name = `oct-resnet-${size}${alpha === 0 ? '-plain' : ''}`;
    const rows = stageRows(HALVE_LAST, widths, blocks);
    return speechEntry({
      name,
      family: 'oct-resnet',
      size,
      ...(alpha > 0 && { twin: `oct-resnet-${size}-plain` }),
      source: alpha > 0 ? SOURCE : `${SOURCE}; plain twin`,
      parameters: alpha > 0 ? parameters : twinParameters,
      build: (options) => buildFramed(name, { stem }, (g, x) => speechBody(g, x, { rows, alpha }), options),
    });
  }),
);

export const OCT_RESNETS: readonly ModelEntry[] = [
  ...IMAGE_VARIANTS.map(([name, alpha]) =>
    imageEntry({
      name,
      family: 'oct-resnet',
      twin: 'resnet-50',
      source: SOURCE,
      parameters: 25_557_032,
      build: (options) => buildOctResNet50(name, alpha, options),
    }),
  ),
  ...SPEECH_ENTRIES,
];
