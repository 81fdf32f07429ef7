/**
 * GoogLeNet, and networks of its modules for speech: several kernels look at the same map, and their answers lie side by
 * side.
 *
 * Paper: Szegedy et al., "Going Deeper with Convolutions", CVPR 2015, arXiv 1409.4842. Reference code: pytorch/vision,
 * torchvision/models/googlenet.py (BSD-3-Clause), read, not copied. As in that code every convolution has a norm and the
 * 5 × 5 path is one of 3 × 3; the auxiliary classifiers are left out. The speech variants are ours; their widest path is
 * two 3 × 3, as in the later papers.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Padding, Pair } from '../graph/graph.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { classify, SUB_BANDS, subBandsOf } from './layers.js';
import { buildFramed } from './speech-frame.js';

const SOURCE = 'Szegedy et al. 2015, arXiv 1409.4842; pytorch/vision';
const EPSILON = 1e-3;
const SQUARE: Pair = [3, 3];
const ALL_SIDES: Padding = [
  [1, 1],
  [1, 1],
];
/** The reference pools with sizes rounded up. */
const BEHIND: Padding = [
  [0, 1],
  [0, 1],
];

/** Widths of the 1 × 1 path, of the 3 × 3 path before and at its end, of the wide path likewise, of the pooled path. */
export type InceptionRow = readonly [
  point: number,
  nearReduce: number,
  near: number,
  farReduce: number,
  far: number,
  pooled: number,
];

export interface InceptionStyle {
  /** 3 × 3 convolutions of the wide path; default 1. */
  readonly far?: number;
  /** Sub-spectral normalisation after 3 × 3 convolutions. */
  readonly bands?: number;
}

function conv(
  g: GraphBuilder,
  x: Value,
  options: { name: string; channels: number; kernel?: Pair; stride?: Pair; bands?: number },
): Value {
  const bands = subBandsOf(x.shape[1], options.bands ?? 1);
  return g.relu(g.batchNorm(g.conv2d(x, options), { epsilon: EPSILON, bands }));
}

/** Four paths side by side, `[T, F, C]` → `[T, F, Σ]`. Source: figure 2 b of the paper. */
export function inceptionModule(
  g: GraphBuilder,
  x: Value,
  [point, nearReduce, near, farReduce, far, pooled]: InceptionRow,
  { far: count = 1, bands }: InceptionStyle = {},
): Value {
  const spatial = { kernel: SQUARE, bands };
  const narrow = conv(g, x, { name: 'near-reduce', channels: nearReduce });
  let wide = conv(g, x, { name: 'far-reduce', channels: farReduce });
  for (let i = 0; i < count; i++) wide = conv(g, wide, { name: 'far', channels: far, ...spatial });
  const largest = g.maxPool(x, { kernel: SQUARE, stride: [1, 1], padding: ALL_SIDES });
  return g.concat([
    conv(g, x, { name: 'point', channels: point }),
    conv(g, narrow, { name: 'near', channels: near, ...spatial }),
    wide,
    conv(g, largest, { name: 'pooled', channels: pooled }),
  ]);
}

/** Table 1 of the paper; between the groups a max pool. */
const IMAGE_GROUPS: readonly (readonly InceptionRow[])[] = [
  [
    [64, 96, 128, 16, 32, 32],
    [128, 128, 192, 32, 96, 64],
  ],
  [
    [192, 96, 208, 16, 48, 64],
    [160, 112, 224, 24, 64, 64],
    [128, 128, 256, 24, 64, 64],
    [112, 144, 288, 32, 64, 64],
    [256, 160, 320, 32, 128, 128],
  ],
  [
    [256, 160, 320, 32, 128, 128],
    [384, 192, 384, 48, 128, 128],
  ],
];

/** GoogLeNet on an image `[rows, columns, 3]`. */
export function buildGoogLeNet(name: string, { labels, input }: Required<BuildOptions>): Graph {
  const g = new GraphBuilder(name);
  const two: Pair = [2, 2];
  const pool = (y: Value) => g.maxPool(y, { kernel: SQUARE, stride: two, padding: BEHIND });
  let x = g.input('features', input);
  x = pool(conv(g, x, { name: 'stem', channels: 64, kernel: [7, 7], stride: two }));
  x = conv(g, x, { name: 'stem-reduce', channels: 64 });
  x = conv(g, x, { name: 'stem-widen', channels: 192, kernel: SQUARE });
  IMAGE_GROUPS.forEach((rows, group) => {
    x = group < 2 ? pool(x) : g.maxPool(x, { kernel: two });
    rows.forEach((row, i) => {
      x = g.scope(`group${group}-module${i}`, () => inceptionModule(g, x, row));
    });
  });
  return g.build({ outputs: [classify(g, x, { labels, dropout: 0.2 })] });
}

/** A module of `channels` in the proportions of GoogLeNet's: a quarter 1 × 1, half near, an eighth each far and pooled. */
function rowOf(channels: number): InceptionRow {
  const eighth = channels / 8;
  return [2 * eighth, 3 * eighth, 4 * eighth, eighth, eighth, eighth];
}

/** Size, stem, widths of the modules of each group (multiples of 8), last convolution, parameters. */
const SPEECH_VARIANTS = [
  ['tiny', 16, [[32, 32], [48, 48, 48], [64]], 64, 44_744],
  [
    'small',
    24,
    [
      [64, 64],
      [96, 96, 112],
      [144, 144],
    ],
    160,
    255_600,
  ],
  [
    'base',
    32,
    [
      [128, 128],
      [192, 192, 224],
      [272, 272],
    ],
    320,
    941_004,
  ],
] as const;

/** Frequency is halved by the stem and before the second and third group, time by the stem alone. */
function speechBody(g: GraphBuilder, x: Value, groups: readonly (readonly number[])[]): Value {
  const style = { far: 2, bands: SUB_BANDS };
  let y = x;
  groups.forEach((widths, group) => {
    if (group > 0) y = g.maxPool(y, { kernel: [1, 2] });
    widths.forEach((channels, i) => {
      y = g.scope(`group${group}-module${i}`, () => inceptionModule(g, y, rowOf(channels), style));
    });
  });
  return y;
}

export const INCEPTIONS: readonly ModelEntry[] = [
  imageEntry({
    name: 'googlenet',
    family: 'inception',
    source: SOURCE,
    parameters: 6_624_904,
    build: (options) => buildGoogLeNet('googlenet', options),
  }),
  ...SPEECH_VARIANTS.map(([size, stem, groups, last, parameters]) => {
    const name = `inception-${size}`;
    return speechEntry({
      name,
      family: 'inception',
      size,
      source: SOURCE,
      parameters,
      build: (options) => buildFramed(name, { stem, last }, (g, x) => speechBody(g, x, groups), options),
    });
  }),
];
