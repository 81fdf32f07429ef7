/** Varies feature maps: SpecAugment on one clip, mixup on a batch. Maps are `[frames, bands, maps]`. */
import type { Shape } from '../../graph/graph.js';
import type { Random } from '../../numerics/random.js';
import type { SpecAugmentConfig } from './augment-config.js';

/** Masks bands and frames of one clip in place, in all its maps alike. */
export function maskFeatures(
  features: Float32Array,
  shape: Shape,
  config: SpecAugmentConfig,
  random: Random,
): void {
  const [frames, bands, maps] = shape;
  if (config.frequencyMasks === 0 && config.timeMasks === 0) return;
  // The mean before any mask: a masked clip says nothing about what was under the masks.
  const values =
    config.value === undefined || config.value === 'mean' ? meansOf(features, maps) : config.value;
  for (let mask = 0; mask < config.frequencyMasks; mask++) {
    const [first, end] = drawStretch(random, config.maxBands, bands);
    for (let t = 0; t < frames; t++) fill(features, t * bands + first, t * bands + end, { maps, values });
  }
  for (let mask = 0; mask < config.timeMasks; mask++) {
    const [first, end] = drawStretch(random, config.maxFrames, frames);
    fill(features, first * bands, end * bands, { maps, values });
  }
}

function drawStretch(random: Random, max: number, size: number): [first: number, end: number] {
  const width = Math.min(size, random.integer(max + 1));
  const first = random.integer(size - width + 1);
  return [first, first + width];
}

/** Fills positions (each of `maps` numbers) `first` … `end` − 1. */
function fill(
  features: Float32Array,
  first: number,
  end: number,
  { maps, values }: { maps: number; values: number | Float64Array },
): void {
  if (typeof values === 'number') features.fill(values, first * maps, end * maps);
  else if (maps === 1) features.fill(values[0], first, end);
  else for (let i = first * maps; i < end * maps; i++) features[i] = values[i % maps];
}

function meansOf(features: Float32Array, maps: number): Float64Array {
  const sums = new Float64Array(maps);
  for (let m = 0; m < maps; m++) {
    let sum = 0;
    for (let i = m; i < features.length; i += maps) sum += features[i];
    sums[m] = (sum * maps) / features.length;
  }
  return sums;
}

/**
 * Mixes rows `a` and `b` of `[rows, size]` in place: a ← λa + (1 − λ)b and b ← λb + (1 − λ)a.
 * Source: Zhang et al., 2018, "mixup: Beyond Empirical Risk Minimization".
 */
export function mixRows(
  values: Float32Array,
  { a, b, size, lambda }: { a: number; b: number; size: number; lambda: number },
): void {
  const other = 1 - lambda;
  for (let i = a * size, j = b * size, end = i + size; i < end; i++, j++) {
    const x = values[i];
    const y = values[j];
    values[i] = lambda * x + other * y;
    values[j] = lambda * y + other * x;
  }
}
