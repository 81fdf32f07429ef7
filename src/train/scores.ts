/** Losses of one row of logits; the rest of what is done with scores is shared with recognition. */
import { exp, log } from '../numerics/elementary.js';
import { indexOfLargest } from '../numerics/scores.js';

export { clipLogits, indexOfLargest, softmaxRow } from '../numerics/scores.js';

/** −log softmax(logits)[label] of one row. */
export function crossEntropyRow(logits: Float32Array, label: number): number {
  const top = logits[indexOfLargest(logits)];
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += exp(logits[i] - top);
  return log(sum) + top - logits[label];
}

/** How many of `count` rows have their largest logit where the target probabilities have theirs. */
export function countCorrect(logits: Float32Array, targets: Float32Array, count: number): number {
  const labels = logits.length / count;
  let correct = 0;
  for (let i = 0; i < count; i++) {
    const row = (values: Float32Array) => values.subarray(i * labels, (i + 1) * labels);
    if (indexOfLargest(row(logits)) === indexOfLargest(row(targets))) correct++;
  }
  return correct;
}
