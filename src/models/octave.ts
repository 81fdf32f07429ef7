/**
 * Octave convolutions: a share α of the channels lives at half the size, and the two halves inform each other.
 *
 * Paper: Chen, Fan, Xu, Yan, Kalantidis, Rohrbach, Yan, Feng, "Drop an Octave: Reducing Spatial Redundancy in Convolutional
 * Neural Networks with Octave Convolution", ICCV 2019, arXiv 1904.05049. Reference code: facebookresearch/OctConv (MIT),
 * read, not copied. What differs: sizes that are odd round up.
 */
import { ConfigError } from '../errors.js';
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Pair } from '../graph/graph.js';
import { type ActivationChoice, normActivate, subBandsOf } from './layers.js';

/** A map in two octaves: the low one has half the size, rounded up, or is not there. */
export interface Octaves {
  readonly high: Value;
  readonly low?: Value;
}

export interface OctaveOptions {
  readonly name: string;
  /** Of both octaves together. */
  readonly channels: number;
  /** α of the output, 0 … below 1; 0: no low octave. */
  readonly alpha: number;
  readonly kernel?: Pair;
  readonly stride?: Pair;
  /** After the norm of each octave; default `relu`. */
  readonly activation?: ActivationChoice;
  /** Sub-spectral normalisation. */
  readonly bands?: number;
}

/** How many of `channels` are low at α. @throws ConfigError `octave-alpha` unless that is a whole number below all. */
export function lowChannels(channels: number, alpha: number): number {
  const low = channels * alpha;
  if (alpha >= 0 && alpha < 1 && Number.isInteger(low)) return low;
  throw new ConfigError(
    'octave-alpha',
    `Cannot build an octave convolution of ${channels} channels: expected an alpha of 0 or more and below 1 ` +
      `that gives a whole number of low channels, got ${alpha}`,
    { value: alpha },
  );
}

/**
 * Each octave of the output from both of the input, norm and activation on each. A stride is a mean before the
 * convolution. Source: §3.2, equations 2 to 4.
 */
export function octaveConv(g: GraphBuilder, x: Octaves, options: OctaveOptions): Octaves {
  const { name, channels, alpha, stride = [1, 1], kernel } = options;
  const low = lowChannels(channels, alpha);
  const high = strideByPool(g, x.high, stride);
  const path = (suffix: string, y: Value, width: number) =>
    g.conv2d(y, { name: `${name}-${suffix}`, channels: width, kernel });
  let highOut = path('hh', high, channels - low);
  if (x.low) {
    const up = enlarge(g, path('lh', x.low, channels - low), [high.shape[0], high.shape[1]]);
    highOut = g.add(highOut, up, { name: `${name}-high` });
  }
  if (low === 0) return { high: finish(g, highOut, options) };
  let lowOut = path('hl', strideByPool(g, high, [2, 2]), low);
  if (x.low) {
    const same = path('ll', strideByPool(g, x.low, stride), low);
    lowOut = g.add(lowOut, same, { name: `${name}-low` });
  }
  return { high: finish(g, highOut, options), low: finish(g, lowOut, options) };
}

function finish(g: GraphBuilder, x: Value, { activation, bands = 1 }: OctaveOptions): Value {
  return normActivate(g, x, { activation, bands: subBandsOf(x.shape[1], bands) });
}

/** Nearest neighbours; the low octave of a strided convolution has the size already. */
function enlarge(g: GraphBuilder, x: Value, size: Pair): Value {
  return x.shape[0] === size[0] && x.shape[1] === size[1] ? x : g.resize(x, size, 'nearest');
}

/** Means over windows of the stride; the last window of an odd size is shorter. */
function strideByPool(g: GraphBuilder, x: Value, stride: Pair): Value {
  if (stride[0] === 1 && stride[1] === 1) return x;
  const behind = (axis: 0 | 1): Pair => [0, (stride[axis] - (x.shape[axis] % stride[axis])) % stride[axis]];
  return g.avgPool(x, { kernel: stride, padding: [behind(0), behind(1)], countPadding: false });
}

/** Octave by octave sum of two maps of the same octaves, then ReLU. */
export function addOctaves(g: GraphBuilder, a: Octaves, b: Octaves): Octaves {
  const sum = (x: Value, y: Value) => g.relu(g.add(x, y, { name: 'residual' }));
  return { high: sum(a.high, b.high), ...(a.low && b.low && { low: sum(a.low, b.low) }) };
}
