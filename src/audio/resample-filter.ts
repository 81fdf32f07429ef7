/** The low-pass filter of the resampler: a Kaiser-windowed sinc, sampled at the fractional delays that a ratio needs. */
import { sin } from '../numerics/elementary.js';

/** Half the length of the filter in periods of the lower of the two rates. */
const HALF_PERIODS = 38;
/** Where the filter is at half amplitude, as a part of the lower Nyquist frequency. */
const CUTOFF = 0.925;
/** Shape of the Kaiser window: side lobes below −85 dB. */
const KAISER_BETA = 8.4;
/** Numbers a table may hold with one row for each phase; ratios that need more are interpolated between fewer rows. */
const TABLE_LIMIT = 65536;
/** Rows a period when interpolating: the straight line between two misses the sinc by less than −100 dB. */
const ROWS_PER_PERIOD = 512;

export interface ResampleFilter {
  /** toHz / fromHz = up / down in lowest terms. */
  readonly up: number;
  readonly down: number;
  /** Coefficients of one row; a multiple of 4. Tap i of the output at input position x + phase belongs to input x − taps / 2 + 1 + i. */
  readonly taps: number;
  /** Row r is the filter for phase r / rows; there are rows + 1 of them. */
  readonly rows: number;
  /** Whether `rows` equals `up`, so that each phase has its own row. */
  readonly isExact: boolean;
  /** `[rows + 1, taps]`. */
  readonly table: Float32Array;
}

/**
 * Flat within 0.5 dB to 7/8 of the lower Nyquist frequency (7 kHz for 16 kHz), below −80 dB from that frequency on.
 * Each row sums to 1. Source: Kaiser, 1974, "Nonrecursive digital filter design using the I0-sinh window function".
 */
export function designResampleFilter(fromHz: number, toHz: number): ResampleFilter {
  const divisor = greatestCommonDivisor(fromHz, toHz);
  const up = toHz / divisor;
  // Input samples in one period of the lower rate.
  const stretch = Math.max(1, fromHz / toHz);
  const half = 2 * Math.ceil((HALF_PERIODS * stretch) / 2);
  const isExact = up * 2 * half <= TABLE_LIMIT;
  const rows = isExact ? up : Math.ceil(ROWS_PER_PERIOD / stretch);
  const table = new Float32Array((rows + 1) * 2 * half);
  for (let row = 0; row <= rows; row++) {
    fillRow(table.subarray(row * 2 * half, (row + 1) * 2 * half), row / rows, half, CUTOFF / stretch);
  }
  return { up, down: fromHz / divisor, taps: 2 * half, rows, isExact, table };
}

function fillRow(row: Float32Array, phase: number, half: number, cutoff: number): void {
  const values = new Float64Array(row.length);
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    const distance = i - half + 1 - phase;
    values[i] = sinc(cutoff * distance) * kaiser(distance / half);
    sum += values[i];
  }
  for (let i = 0; i < row.length; i++) row[i] = values[i] / sum;
}

function sinc(x: number): number {
  return x === 0 ? 1 : sin(Math.PI * x) / (Math.PI * x);
}

/** The Kaiser window at x in [−1, 1], without the constant that normalising takes out. */
function kaiser(x: number): number {
  const q = (KAISER_BETA * KAISER_BETA * Math.max(0, 1 - x * x)) / 4;
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= q / (k * k);
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
