/**
 * The Ghost module and bottleneck: half of the maps by a convolution, the rest by cheap depthwise ones from the first.
 *
 * Paper: Han, Wang, Tian, Guo, Xu, Xu, "GhostNet: More Features from Cheap Operations", CVPR 2020, arXiv 1911.11907.
 * Reference code: huawei-noah/Efficient-AI-Backbones, ghostnet_pytorch (Apache-2.0), read, not copied.
 */
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Pair } from '../graph/graph.js';
import {
  type ActivationChoice,
  convNorm,
  depthwiseNorm,
  makeDivisible,
  type NormOptions,
  squeezeExcite,
} from './layers.js';

export interface GhostOptions {
  readonly channels: number;
  /** Of the primary convolution; default 1 × 1. */
  readonly kernel?: Pair;
  /** Of the primary convolution. */
  readonly stride?: Pair;
  /** s: the primary convolution makes ⌈channels / s⌉ maps, each gives s − 1 ghosts. Default 2. */
  readonly ratio?: number;
  /** Of the cheap depthwise convolution; default 3 × 3. */
  readonly cheapKernel?: Pair;
  /** Default `relu`. */
  readonly activation?: ActivationChoice;
  /** Of the cheap part's norm: sub-spectral normalisation. */
  readonly bands?: number;
  /** γ of both norms at the start. */
  readonly gamma?: number;
}

/** `[T, F, C]` → `[T', F', channels]`: concat of primary and ghost maps, cut to `channels`. Source: §3.1. */
export function ghostModule(g: GraphBuilder, x: Value, options: GhostOptions): Value {
  const { channels, kernel, stride, ratio = 2, cheapKernel = [3, 3], activation, bands, gamma } = options;
  const own = Math.ceil(channels / ratio);
  const primary = convNorm(g, x, { name: 'primary', channels: own, kernel, stride, activation, gamma });
  if (ratio === 1) return primary;
  const cheap = { name: 'cheap', kernel: cheapKernel, multiplier: ratio - 1, activation, bands, gamma };
  const all = g.concat([primary, depthwiseNorm(g, primary, cheap)]);
  return all.shape[2] === channels ? all : g.slice(all, 0, channels);
}

export interface GhostBottleneckOptions extends NormOptions {
  /** Width between the two Ghost modules. */
  readonly expanded: number;
  readonly channels: number;
  /** Of the strided and the shortcut's depthwise convolutions; the Ghost modules have their own. */
  readonly kernel?: Pair;
  readonly stride?: Pair;
  /** Squeeze-excitation waist as a share of `expanded`; 0: none. */
  readonly squeeze?: number;
  readonly ratio?: number;
  /** Of the Ghost modules' depthwise convolutions; default 3 × 3. */
  readonly cheapKernel?: Pair;
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
