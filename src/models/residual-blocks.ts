/**
 * Residual blocks that Big-Little modules and single-branch networks are made of: basic, bottleneck (also ResNeXt's
 * and with squeeze-excitation) and depthwise-separable.
 *
 * Papers: He et al. 2016 (arXiv 1512.03385), Xie et al. 2017 (ResNeXt, 1611.05431), Hu et al. 2018 (SE, 1709.01507).
 * Reference for the details: IBM/BigLittleNet (Apache-2.0), read, not copied.
 */
import { ConfigError } from '../errors.js';
import { type GraphBuilder, halfPadding, type Value } from '../graph/builder.js';
import type { Padding, Pair } from '../graph/graph.js';
import { checkOption, isWhole } from './check-option.js';
import { convNorm, depthwiseNorm, makeDivisible, normActivate, squeezeExcite } from './layers.js';

export interface BlockOptions {
  /** Width of the block's output. */
  readonly channels: number;
  readonly stride: Pair;
  /** `false`: no ReLU after the sum, because a merge with another branch follows. Default true. */
  readonly lastRelu?: boolean;
  /** Of the branch the block stands in (a Big-Little module divides a ResNeXt's cardinality by it). Default 1. */
  readonly widthDivisor?: number;
}

/** A residual block, `[T, F, C]` → `[T', F', channels]`. */
export type Block = (g: GraphBuilder, x: Value, options: BlockOptions) => Value;

/** What all blocks of a network have in common. */
export interface BlockStyle {
  /** Kernel of the spatial convolutions; default 3 × 3. */
  readonly kernel?: Pair;
  /** `valid`: time is not padded, so that each block shortens it by what its kernels reach. Default `same`. */
  readonly timePadding?: 'same' | 'valid';
  /** Strided shortcut: average pool then 1 × 1 (Big-Little) or strided 1 × 1 (ResNet). Default `pool`. */
  readonly shortcut?: 'pool' | 'conv';
  /** Sub-spectral normalisation after spatial convolutions; 1: BatchNorm. */
  readonly bands?: number;
  /** Separable blocks: waist of squeeze-excitation at the path's end as a share of the width; default none. */
  readonly squeeze?: number;
}

const THREE: Pair = [3, 3];

/** Padding of half a kernel, without time's part under `valid`. */
export function paddingOf(kernel: Pair, style: BlockStyle): Padding {
  const [time, frequency] = halfPadding(kernel);
  return [style.timePadding === 'valid' ? [0, 0] : time, frequency];
}

/** Spatial convolution of a block in a network's style, with norm and ReLU unless `gamma` or `activation` say else. */
interface Spatial {
  readonly kernel: Pair;
  readonly padding: Padding;
  readonly bands?: number;
}

function spatialOf(style: BlockStyle): Spatial {
  const kernel = style.kernel ?? THREE;
  return { kernel, padding: paddingOf(kernel, style), bands: style.bands };
}

/** The residual path plus the shortcut, ReLU unless the block must end without. */
function join(g: GraphBuilder, x: Value, path: Value, options: BlockOptions, style: BlockStyle): Value {
  const sum = g.add(path, shortcutOf(g, x, path, options, style), { name: 'residual' });
  return options.lastRelu === false ? sum : g.relu(sum);
}

/**
 * The shortcut of a block: means on the strided axes, then 1 × 1 where the width changes; where `path` has lost frames
 * at its ends, so does the shortcut.
 */
function shortcutOf(g: GraphBuilder, x: Value, path: Value, options: BlockOptions, style: BlockStyle): Value {
  const { channels, stride } = options;
  const strided = stride[0] > 1 || stride[1] > 1;
  const asConv = style.shortcut === 'conv';
  let y = x;
  if (style.timePadding === 'valid') {
    if (stride[0] !== 1)
      throw new ConfigError(
        'block-stride',
        `Cannot build a block without time padding: expected a time stride of 1, got ${stride[0]}`,
        { value: stride },
      );
    y = cropTime(g, y, path.shape[0]);
  }
  if (strided && !asConv) {
    y = strideByMean(g, y, stride);
  }
  if (y.shape[2] === channels && !(strided && asConv)) return y;
  return convNorm(g, y, {
    name: 'shortcut',
    channels,
    stride: asConv ? stride : [1, 1],
    activation: 'none',
  });
}

/** The mean of 3 positions on each axis with a stride of 2 and of 1 on the others, padding counted as PyTorch does. */
export function strideByMean(g: GraphBuilder, x: Value, stride: Pair): Value {
  const kernel: Pair = [stride[0] > 1 ? 3 : 1, stride[1] > 1 ? 3 : 1];
  return g.avgPool(x, { name: 'stride-by-mean', kernel, stride, padding: halfPadding(kernel) });
}

/** The middle `frames` of a map. */
export function cropTime(g: GraphBuilder, x: Value, frames: number): Value {
  const lost = x.shape[0] - frames;
  return lost === 0 ? x : g.crop(x, [Math.floor(lost / 2), 0], [frames, x.shape[1]]);
}

/** Two spatial convolutions at full width (He et al. 2016, figure 5 left). */
export function basicBlock(style: BlockStyle = {}): Block {
  return (g, x, options) => {
    const spatial = spatialOf(style);
    const { channels, stride } = options;
    const y = convNorm(g, x, { ...spatial, channels, stride });
    return join(g, x, convNorm(g, y, { ...spatial, channels, activation: 'none', gamma: 0 }), options, style);
  };
}

/** Depthwise 3 × 3, 1 × 1, depthwise 3 × 3, 1 × 1: the basic block's reach at a tenth of its cost. Ours, for tiny networks. */
export function separableBlock(style: BlockStyle = {}): Block {
  return (g, x, options) => {
    const spatial = spatialOf(style);
    const { channels, stride } = options;
    let y = depthwiseNorm(g, x, { ...spatial, stride });
    y = convNorm(g, y, { channels });
    y = depthwiseNorm(g, y, { ...spatial, activation: 'none' });
    y = convNorm(g, y, { channels, activation: 'none', gamma: 0 });
    if (style.squeeze) {
      y = squeezeExcite(g, y, { channels: makeDivisible(channels * style.squeeze), gate: 'hardSigmoid' });
    }
    return join(g, x, y, options, style);
  };
}

export interface BottleneckOptions extends BlockStyle {
  /** ResNeXt: number of groups and width of each at 64 channels. Divided and multiplied by a branch's width divisor. */
  readonly cardinality?: number;
  readonly baseWidth?: number;
  /** Squeeze-excitation with a waist of channels / 16 before the sum. */
  readonly squeezeExcite?: boolean;
}

/**
 * 1 × 1 to a quarter (ResNeXt: to groups × their width), 3 × 3 with the stride, 1 × 1 back (He et al. 2016, figure 5 right).
 * @throws ConfigError, once it is built, `resnext-cardinality` for a cardinality that is no whole number or that the branch's width
 * divisor does not divide, `resnext-base-width` where groups would have no map, `bottleneck-channels` for too narrow a block.
 */
export function bottleneckBlock(options: BottleneckOptions = {}): Block {
  return (g, x, block) => {
    const { channels, stride, widthDivisor = 1 } = block;
    const { inner, groups } = innerWidth(channels, widthDivisor, options);
    let y = convNorm(g, x, { name: 'reduce', channels: inner });
    y = convNorm(g, y, { name: 'spatial', ...spatialOf(options), channels: inner, stride, groups });
    y = g.conv2d(y, { name: 'expand', channels });
    y = normActivate(g, y, { activation: 'none', gamma: 0 });
    if (options.squeezeExcite) {
      refuse('bottleneck-channels', channels >= 16, 'channels', '16 or more to be squeezed', channels);
      y = squeezeExcite(g, y, { channels: Math.floor(channels / 16), gate: 'sigmoid' });
    }
    return join(g, x, y, block, options);
  };
}

/** Width between the 1 × 1 convolutions, and groups of the 3 × 3. @throws ConfigError where there are none. */
function innerWidth(channels: number, widthDivisor: number, options: BottleneckOptions) {
  const { cardinality, baseWidth = 4 } = options;
  if (cardinality === undefined) {
    const inner = Math.floor(channels / 4);
    refuse('bottleneck-channels', inner >= 1, 'channels', '4 or more', channels);
    return { inner, groups: 1 };
  }
  const divides = isWhole(cardinality) && cardinality % widthDivisor === 0;
  const allowed = widthDivisor === 1 ? 'a whole number of 1 or more' : `a multiple of ${widthDivisor}`;
  refuse('resnext-cardinality', divides, 'cardinality', allowed, cardinality);
  const perGroup = Math.floor(Math.floor((channels * baseWidth * widthDivisor) / 64) / 4);
  const least = Math.ceil(256 / (channels * widthDivisor));
  const wanted = `${least} or more at ${channels * widthDivisor} channels`;
  refuse('resnext-base-width', isWhole(perGroup), 'baseWidth', wanted, baseWidth);
  const groups = cardinality / widthDivisor;
  return { inner: perGroup * groups, groups };
}

function refuse(code: string, met: boolean, option: string, allowed: string, value: number): void {
  checkOption(met, { code, what: 'a bottleneck block', option, allowed, value });
}

/** ResNeXt 32×4d and 64×4d, SE-ResNeXt 32×4d. */
export const RESNEXT_32: BottleneckOptions = { cardinality: 32, baseWidth: 4 };
export const RESNEXT_64: BottleneckOptions = { cardinality: 64, baseWidth: 4 };
export const SE_RESNEXT_32: BottleneckOptions = { ...RESNEXT_32, squeezeExcite: true };

export interface StackOptions {
  /** Scope of the blocks, numbered. */
  readonly name: string;
  readonly block: Block;
  readonly channels: number;
  readonly count: number;
  readonly stride: Pair;
  /** Which block carries the stride; default the first. */
  readonly strided?: 'first' | 'last';
}

/** Blocks one after the other, `[T, F, C]` → `[T', F', channels]`. */
export function stackBlocks(g: GraphBuilder, x: Value, options: StackOptions): Value {
  const { name, block, channels, count } = options;
  const strided = options.strided === 'last' ? count - 1 : 0;
  let y = x;
  for (let i = 0; i < count; i++) {
    const stride: Pair = i === strided ? options.stride : [1, 1];
    y = g.scope(`${name}-block${i}`, () => block(g, y, { channels, stride }));
  }
  return y;
}
