/**
 * MobileNetV2 for images and for speech.
 *
 * Paper: Sandler, Howard, Zhu, Zhmoginov, Chen, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018,
 * arXiv 1801.04381. Reference code: pytorch/vision, torchvision/models/mobilenetv2.py (BSD-3-Clause), read, not copied.
 * What differs: nothing in the arithmetic of the image network. The speech variants are ours: fewer and narrower rows,
 * frequency halved three times and time by the stem alone, sub-spectral norms, a head that knows its bands.
 */
import { GraphBuilder } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { type InvertedRow, stackInverted } from './inverted-residual.js';
import { classify, convNorm, SUB_BANDS } from './layers.js';
import { buildFramed, type SpeechFrame } from './speech-frame.js';

const SOURCE = 'Sandler et al. 2018, arXiv 1801.04381; pytorch/vision';

/** Table 2 of the paper: expansion, width, blocks, stride. */
const IMAGE_ROWS: readonly InvertedRow[] = [
  [1, 16, 1, [1, 1]],
  [6, 24, 2, [2, 2]],
  [6, 32, 3, [2, 2]],
  [6, 64, 4, [2, 2]],
  [6, 96, 3, [1, 1]],
  [6, 160, 3, [2, 2]],
  [6, 320, 1, [1, 1]],
];

/** MobileNetV2 of width 1 on an image `[rows, columns, 3]`. */
export function buildMobileNetV2(name: string, { labels, input }: Required<BuildOptions>): Graph {
  const g = new GraphBuilder(name);
  let x = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels: 32, kernel: [3, 3], stride: [2, 2], activation: 'relu6' });
  x = stackInverted(g, x, IMAGE_ROWS);
  x = convNorm(g, x, { name: 'last', channels: 1280, activation: 'relu6' });
  return g.build({ outputs: [classify(g, x, { labels, dropout: 0.2 })] });
}

interface SpeechVariant {
  readonly size: 'tiny' | 'small' | 'base';
  readonly frame: SpeechFrame;
  readonly rows: readonly InvertedRow[];
  readonly parameters: number;
}

const SPEECH_VARIANTS: readonly SpeechVariant[] = [
  {
    size: 'tiny',
    frame: { stem: 16, last: 96, activation: 'relu6' },
    rows: [
      [1, 12, 1, [1, 1]],
      [3, 16, 2, [1, 2]],
      [3, 24, 3, [1, 2]],
      [3, 32, 2, [1, 1]],
    ],
    parameters: 39_136,
  },
  {
    size: 'small',
    frame: { stem: 24, last: 192, activation: 'relu6' },
    rows: [
      [1, 16, 1, [1, 1]],
      [4, 24, 3, [1, 2]],
      [4, 40, 4, [1, 2]],
      [4, 64, 4, [1, 1]],
    ],
    parameters: 230_780,
  },
  {
    size: 'base',
    frame: { stem: 32, last: 320, activation: 'relu6' },
    rows: [
      [1, 24, 1, [1, 1]],
      [6, 40, 3, [1, 2]],
      [6, 64, 4, [1, 2]],
      [6, 96, 5, [1, 1]],
    ],
    parameters: 870_300,
  },
];

const SPEECH_ENTRIES: readonly ModelEntry[] = SPEECH_VARIANTS.map(({ size, frame, rows, parameters }) => {
  const name = `mobilenet-v2-${size}`;
  return speechEntry({
    name,
    family: 'mobilenet',
    size,
    source: SOURCE,
    parameters,
    build: (options) =>
      buildFramed(name, frame, (g, x) => stackInverted(g, x, rows, { bands: SUB_BANDS }), options),
  });
});

export const MOBILENETS: readonly ModelEntry[] = [
  imageEntry({
    name: 'mobilenet-v2',
    family: 'mobilenet',
    source: SOURCE,
    parameters: 3_504_872,
    build: (options) => buildMobileNetV2('mobilenet-v2', options),
  }),
  ...SPEECH_ENTRIES,
];
