/**
 * ReXNet and ReXNet-lite: inverted residuals whose widths grow by the same step from block to block.
 *
 * Paper: Han, Yun, Heo, Yoo, "Rethinking Channel Dimensions for Efficient Model Design", CVPR 2021, arXiv 2007.00992.
 * Reference code: clovaai/rexnet (MIT), read, not copied.
 * What differs: nothing in the arithmetic of the image networks; the waist of squeeze-excitation is a dense layer with
 * the code's bias and norm. The speech variants are ours.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { checkOption, isPositive, isWhole } from './check-option.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { classify, convNorm, depthwiseNorm, makeDivisible, normActivate, SUB_BANDS } from './layers.js';
import { buildFramed } from './speech-frame.js';

const SOURCE = 'Han et al. 2021, arXiv 2007.00992; clovaai/rexnet';

/** The nearest integer, a half to the even one, as Python rounds: 38.5 → 38, 83.5 → 84. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

export interface ChannelRule {
  readonly first: number;
  /** From block to block, before the width. */
  readonly step: number;
  readonly blocks: number;
  readonly width: number;
}

/** @throws ConfigError `rexnet-OPTION` unless `met`. */
function check(option: string, met: boolean, allowed: string, value: number): void {
  checkOption(met, { code: `rexnet-${option}`, what: 'a ReXNet', option, allowed, value });
}

/** Of every width of a network; the last one is 1280 times as wide, rounded down. */
function checkWidth(width: number): void {
  check('width', isPositive(width) && 1280 * width >= 1, 'a multiplier of 1 / 1280 or more', width);
}

/**
 * Widths of the blocks, cᵢ = (first + i · step) · width with halves rounded to even. Below a width of 1 the first stays
 * as it is. Source: §4.2 and the code.
 * @throws ConfigError `rexnet-OPTION` unless the width is above 0, the first width gives a map, steps do not shrink and there is
 * a block.
 */
export function linearChannels({ first, step, blocks, width }: ChannelRule): number[] {
  check('width', isPositive(width), 'a multiplier above 0', width);
  check(
    'first',
    isPositive(first) && roundHalfEven(first * Math.max(1, width)) >= 1,
    'enough for one map',
    first,
  );
  check('step', step >= 0 && step < Infinity, '0 or more', step);
  check('blocks', isWhole(blocks), 'a whole number of 1 or more', blocks);
  const start = width < 1 ? first / width : first;
  const channels: number[] = [];
  // Summed up as the code does, not multiplied: a sum that ends beside a half rounds the other way.
  for (let i = 0, wish = start; i < blocks; i++, wish += step) channels.push(roundHalfEven(wish * width));
  return channels;
}

export interface RexBlockOptions {
  readonly channels: number;
  /** 1: no widening convolution. */
  readonly expansion: number;
  readonly stride: Pair;
  /** The waist of squeeze-excitation is the middle's width divided by this, rounded down; none without. */
  readonly squeeze?: number;
  /** After the widening convolution; default `silu`. */
  readonly activation?: 'silu' | 'relu6';
  /** Sub-spectral normalisation after the depthwise convolution. */
  readonly bands?: number;
}

/**
 * 1 × 1 with SiLU, depthwise with the stride, squeeze-excitation, ReLU6, linear 1 × 1. Where nothing is strided and the
 * width does not shrink, the input is added to the first channels of the output. Source: the code.
 * @throws ConfigError `rexnet-expansion`, `rexnet-squeeze` for what leaves no whole number of maps.
 */
export function rexBlock(g: GraphBuilder, x: Value, options: RexBlockOptions): Value {
  const { channels, expansion, stride, squeeze, activation = 'silu', bands } = options;
  const width = x.shape[2];
  check('expansion', isWhole(expansion), 'a whole number of 1 or more', expansion);
  check('squeeze', squeeze === undefined || isPositive(squeeze), 'above 0', squeeze!);
  let y = x;
  if (expansion !== 1) y = convNorm(g, y, { name: 'widen', channels: width * expansion, activation });
  y = depthwiseNorm(g, y, { stride, activation: 'none', bands });
  if (squeeze) y = squeezeWithNorm(g, y, Math.max(1, Math.floor((width * expansion) / squeeze)));
  y = convNorm(g, g.activation(y, 'relu6'), { name: 'narrow', channels, activation: 'none' });
  if (stride[0] !== 1 || stride[1] !== 1 || width > channels) return y;
  return g.add(y, width === channels ? x : g.padChannels(x, 0, channels - width), { name: 'residual' });
}

/** Squeeze-excitation with a norm in its waist. */
function squeezeWithNorm(g: GraphBuilder, x: Value, channels: number): Value {
  return g.scope('se', () => {
    const waist = normActivate(g, g.dense(g.globalAvgPool(x), { name: 'reduce', channels }));
    return g.multiply(x, g.activation(g.dense(waist, { name: 'expand', channels: x.shape[2] }), 'sigmoid'));
  });
}

const GROUPS = [1, 2, 2, 3, 3, 5] as const;
const GROUP_STRIDES = [1, 2, 2, 2, 1, 2] as const;
/** Stride of each of the 16 blocks. */
const STRIDES: readonly Pair[] = GROUPS.flatMap((blocks, group) =>
  Array.from({ length: blocks }, (_, i): Pair => {
    const step = i === 0 ? GROUP_STRIDES[group] : 1;
    return [step, step];
  }),
);
/** Blocks of the first two groups, which have no squeeze-excitation. */
const UNSQUEEZED = 3;

/** ReXNet on an image `[rows, columns, 3]`. @throws ConfigError `rexnet-width` for a width that leaves a layer no map. */
export function buildRexNet(name: string, width: number, { labels, input }: Required<BuildOptions>): Graph {
  checkWidth(width);
  const g = new GraphBuilder(name);
  const channels = linearChannels({ first: 16, step: 180 / 16, blocks: 16, width });
  const stem = width < 1 ? 32 : roundHalfEven(32 * width);
  const activation = 'silu';
  let x = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels: stem, kernel: [3, 3], stride: [2, 2], activation });
  channels.forEach((own, i) => {
    const squeeze = i < UNSQUEEZED ? undefined : 12;
    x = g.scope(`block${i}`, () =>
      rexBlock(g, x, { channels: own, expansion: i === 0 ? 1 : 6, stride: STRIDES[i], squeeze }),
    );
  });
  x = convNorm(g, x, { name: 'last', channels: Math.floor(1280 * width), activation });
  return g.build({ outputs: [classify(g, x, { labels, dropout: 0.2 })] });
}

/** ReXNet-lite on an image: ReLU6 throughout, no squeeze-excitation, widths rounded to 8, a dense layer of 1024 more. @throws ConfigError as `buildRexNet`. */
export function buildRexNetLite(
  name: string,
  width: number,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  checkWidth(width);
  const activation = 'relu6';
  const wide = (wish: number) => makeDivisible(roundHalfEven(wish * width), 8);
  let x = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels: wide(32), kernel: [3, 3], stride: [2, 2], activation });
  STRIDES.forEach((stride, i) => {
    const channels = wide(16 + (i * 164) / 15);
    x = g.scope(`block${i}`, () =>
      rexBlock(g, x, { channels, expansion: i === 0 ? 1 : 6, stride, activation }),
    );
  });
  x = convNorm(g, x, { name: 'last', channels: Math.floor(1280 * Math.max(1, width)), activation });
  x = g.dense(g.globalAvgPool(x), { name: 'hidden', channels: 1024 });
  return g.build({
    outputs: [classify(g, normActivate(g, x, { activation }), { labels, dropout: 0.2 })],
  });
}

/** Width, parameters. */
const VARIANTS = [
  ['0.9', 4_091_257],
  ['1.0', 4_796_873],
  ['1.3', 7_557_091],
  ['1.5', 9_728_593],
  ['2.0', 16_366_620],
  ['3.0', 34_708_792],
] as const;

const LITE_VARIANTS = [
  ['1.0', 4_740_056],
  ['1.3', 6_747_960],
  ['1.5', 8_332_296],
  ['2.0', 12_966_200],
] as const;

const imageEntries = (
  prefix: string,
  rows: readonly (readonly [width: string, parameters: number])[],
  build: typeof buildRexNet,
): ModelEntry[] =>
  rows.map(([width, parameters]) => {
    const name = `${prefix}-${width}`;
    return imageEntry({
      name,
      family: 'rexnet',
      source: SOURCE,
      parameters,
      build: (options) => build(name, Number(width), options),
    });
  });

interface SpeechVariant {
  readonly size: 'tiny' | 'small' | 'base';
  readonly stem: number;
  readonly last: number;
  readonly rule: ChannelRule;
  readonly expansion: number;
  readonly parameters: number;
}

const SPEECH_VARIANTS: readonly SpeechVariant[] = [
  {
    size: 'tiny',
    stem: 16,
    last: 96,
    rule: { first: 8, step: 3, blocks: 9, width: 1 },
    expansion: 3,
    parameters: 42_129,
  },
  {
    size: 'small',
    stem: 24,
    last: 192,
    rule: { first: 12, step: 4.5, blocks: 11, width: 1 },
    expansion: 4,
    parameters: 181_914,
  },
  {
    size: 'base',
    stem: 32,
    last: 320,
    rule: { first: 16, step: 5.25, blocks: 16, width: 1 },
    expansion: 6,
    parameters: 1_062_417,
  },
];

/** Frequency is halved by the stem and the second and fourth block, time by the stem alone. */
function speechBody(g: GraphBuilder, x: Value, { rule, expansion }: SpeechVariant): Value {
  let y = x;
  linearChannels(rule).forEach((channels, i) => {
    const stride: Pair = i === 1 || i === 3 ? [1, 2] : [1, 1];
    const squeeze = i < UNSQUEEZED ? undefined : 12;
    const own = { channels, stride, squeeze, bands: SUB_BANDS, expansion: i === 0 ? 1 : expansion };
    y = g.scope(`block${i}`, () => rexBlock(g, y, own));
  });
  return y;
}

const SPEECH_ENTRIES = SPEECH_VARIANTS.map((variant) => {
  const { size, stem, last, parameters } = variant;
  const name = `rexnet-${size}`;
  return speechEntry({
    name,
    family: 'rexnet',
    size,
    source: SOURCE,
    parameters,
    build: (options) =>
      buildFramed(name, { stem, last, activation: 'silu' }, (g, x) => speechBody(g, x, variant), options),
  });
});

export const REXNETS: readonly ModelEntry[] = [
  ...imageEntries('rexnet', VARIANTS, buildRexNet),
  ...imageEntries('rexnet-lite', LITE_VARIANTS, buildRexNetLite),
  ...SPEECH_ENTRIES,
];
