/**
 * Heads that gather several scales: the exact fusion model of CSPNet beside what it is compared with.
 *
 * Paper: Wang et al., "CSPNet", CVPRW 2020, arXiv 1911.11929, figure 4. There is no reference code or cfg of these heads:
 * what is gathered and that Maxout compresses it is the paper's, the layers behind it and the use on whole clips are ours.
 */
import { ConfigError } from '../errors.js';
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Pair } from '../graph/graph.js';
import { convNorm, depthwiseNorm, frequencyAwareHead, type NormOptions } from './layers.js';

/** fpn: a scale and the coarser one before it on the way back. gfm: all scales. efm: a scale and its two neighbours. */
export type ScaleFusion = 'fpn' | 'gfm' | 'efm';

export interface FuseScalesOptions {
  readonly fusion: ScaleFusion;
  /** Width of what a scale gives. */
  readonly channels: number;
  /** Of Maxout: the gathered maps are brought to as many times `channels`. Default 2. */
  readonly pieces?: number;
  /** Sub-spectral normalisation after the depthwise convolutions. */
  readonly bands?: number;
}

/**
 * Maps of two scales or more, finest first, → `[1, 1, scales · channels]`: for each scale the gathered maps at its size,
 * concatenated, 1 × 1 convolution, Maxout, depthwise 3 × 3, 1 × 1, one weight a frequency row, mean over time.
 * @throws ConfigError `fusion-scales` for fewer than two maps.
 */
export function fuseScales(g: GraphBuilder, maps: readonly Value[], options: FuseScalesOptions): Value {
  const { fusion, channels, pieces = 2, bands } = options;
  if (maps.length < 2)
    throw new ConfigError(
      'fusion-scales',
      `Cannot build head ${fusion}: expected the maps of two stages or more, got ${maps.length}`,
      { value: maps.length },
    );
  const pooled = maps.map((map, scale) =>
    g.scope(`${fusion}${scale}`, () => {
      const [t, f] = map.shape;
      const gathered = scalesFor(fusion, scale, maps.length).map((i) => sized(g, maps[i], [t, f]));
      const wide = { name: 'compress', channels: pieces * channels, activation: 'none' } as const;
      return refine(g, g.maxout(convNorm(g, g.concat(gathered), wide), pieces), { bands });
    }),
  );
  return g.concat(pooled);
}

/** Depthwise 3 × 3 and 1 × 1, then a vector. */
function refine(g: GraphBuilder, x: Value, options: NormOptions): Value {
  const mixed = convNorm(g, depthwiseNorm(g, x, options), { channels: x.shape[2] });
  return g.globalAvgPool(frequencyAwareHead(g, mixed));
}

/** Which of `count` scales, 0 the finest, are gathered for one of them. */
export function scalesFor(fusion: ScaleFusion, scale: number, count: number): number[] {
  const [first, last] = {
    fpn: [scale, scale + 1],
    gfm: [0, count - 1],
    efm: [scale - 1, scale + 1],
  }[fusion];
  return Array.from({ length: count }, (_, i) => i).filter((i) => i >= first && i <= last);
}

/** A map at another size: means over windows where an axis shrinks, nearest neighbours where one grows. */
function sized(g: GraphBuilder, x: Value, size: Pair): Value {
  const stride = size.map((to, axis) => Math.max(1, Math.floor(x.shape[axis] / to))) as unknown as Pair;
  const kernel = size.map((to, axis) =>
    to < x.shape[axis] ? x.shape[axis] - (to - 1) * stride[axis] : 1,
  ) as unknown as Pair;
  const y = kernel[0] > 1 || kernel[1] > 1 ? g.avgPool(x, { kernel, stride }) : x;
  return y.shape[0] === size[0] && y.shape[1] === size[1] ? y : g.resize(y, size, 'nearest');
}
