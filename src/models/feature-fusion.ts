/**
 * Heads that gather several scales: the exact fusion model of CSPNet beside what it is compared with.
 *
 * Paper: Wang et al., "CSPNet", CVPRW 2020, arXiv 1911.11929, figure 4. There is no reference code or cfg of these heads:
 * what is gathered and that Maxout compresses it is the paper's, the layers behind it and the use on whole clips are ours.
 */
import type { GraphBuilder, Value } from '../graph/builder.js';
import { poolToSize } from './adaptive-pool.js';
import { checkKeys, checkOption, isWhole, refusal } from './check-option.js';
import { convNorm, depthwiseNorm, frequencyAwareHead, type NormOptions } from './layers.js';

/** fpn: a scale and the coarser one before it on the way back. gfm: all scales. efm: a scale and its two neighbours. */
export type ScaleFusion = 'fpn' | 'gfm' | 'efm';

export const SCALE_FUSIONS: readonly ScaleFusion[] = ['fpn', 'gfm', 'efm'];

export interface FuseScalesOptions {
  readonly fusion: ScaleFusion;
  /** Width of what a scale gives. */
  readonly channels: number;
  /** Of Maxout: the gathered maps are brought to as many times `channels`. Default 2. */
  readonly pieces?: number;
  /**
   * Sub-spectral normalisation after the depthwise convolutions: at each scale as many bands, or the next number down that divides
   * its rows. From 1, the default, to the rows of the finest map.
   */
  readonly bands?: number;
}

const OPTIONS: readonly string[] = [
  'fusion',
  'channels',
  'pieces',
  'bands',
] satisfies (keyof FuseScalesOptions)[];

/**
 * Maps of two scales or more, finest first, → `[1, 1, scales · channels]`: for each scale the gathered maps at its size,
 * concatenated, 1 × 1 convolution, Maxout, depthwise 3 × 3, 1 × 1, one weight a frequency row, mean over time.
 * @throws ConfigError `fusion-option` for an option that there is none of, `fusion-kind` for an unknown fusion, `fusion-scales` for
 * fewer than two maps, `fusion-channels` and `fusion-pieces` for what is no whole number of 1 or more, `fusion-bands` for more bands
 * than rows or no whole number of them.
 * @example
 * const fine = g.relu(g.conv2d(x, { kernel: [3, 3], stride: [2, 2], channels: 16 }));
 * const coarse = g.relu(g.conv2d(fine, { kernel: [3, 3], stride: [2, 2], channels: 32 }));
 * const vector = fuseScales(g, [fine, coarse], { fusion: 'efm', channels: 8 });
 */
export function fuseScales(g: GraphBuilder, maps: readonly Value[], options: FuseScalesOptions): Value {
  checkKeys({ code: 'fusion-option', what: 'head', options, known: OPTIONS });
  const { fusion, channels, pieces = 2, bands = 1 } = options;
  checkOptions(maps, { fusion, channels, pieces, bands });
  const pooled = maps.map((map, scale) =>
    g.scope(`${fusion}${scale}`, () => {
      const [t, f] = map.shape;
      const gathered = scalesFor(fusion, scale, maps.length).map((i) => poolToSize(g, maps[i], [t, f]));
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

/** How many rows the map of the most rows has. */
export function mostRows(maps: readonly Value[]): number {
  return Math.max(...maps.map(({ shape }) => shape[1]));
}

function checkOptions(
  maps: readonly Value[],
  { fusion, channels, pieces, bands }: Required<FuseScalesOptions>,
) {
  const kinds = { code: 'fusion-kind', what: 'head', option: 'fusion', allowed: SCALE_FUSIONS.join(', ') };
  checkOption(SCALE_FUSIONS.includes(fusion), { ...kinds, value: fusion });
  const what = `head ${fusion}`;
  const wanted = 'the maps of two stages or more';
  if (maps.length < 2) throw refusal({ code: 'fusion-scales', what, wanted, found: maps.length });
  const check = (option: string, value: number, met: boolean, allowed: string) =>
    checkOption(met, { code: `fusion-${option}`, what, option, allowed, value });
  check('channels', channels, isWhole(channels), 'a whole number of 1 or more');
  check('pieces', pieces, isWhole(pieces), 'a whole number of 1 or more');
  const rows = mostRows(maps);
  check('bands', bands, isWhole(bands) && bands <= rows, `a whole number from 1 to ${rows}, the rows`);
}
