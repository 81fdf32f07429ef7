/**
 * The inverted residual of MobileNetV2, with squeeze-excitation that of EfficientNet: wide between narrow ends.
 *
 * Papers: Sandler et al. 2018 (MobileNetV2, arXiv 1801.04381), Tan and Le 2019 (EfficientNet, arXiv 1905.11946).
 * Reference code: pytorch/vision, torchvision/models (BSD-3-Clause), read, not copied.
 */
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Pair } from '../graph/graph.js';
import { type ActivationChoice, convNorm, depthwiseNorm } from './layers.js';

export interface InvertedResidualOptions {
  readonly channels: number;
  /** Width in the middle as a multiple of the input's; 1: no widening convolution. */
  readonly expansion: number;
  readonly stride: Pair;
  /** Of the depthwise convolution; default 3 × 3. */
  readonly kernel?: Pair;
  /** Default `relu6`. */
  readonly activation?: ActivationChoice;
  /** Waist of squeeze-excitation as a share of the block's input; default none. */
  readonly squeeze?: number;
  /** Sub-spectral normalisation after the depthwise convolution. */
  readonly bands?: number;
}

/** 1 × 1 that widens, depthwise with the stride, 1 × 1 that narrows and stays linear; plus the input where it fits. */
export function invertedResidual(g: GraphBuilder, x: Value, options: InvertedResidualOptions): Value {
  const { channels, expansion, stride, kernel = [3, 3], activation = 'relu6', squeeze, bands } = options;
  const expanded = Math.round(x.shape[2] * expansion);
  let y = x;
  if (expansion !== 1) y = convNorm(g, y, { name: 'widen', channels: expanded, activation });
  y = depthwiseNorm(g, y, { kernel, stride, activation, bands });
  if (squeeze) y = siluSqueeze(g, y, Math.max(1, Math.floor(x.shape[2] * squeeze)));
  y = convNorm(g, y, { name: 'narrow', channels, activation: 'none' });
  const fits = stride[0] === 1 && stride[1] === 1 && x.shape[2] === channels;
  return fits ? g.add(y, x, { name: 'residual' }) : y;
}

/** Squeeze-excitation with SiLU in a waist of `channels` and a sigmoid gate. Source: EfficientNet's code. */
function siluSqueeze(g: GraphBuilder, x: Value, channels: number): Value {
  return g.scope('se', () => {
    const waist = g.activation(g.dense(g.globalAvgPool(x), { name: 'reduce', channels }), 'silu');
    return g.multiply(x, g.activation(g.dense(waist, { name: 'expand', channels: x.shape[2] }), 'sigmoid'));
  });
}

/** One row of a network of inverted residuals: the first of `count` blocks carries the stride. */
export type InvertedRow = readonly [
  expansion: number,
  channels: number,
  count: number,
  stride: Pair,
  kernel?: number,
];

/** Rows of blocks, `[T, F, C]` → `[T', F', channels of the last row]`. */
export function stackInverted(
  g: GraphBuilder,
  x: Value,
  rows: readonly InvertedRow[],
  style: Pick<InvertedResidualOptions, 'activation' | 'squeeze' | 'bands'> = {},
): Value {
  let y = x;
  rows.forEach(([expansion, channels, count, stride, side = 3], stage) => {
    for (let i = 0; i < count; i++) {
      const own = { expansion, channels, kernel: [side, side] as const };
      y = g.scope(`stage${stage}-block${i}`, () =>
        invertedResidual(g, y, { ...style, ...own, stride: i === 0 ? stride : [1, 1] }),
      );
    }
  });
  return y;
}
