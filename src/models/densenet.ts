/**
 * DenseNet: every layer reads the maps of all layers before it and adds a few of its own.
 *
 * Paper: Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", CVPR 2017, arXiv 1608.06993.
 * Reference code: pytorch/vision, torchvision/models/densenet.py (BSD-3-Clause), read, not copied.
 * What differs: nothing in the arithmetic of the image networks. The speech variants are ours.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { classify, imageStem, normActivate, SUB_BANDS } from './layers.js';
import { buildFramed } from './speech-frame.js';

const SOURCE = 'Huang et al. 2017, arXiv 1608.06993; pytorch/vision';

export interface DenseBlockOptions {
  readonly layers: number;
  /** k: maps that a layer adds. */
  readonly growth: number;
  /** Width of a layer's 1 × 1 convolution as a multiple of `growth`; default 4. */
  readonly bottleneck?: number;
  /** Sub-spectral normalisation before both convolutions. */
  readonly bands?: number;
}

/** `[T, F, C]` → `[T, F, C + layers · growth]`, norm and ReLU before each convolution. Source: §3, DenseNet-B. */
export function denseBlock(g: GraphBuilder, x: Value, options: DenseBlockOptions): Value {
  const { layers, growth, bottleneck = 4, bands } = options;
  let all = x;
  for (let i = 0; i < layers; i++) {
    const added = g.scope(`layer${i}`, () => {
      const waist = g.conv2d(normActivate(g, all, { bands }), {
        name: 'reduce',
        channels: bottleneck * growth,
      });
      return g.conv2d(normActivate(g, waist, { bands }), { name: 'grow', channels: growth, kernel: [3, 3] });
    });
    all = g.concat([all, added]);
  }
  return all;
}

/** Norm, ReLU, 1 × 1 to half of the channels, mean over windows of `stride`. */
function transition(g: GraphBuilder, x: Value, stride: Pair, bands?: number): Value {
  const halved = g.conv2d(normActivate(g, x, { bands }), { channels: Math.floor(x.shape[2] / 2) });
  return g.avgPool(halved, { kernel: stride });
}

/** Dense blocks with a transition between each two, `strides` one for each transition. */
function denseBody(
  g: GraphBuilder,
  x: Value,
  config: {
    readonly layers: readonly number[];
    readonly growth: number;
    readonly strides: readonly Pair[];
    readonly bands?: number;
  },
): Value {
  let y = x;
  config.layers.forEach((layers, i) => {
    if (i > 0) y = g.scope(`transition${i}`, () => transition(g, y, config.strides[i - 1], config.bands));
    y = g.scope(`block${i}`, () => denseBlock(g, y, { ...config, layers }));
  });
  return normActivate(g, y, { bands: config.bands });
}

/** A published DenseNet on an image `[rows, columns, 3]`. */
export function buildDenseNet(
  name: string,
  config: { readonly layers: readonly number[]; readonly growth: number },
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  const two: Pair = [2, 2];
  let x = imageStem(g, g.input('features', input), 2 * config.growth);
  x = denseBody(g, x, { ...config, strides: [two, two, two] });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

/** Depth, layers of the blocks, growth, parameters (torchvision's documentation has the same). */
const VARIANTS = [
  ['121', [6, 12, 24, 16], 32, 7_978_856],
  ['169', [6, 12, 32, 32], 32, 14_149_480],
  ['201', [6, 12, 48, 32], 32, 20_013_928],
] as const;

const IMAGE_ENTRIES = VARIANTS.map(([depth, layers, growth, parameters]) => {
  const name = `densenet-${depth}`;
  return imageEntry({
    name,
    family: 'densenet',
    source: SOURCE,
    parameters,
    build: (options) => buildDenseNet(name, { layers, growth }, options),
  });
});

/** Frequency is halved by the stem and both transitions. */
const SPEECH_STRIDES: readonly Pair[] = [
  [1, 2],
  [1, 2],
];

/** Size, stem, layers of the blocks, growth, parameters. */
const SPEECH_VARIANTS = [
  ['tiny', 16, [3, 4, 5], 8, 55_410],
  ['small', 24, [4, 6, 8], 14, 259_278],
  ['base', 32, [6, 8, 12], 22, 1_016_623],
] as const;

const SPEECH_ENTRIES = SPEECH_VARIANTS.map(([size, stem, layers, growth, parameters]) => {
  const name = `densenet-${size}`;
  const config = { layers, growth, strides: SPEECH_STRIDES, bands: SUB_BANDS };
  return speechEntry({
    name,
    family: 'densenet',
    size,
    source: SOURCE,
    parameters,
    build: (options) => buildFramed(name, { stem }, (g, x) => denseBody(g, x, config), options),
  });
});

export const DENSENETS: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...SPEECH_ENTRIES];
