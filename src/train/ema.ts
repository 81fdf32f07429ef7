/** A moving average of weights: often better on clips never heard than the weights themselves. */
import type { Tensors } from '../graph/graph.js';

/** The decay after `updates` earlier updates: min(decay, (1 + updates) / (10 + updates)), so that the start is forgotten soon. */
export function emaDecayAt(decay: number, updates: number): number {
  return Math.min(decay, (1 + updates) / (10 + updates));
}

/**
 * average ← average + (1 − decay) · (value − average), in place, for every name of `average`.
 *
 * Source: tf.train.ExponentialMovingAverage with `num_updates`.
 */
export function updateEma(average: Tensors, values: Tensors, decay: number): void {
  for (const name of Object.keys(average)) {
    const to = average[name];
    const from = values[name];
    for (let i = 0; i < to.length; i++) to[i] += (1 - decay) * (from[i] - to[i]);
  }
}

/** Copies of named arrays. */
export function copyTensors(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, values]) => [name, Float32Array.from(values)]),
  );
}
