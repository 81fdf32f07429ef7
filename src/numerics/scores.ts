/** From a network's output maps to one row of scores a clip; the same in training, evaluation and use. */
import { exp } from './elementary.js';

/**
 * Logits `[count, labels]` of an output map `[count, …shape]`, `shape` being `[time, 1, labels]`: the mean over the
 * positions, as the loss takes it. With one position a view of the map itself is returned.
 */
export function clipLogits(
  map: Float32Array,
  count: number,
  shape: readonly [time: number, frequency: number, labels: number],
): Float32Array {
  const [time, frequency, labels] = shape;
  const positions = time * frequency;
  if (positions === 1) return map.subarray(0, count * labels);
  const result = new Float32Array(count * labels);
  for (let clip = 0; clip < count; clip++) {
    for (let label = 0; label < labels; label++) {
      let sum = 0;
      for (let p = 0; p < positions; p++) sum += map[(clip * positions + p) * labels + label];
      result[clip * labels + label] = sum / positions;
    }
  }
  return result;
}

/** softmax(logits / temperature) of one row into `out`, with the row's largest taken off first. */
export function softmaxRow(logits: Float32Array, temperature: number, out: Float32Array): void {
  const top = logits[indexOfLargest(logits)];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += exp((logits[i] - top) / temperature);
  for (let i = 0; i < logits.length; i++) out[i] = exp((logits[i] - top) / temperature) / sum;
}

/** The place of a row's largest number; the first of equals. */
export function indexOfLargest(row: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < row.length; i++) if (row[i] > row[best]) best = i;
  return best;
}
