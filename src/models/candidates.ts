/** The maps that a DRNet's classifier may look at, made from the one that it is given. */
import { ConfigError } from '../errors.js';
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Pair, Shape } from '../graph/graph.js';

/** A map's size: `[time, frequency]`, or a part of the network's input on both axes, rounded. */
export type MapSize = number | Pair;

/**
 * resize: bilinear. front-end: what a coarser front end gives, k times the hop and bands joined in groups of equal size: every
 * k-th frame, and the logarithm of the power of each group. For log-mel maps alone.
 */
export type CandidateKind = 'resize' | 'front-end';

export const CANDIDATE_KINDS: readonly CandidateKind[] = ['resize', 'front-end'];

/** A map brought to a size; itself if it has it. @throws ConfigError where no coarser front end gives that size. */
export function candidateOf(
  g: GraphBuilder,
  x: Value,
  { size, kind, name }: { readonly size: Pair; readonly kind: CandidateKind; readonly name: string },
): Value {
  if (x.shape[0] === size[0] && x.shape[1] === size[1]) return x;
  if (kind === 'resize') return g.resize(x, size, 'bilinear', { name });
  const [hops, bands] = coarseness(x, size);
  return g.scope(name, () => joinBands(g, everyFrame(g, x, hops), bands));
}

/** The size in a map that it is a part of. */
export function sizeIn([time, frequency]: Shape, size: MapSize, kind: CandidateKind): Pair {
  if (typeof size !== 'number') return size;
  const frames = kind === 'resize' ? Math.round(time * size) : Math.ceil(time * size - 1e-9);
  return [frames, Math.round(frequency * size)];
}

/** How many hops become one, and how many bands. */
function coarseness(x: Value, size: Pair): Pair {
  const [time, frequency] = x.shape;
  const hops = Math.floor((time - 1) / Math.max(size[0] - 1, 1));
  const bands = frequency / size[1];
  if (hops >= 1 && Math.ceil(time / hops) === size[0] && Number.isInteger(bands)) return [hops, bands];
  throw new ConfigError(
    'drnet-resolutions',
    `Cannot look at ${size.join(' × ')} by a coarser front end: expected every k-th of ${time} frames and a divisor of ${frequency} bands, got ${size.join(' × ')}`,
    { value: 'resolutions' },
  );
}

function everyFrame(g: GraphBuilder, x: Value, hops: number): Value {
  return hops === 1 ? x : g.avgPool(x, { name: 'hop', kernel: [1, 1], stride: [hops, 1] });
}

/** log Σ exp over groups of neighbouring bands: log(eᵃ + eᵇ) = b + softplus(a − b). */
function joinBands(g: GraphBuilder, x: Value, bands: number): Value {
  const [time, frequency] = x.shape;
  const band = (first: number) => {
    const from = first === 0 ? x : g.crop(x, [0, first], [time, frequency - first], { name: 'bands' });
    return g.avgPool(from, { name: 'band', kernel: [1, 1], stride: [1, bands] });
  };
  if (bands === 1) return x;
  let sum = band(0);
  for (let i = 1; i < bands; i++) {
    const next = band(i);
    const gap = g.weightedSum([sum, next], { name: 'gap', weights: [1, -1] });
    sum = g.add(g.activation(gap, 'softplus'), next, { name: 'joined' });
  }
  return sum;
}
