/**
 * The Ghost module and bottleneck: half of the maps by a convolution, the rest by cheap depthwise ones from the first.
 *
 * Paper: Han, Wang, Tian, Guo, Xu, Xu, "GhostNet: More Features from Cheap Operations", CVPR 2020, arXiv 1911.11907.
 * Reference code: huawei-noah/Efficient-AI-Backbones, ghostnet_pytorch (Apache-2.0), read, not copied.
 */
import type { ConvOptions, GraphBuilder, Value } from '../graph/builder.js';
import type { Pair } from '../graph/graph.js';
import { checkOption, isWhole } from './check-option.js';
import {
  type ActivationChoice,
  convNorm,
  depthwiseNorm,
  makeDivisible,
  type NormOptions,
  normActivate,
  squeezeExcite,
} from './layers.js';

/** How many ghosts a map gives and by which kernel. */
export interface GhostRule {
  /** s: the primary convolution makes ⌈channels / s⌉ maps, each gives s − 1 ghosts. Default 2. */
  readonly ratio?: number;
  /** Of the cheap depthwise convolution, odd on both axes; default 3 × 3. */
  readonly cheapKernel?: Pair;
}

/**
 * @throws ConfigError `ghost-ratio` unless the ratio is a whole number of `leastRatio` or more, `ghost-cheap-kernel` unless the
 * cheap kernel is a pair of odd numbers: maps and ghosts would differ in size.
 */
export function checkGhostRule(what: string, { ratio = 2, cheapKernel = [3, 3] }: GhostRule, leastRatio = 1) {
  const allowed = `a whole number of ${leastRatio} or more`;
  const wanted = { code: 'ghost-ratio', what, option: 'ratio', allowed, value: ratio };
  checkOption(isWhole(ratio, leastRatio), wanted);
  const isPair = Array.isArray(cheapKernel) && cheapKernel.length === 2;
  const isOdd = isPair && cheapKernel.every((side) => isWhole(side) && side % 2 === 1);
  const odd = {
    code: 'ghost-cheap-kernel',
    what,
    option: 'cheapKernel',
    allowed: 'a pair of odd whole numbers',
  };
  checkOption(isOdd, { ...odd, value: cheapKernel });
}

export interface GhostMapsOptions extends GhostRule, Omit<ConvOptions, 'name' | 'bias'> {
  readonly channels: number;
}

/** Norm and activation of a module's two parts. */
export interface GhostFinish {
  primary(maps: Value): Value;
  cheap(maps: Value): Value;
}

/**
 * The module around norms and activations of any kind: `[T, F, C]` → `[T', F', channels]`. Kernel (1 × 1 unless said), stride,
 * dilation and padding are the primary convolution's.
 * @throws ConfigError as `checkGhostRule` does.
 */
export function ghostMaps(g: GraphBuilder, x: Value, options: GhostMapsOptions, finish: GhostFinish): Value {
  const { channels, ratio = 2, cheapKernel = [3, 3], ...window } = options;
  checkGhostRule('a Ghost module', { ratio, cheapKernel });
  const own = Math.ceil(channels / ratio);
  const primary = finish.primary(g.conv2d(x, { ...window, name: 'primary', channels: own }));
  if (ratio === 1) return primary;
  const cheap = { name: 'cheap', kernel: cheapKernel, multiplier: ratio - 1 };
  const all = g.concat([primary, finish.cheap(g.depthwiseConv2d(primary, cheap))]);
  return all.shape[2] === channels ? all : g.slice(all, 0, channels);
}

export interface GhostOptions extends GhostMapsOptions {
  /** Default `relu`. */
  readonly activation?: ActivationChoice;
  /** Of the cheap part's norm: sub-spectral normalisation. */
  readonly bands?: number;
  /** γ of both norms at the start. */
  readonly gamma?: number;
}

/**
 * `[T, F, C]` → `[T', F', channels]`: concat of primary and ghost maps, cut to `channels`. Source: §3.1.
 * @throws ConfigError as `checkGhostRule` does.
 */
export function ghostModule(g: GraphBuilder, x: Value, options: GhostOptions): Value {
  const { activation, bands, gamma, ...maps } = options;
  return ghostMaps(g, x, maps, {
    primary: (y) => normActivate(g, y, { activation, gamma }),
    cheap: (y) => normActivate(g, y, { activation, bands, gamma }),
  });
}

export interface GhostBottleneckOptions extends NormOptions, GhostRule {
  /** Width between the two Ghost modules. */
  readonly expanded: number;
  readonly channels: number;
  /** Of the strided and the shortcut's depthwise convolutions; the Ghost modules have their own. */
  readonly kernel?: Pair;
  readonly stride?: Pair;
  /** Squeeze-excitation waist as a share of `expanded`; 0: none. */
  readonly squeeze?: number;
}

/**
 * Ghost module that widens (ReLU), depthwise convolution where there is a stride, squeeze-excitation, Ghost module
 * that narrows (linear), plus shortcut; no activation after the sum. Source: figure 3 of the paper and its code.
 */
export function ghostBottleneck(g: GraphBuilder, x: Value, options: GhostBottleneckOptions): Value {
  const { expanded, channels, kernel = [3, 3], stride = [1, 1], squeeze = 0, bands, gamma } = options;
  const { ratio, cheapKernel } = options;
  const ghost = { ratio, cheapKernel, bands };
  const linear = { activation: 'none', bands } as const;
  const strided = stride[0] > 1 || stride[1] > 1;
  let y = g.scope('widen', () => ghostModule(g, x, { ...ghost, channels: expanded }));
  if (strided) y = depthwiseNorm(g, y, { ...linear, name: 'stride', kernel, stride });
  if (squeeze > 0)
    y = squeezeExcite(g, y, { channels: makeDivisible(expanded * squeeze), gate: 'hardSigmoid' });
  y = g.scope('narrow', () => ghostModule(g, y, { ...ghost, channels, activation: 'none', gamma }));
  if (!strided && x.shape[2] === channels) return g.add(y, x);
  const shortcut = g.scope('shortcut', () => {
    const moved = depthwiseNorm(g, x, { ...linear, kernel, stride });
    return convNorm(g, moved, { channels, activation: 'none' });
  });
  return g.add(y, shortcut);
}
