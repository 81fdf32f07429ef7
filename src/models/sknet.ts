/**
 * SKNet: units whose channels choose between kernels of two sizes.
 *
 * Paper: Li, Wang, Hu, Yang, "Selective Kernel Networks", CVPR 2019, arXiv 1903.06586. Reference code: implus/SKNet (Caffe,
 * no licence stated), not used: the unit follows the text, equations 1 to 6, and the published 27.5 M parameters.
 * What differs: the frame is ResNeXt-50's of torchvision. The speech variants are ours, with depthwise branches.
 */
import { ConfigError } from '../errors.js';
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { classify, convNorm, depthwiseNorm, imageStem, normActivate, SUB_BANDS } from './layers.js';
import { buildFramed } from './speech-frame.js';
import { HALVE_LAST, type StageRow, stageRows } from './speech-network.js';

const SOURCE = 'Li et al. 2019, arXiv 1903.06586';

export interface SelectiveOptions {
  readonly channels: number;
  readonly stride: Pair;
  /** G: of the branches' convolutions; `depthwise`: as many as channels. */
  readonly groups: number | 'depthwise';
  /** r: the waist is channels / r, but L at least. Default 16. */
  readonly reduction?: number;
  /** L; default 32. */
  readonly least?: number;
  /** Sub-spectral normalisation of the branches. */
  readonly bands?: number;
}

/**
 * Branches of 3 × 3 and of 5 × 5 (3 × 3 dilated by 2), summed up with weights that a softmax over the branches gives each
 * channel: `[T, F, C]` → `[T', F', channels]`.
 * @throws ConfigError `sk-groups` for a width that the groups do not divide.
 */
export function selectiveKernel(g: GraphBuilder, x: Value, options: SelectiveOptions): Value {
  const { channels, reduction = 16, least = 32 } = options;
  const branches = [1, 2].map((reach) => branchOf(g, x, reach, options));
  const fused = g.add(branches[0], branches[1], { name: 'fuse' });
  const waist = Math.max(Math.floor(channels / reduction), least);
  const squeezed = g.dense(g.globalAvgPool(fused), { name: 'reduce', channels: waist, bias: false });
  const answers = g.dense(normActivate(g, squeezed), {
    name: 'select',
    channels: branches.length * channels,
    bias: false,
  });
  const shares = g.softmax(g.reshape(answers, [branches.length, 1, channels]), 'time');
  const weighted = branches.map((branch, i) =>
    g.multiply(branch, g.crop(shares, [i, 0], [1, 1]), { name: 'weigh' }),
  );
  return g.add(weighted[0], weighted[1], { name: 'selected' });
}

function branchOf(g: GraphBuilder, x: Value, reach: number, options: SelectiveOptions): Value {
  const { channels, stride, groups, bands } = options;
  const window = { kernel: [3, 3] as const, stride, dilation: [reach, reach] as const, bands };
  if (groups === 'depthwise') return depthwiseNorm(g, x, window);
  if (channels % groups !== 0 || x.shape[2] % groups !== 0)
    throw new ConfigError(
      'sk-groups',
      `Cannot build a selective kernel: expected channels divisible by ${groups} groups, ` +
        `got ${x.shape[2]} and ${channels}`,
      { value: groups },
    );
  return convNorm(g, x, { ...window, channels, groups });
}

/** 1 × 1, selective kernel with the stride, 1 × 1, plus shortcut, ReLU. */
function selectiveUnit(
  g: GraphBuilder,
  x: Value,
  options: SelectiveOptions & { readonly inner: number },
): Value {
  const { inner, channels, stride } = options;
  const narrow = convNorm(g, x, { name: 'narrow', channels: inner });
  const chosen = g.scope('kernel', () => selectiveKernel(g, narrow, { ...options, channels: inner }));
  const path = convNorm(g, chosen, { name: 'widen', channels, activation: 'none' });
  const fits = stride[0] === 1 && stride[1] === 1 && x.shape[2] === channels;
  const shortcut = fits ? x : convNorm(g, x, { name: 'shortcut', channels, stride, activation: 'none' });
  return g.relu(g.add(path, shortcut, { name: 'residual' }));
}

/** SKNet-50 on an image `[rows, columns, 3]`. */
export function buildSkNet50(name: string, { labels, input }: Required<BuildOptions>): Graph {
  const g = new GraphBuilder(name);
  const two: Pair = [2, 2];
  let x = imageStem(g, g.input('features', input), 64);
  [3, 4, 6, 3].forEach((count, stage) => {
    const [inner, channels] = [128 << stage, 256 << stage];
    for (let i = 0; i < count; i++) {
      const stride: Pair = stage > 0 && i === 0 ? two : [1, 1];
      x = g.scope(`stage${stage}-unit${i}`, () =>
        selectiveUnit(g, x, { inner, channels, stride, groups: 32 }),
      );
    }
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

/** Size, stem, widths and units of the stages, L, parameters; the middle of a unit is twice as wide as its ends. */
const SPEECH_VARIANTS = [
  ['tiny', 16, [16, 24, 40], [2, 2, 2], 8, 42_116],
  ['small', 24, [32, 56, 80], [2, 3, 3], 16, 210_900],
  ['base', 32, [64, 112, 160], [3, 3, 4], 32, 934_492],
] as const;

function speechBody(
  g: GraphBuilder,
  x: Value,
  config: { readonly rows: readonly StageRow[]; readonly least: number },
): Value {
  let y = x;
  config.rows.forEach(([channels, units, first], stage) => {
    for (let i = 0; i < units; i++) {
      const stride: Pair = i === 0 ? first : [1, 1];
      const own = { inner: 2 * channels, channels, stride, least: config.least, bands: SUB_BANDS };
      y = g.scope(`stage${stage}-unit${i}`, () => selectiveUnit(g, y, { ...own, groups: 'depthwise' }));
    }
  });
  return y;
}

export const SKNETS: readonly ModelEntry[] = [
  imageEntry({
    name: 'sknet-50',
    family: 'sknet',
    source: SOURCE,
    parameters: 27_479_784,
    build: (options) => buildSkNet50('sknet-50', options),
  }),
  ...SPEECH_VARIANTS.map(([size, stem, widths, units, least, parameters]) => {
    const name = `sknet-${size}`;
    const rows = stageRows(HALVE_LAST, widths, units);
    return speechEntry({
      name,
      family: 'sknet',
      size,
      source: SOURCE,
      parameters,
      build: (options) => buildFramed(name, { stem }, (g, x) => speechBody(g, x, { rows, least }), options),
    });
  }),
];
