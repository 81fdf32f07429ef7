/** The few layers that several families share: convolution with norm and activation, squeeze-excitation, speech head. */
import type { Conv2dOptions, ConvOptions, GraphBuilder, Value } from '../graph/builder.js';
import type { ActivationKind, Pair } from '../graph/graph.js';

export type ActivationChoice = ActivationKind | 'none';

/** Sub-bands of sub-spectral normalisation: 40 bands give rows of 20, 10 and 5. */
export const SUB_BANDS = 5;

/** The largest number of equal sub-bands, `most` or fewer, that `rows` can be cut into: 20 → 5, 32 → 4, 3 → 3. */
export function subBandsOf(rows: number, most = SUB_BANDS): number {
  let bands = Math.min(most, rows);
  while (bands > 1 && rows % bands !== 0) bands--;
  return bands;
}

export interface NormOptions {
  /** Default `relu`. */
  readonly activation?: ActivationChoice;
  /** What γ starts at; 0 makes a residual block start as its shortcut. */
  readonly gamma?: number;
  /** Sub-spectral normalisation over as many bands, or the next number down that divides the rows. Default 1: BatchNorm. */
  readonly bands?: number;
}

/** BatchNorm (or sub-spectral norm) and activation of `[T, F, C]`; the shape stays. */
export function normActivate(g: GraphBuilder, x: Value, options: NormOptions = {}): Value {
  const { activation = 'relu', gamma, bands = 1 } = options;
  const normed = g.batchNorm(x, { gamma, bands: subBandsOf(x.shape[1], bands) });
  return activation === 'none' ? normed : g.activation(normed, activation);
}

/**
 * BatchNorm of each frequency band by itself. Log-mel maps lie far below zero, so that a stem's zero padding looks like a
 * loud edge; with every band around zero it looks like nothing.
 */
export function inputNorm(g: GraphBuilder, x: Value): Value {
  return g.batchNorm(x, { name: 'input-norm', bands: x.shape[1] });
}

/** Convolution without bias, norm, activation: `[T, F, C]` → `[T', F', channels]`. */
export function convNorm(g: GraphBuilder, x: Value, options: Conv2dOptions & NormOptions): Value {
  return normActivate(g, g.conv2d(x, options), options);
}

/** How networks for images begin: a convolution that halves rows and columns, named `stem`, and a 3 × 3 maximum that halves them again. */
export function imageStem(g: GraphBuilder, x: Value, channels: number, kernel: Pair = [7, 7]): Value {
  const y = convNorm(g, x, { name: 'stem', channels, kernel, stride: [2, 2] });
  const sides = [1, 1] as const;
  return g.maxPool(y, { kernel: [3, 3], stride: [2, 2], padding: [sides, sides] });
}

/** Depthwise convolution (3 × 3 unless said) without bias, norm, activation. */
export function depthwiseNorm(
  g: GraphBuilder,
  x: Value,
  options: ConvOptions & NormOptions & { readonly multiplier?: number } = {},
): Value {
  return normActivate(g, g.depthwiseConv2d(x, options), options);
}

/**
 * Squeeze-excitation: each channel of `[T, F, C]` times a gate from the means of all channels.
 * Source: Hu et al. 2018, arXiv 1709.01507. `channels` is the width of the waist.
 */
export function squeezeExcite(
  g: GraphBuilder,
  x: Value,
  options: { readonly channels: number; readonly gate: 'sigmoid' | 'hardSigmoid' },
): Value {
  return g.scope('se', () => {
    const waist = g.relu(g.dense(g.globalAvgPool(x), { name: 'reduce', channels: options.channels }));
    const gate = g.activation(g.dense(waist, { name: 'expand', channels: x.shape[2] }), options.gate);
    return g.multiply(x, gate);
  });
}

/**
 * A width rounded to the nearest multiple of `divisor`, never more than a tenth below the wish.
 * Source: the rounding of MobileNet's reference code, used by GhostNet's with a divisor of 4.
 */
export function makeDivisible(width: number, divisor = 4): number {
  const rounded = Math.max(divisor, Math.floor((width + divisor / 2) / divisor) * divisor);
  return rounded < 0.9 * width ? rounded + divisor : rounded;
}

/**
 * Sums up frequency by one weight a row and channel instead of the plain mean, because a band is a place and not
 * only a sample: depthwise convolution of 5 frames × all rows, `[T, F, C]` → `[T, 1, C]`.
 * Source: the classifier of BC-ResNet (Kim et al. 2021), there without a norm.
 */
export function frequencyAwareHead(g: GraphBuilder, x: Value, options: NormOptions = {}): Value {
  const kernel = [5, x.shape[1]] as const;
  const padding = [
    [2, 2],
    [0, 0],
  ] as const;
  return depthwiseNorm(g, x, { name: 'bands', kernel, padding, ...options });
}

/** Mean over time and frequency, dropout, one dense layer named `logits`: `[T, F, C]` → `[1, 1, labels]`. */
export function classify(
  g: GraphBuilder,
  x: Value,
  options: { readonly labels: number; readonly dropout?: number },
): Value {
  const pooled = x.shape[0] === 1 && x.shape[1] === 1 ? x : g.globalAvgPool(x);
  const kept = g.dropout(pooled, options.dropout ?? 0);
  return g.dense(kept, { name: 'logits', channels: options.labels });
}
