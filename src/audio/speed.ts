/** Playing a clip faster or slower, pitch and all, cheaply enough for augmentation. */
import { ConfigError } from '../errors.js';
import { sin } from '../numerics/elementary.js';

const TAPS = 10;
/** Positions between two samples that the filter table knows; factors are rounded to this grid. */
const PHASE_BITS = 10;
const PHASES = 1 << PHASE_BITS;
const LOWEST_FACTOR = 0.25;
const HIGHEST_FACTOR = 4;

/**
 * `[PHASES, TAPS]`: rows of a Hann-windowed sinc, each summing to 1. Row 0 passes a sample as it is. In
 * float64, because converting costs more than adding.
 */
const TABLE = windowedSinc();

/**
 * The clip at `factor` times its speed: sample i is the sound at position i · factor, so a factor above 1 shortens. The
 * factor is rounded to a 1024th. Within 0.1 dB to 5.5 kHz at 16 kHz; there is no low-pass filter, so that a faster clip folds
 * what passes 8 kHz. Samples in a Float64Array are not copied.
 * `out`: filled to its end, zeros after the clip; without it ⌈samples / factor⌉ samples are made.
 * @throws ConfigError if the factor is not from 0.25 to 4.
 */
export function changeSpeed(
  samples: Float32Array | Float64Array,
  factor: number,
  out?: Float32Array,
): Float32Array {
  if (!(factor >= LOWEST_FACTOR && factor <= HIGHEST_FACTOR)) {
    const wanted = `a factor from ${LOWEST_FACTOR} to ${HIGHEST_FACTOR}`;
    throw new ConfigError('speed-factor', `Cannot change speed: expected ${wanted}, got ${factor}`, {
      value: factor,
    });
  }
  const step = Math.round(factor * PHASES);
  const result = out ?? new Float32Array(Math.ceil((samples.length * PHASES) / step));
  const source = samples instanceof Float64Array ? samples : new Float64Array(samples);
  let start = 1 - TAPS / 2;
  let phase = 0;
  for (let i = 0; i < result.length; i++) {
    const row = phase * TAPS;
    const isInside = start >= 0 && start + TAPS <= source.length;
    result[i] = isInside ? filtered(source, start, row) : filteredAtEdge(source, start, row);
    phase += step;
    start += phase >> PHASE_BITS;
    phase &= PHASES - 1;
  }
  return result;
}

/** Written out, because a loop of ten with one running sum takes twice as long. */
function filtered(x: Float64Array, at: number, row: number): number {
  return (
    TABLE[row] * x[at] +
    TABLE[row + 1] * x[at + 1] +
    (TABLE[row + 2] * x[at + 2] + TABLE[row + 3] * x[at + 3]) +
    (TABLE[row + 4] * x[at + 4] + TABLE[row + 5] * x[at + 5]) +
    (TABLE[row + 6] * x[at + 6] + TABLE[row + 7] * x[at + 7]) +
    (TABLE[row + 8] * x[at + 8] + TABLE[row + 9] * x[at + 9])
  );
}

/** Samples before the first and after the last are 0. */
function filteredAtEdge(samples: Float64Array, start: number, row: number): number {
  let sum = 0;
  const end = Math.min(TAPS, samples.length - start);
  for (let k = Math.max(0, -start); k < end; k++) sum += TABLE[row + k] * samples[start + k];
  return sum;
}

function windowedSinc(): Float64Array {
  const table = new Float64Array(PHASES * TAPS);
  const half = TAPS / 2;
  const cosine = (x: number) => sin(Math.PI * x, 1);
  for (let phase = 0; phase < PHASES; phase++) {
    const weights = Array.from({ length: TAPS }, (_, k) => {
      const x = k - half + 1 - phase / PHASES;
      if (x === 0) return 1;
      const window = 0.5 + 0.5 * cosine(x / half);
      return phase === 0 ? 0 : (window * sin(Math.PI * x)) / (Math.PI * x);
    });
    const sum = weights.reduce((total, weight) => total + weight, 0);
    table.set(
      weights.map((weight) => weight / sum),
      phase * TAPS,
    );
  }
  return table;
}
