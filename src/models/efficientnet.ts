/**
 * EfficientNet: MobileNetV2's blocks with SiLU and squeeze-excitation, depth, width and resolution scaled together.
 *
 * Paper: Tan, Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019, arXiv 1905.11946.
 * Reference code: pytorch/vision, torchvision/models/efficientnet.py (BSD-3-Clause), read, not copied.
 * What differs: no stochastic depth; ε of every norm is 1e-5 (the code's is 1e-3 from B5 on). `base` scales B0's
 * depth, width and resolution as §3.3 does. The speech variants are ours, B0's rows scaled down the same way.
 */
import { GraphBuilder } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import { checkOption, isPositive } from './check-option.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { type InvertedRow, stackInverted } from './inverted-residual.js';
import { classify, convNorm, makeDivisible, SUB_BANDS } from './layers.js';
import { buildFramed } from './speech-frame.js';

const SOURCE = 'Tan and Le 2019, arXiv 1905.11946; pytorch/vision';

/** Table 1 of the paper: expansion, width, blocks, stride, kernel. */
const ROWS: readonly InvertedRow[] = [
  [1, 16, 1, [1, 1], 3],
  [6, 24, 2, [2, 2], 3],
  [6, 40, 2, [2, 2], 5],
  [6, 80, 3, [2, 2], 3],
  [6, 112, 3, [1, 1], 5],
  [6, 192, 4, [2, 2], 5],
  [6, 320, 1, [1, 1], 3],
];

/** What multiplies every width and every number of blocks. */
export interface CompoundScale {
  readonly width: number;
  readonly depth: number;
}

/**
 * Widths times `width` rounded to 8, blocks times `depth` rounded up. Source: the reference code.
 * @throws ConfigError `efficientnet-width`, `efficientnet-depth` unless both are numbers above 0.
 */
export function scaleRows(rows: readonly InvertedRow[], { width, depth }: CompoundScale): InvertedRow[] {
  for (const [option, value] of Object.entries({ width, depth })) {
    const wanted = { what: 'an EfficientNet', option, allowed: 'a multiplier above 0', value };
    checkOption(isPositive(value), { ...wanted, code: `efficientnet-${option}` });
  }
  return rows.map(
    ([expansion, channels, count, ...rest]) =>
      [expansion, makeDivisible(channels * width, 8), Math.ceil(count * depth), ...rest] as const,
  );
}

const STYLE = { activation: 'silu', squeeze: 0.25 } as const;

/** An EfficientNet on an image `[rows, columns, 3]`; the last 1 × 1 convolution is four times as wide as the last row. @throws ConfigError as `scaleRows`. */
export function buildEfficientNet(
  name: string,
  scale: CompoundScale & { readonly dropout: number },
  { labels, input }: Required<BuildOptions>,
): Graph {
  const rows = scaleRows(ROWS, scale);
  const g = new GraphBuilder(name);
  const activation = 'silu';
  const stem = makeDivisible(32 * scale.width, 8);
  let x = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels: stem, kernel: [3, 3], stride: [2, 2], activation });
  x = stackInverted(g, x, rows, STYLE);
  x = convNorm(g, x, { name: 'last', channels: 4 * x.shape[2], activation });
  return g.build({ outputs: [classify(g, x, { labels, dropout: scale.dropout })] });
}

/** Name, width, depth, resolution, dropout, parameters (those of torchvision's documentation). */
const VARIANTS = [
  ['b0', 1, 1, 224, 0.2, 5_288_548],
  ['b1', 1, 1.1, 240, 0.2, 7_794_184],
  ['b2', 1.1, 1.2, 260, 0.3, 9_109_994],
  ['b3', 1.2, 1.4, 300, 0.3, 12_233_232],
  ['b4', 1.4, 1.8, 380, 0.4, 19_341_616],
] as const;

const IMAGE_ENTRIES = VARIANTS.map(([suffix, width, depth, resolution, dropout, parameters]) => {
  const name = `efficientnet-${suffix}`;
  return imageEntry({
    name,
    family: 'efficientnet',
    source: SOURCE,
    parameters,
    input: [resolution, resolution, 3],
    build: (options) => buildEfficientNet(name, { width, depth, dropout }, options),
  });
});

/** Frequency is halved three times, time by the stem alone; a third of B0's widths at scale 1. */
const SPEECH_ROWS: readonly InvertedRow[] = [
  [1, 16, 1, [1, 1], 3],
  [3, 24, 2, [1, 2], 3],
  [3, 40, 2, [1, 2], 5],
  [3, 56, 3, [1, 1], 3],
];

/** Size, width, depth, width of stem and last convolution, parameters. */
const SPEECH_VARIANTS = [
  ['tiny', 0.55, 1, 16, 80, 48_646],
  ['small', 1.2, 1.4, 24, 192, 271_714],
  ['base', 2.2, 2, 32, 320, 1_044_906],
] as const;

const SPEECH_ENTRIES = SPEECH_VARIANTS.map(([size, width, depth, stem, last, parameters]) => {
  const name = `efficientnet-${size}`;
  const rows = scaleRows(SPEECH_ROWS, { width, depth });
  return speechEntry({
    name,
    family: 'efficientnet',
    size,
    source: SOURCE,
    parameters,
    build: (options) =>
      buildFramed(
        name,
        { stem, last, activation: 'silu' },
        (g, x) => stackInverted(g, x, rows, { ...STYLE, bands: SUB_BANDS }),
        options,
      ),
  });
});

export const EFFICIENTNETS: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...SPEECH_ENTRIES];
