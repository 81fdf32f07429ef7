/** BatchNorm's running statistics: moved along while training, taken anew for finished weights. */
import type { Graph, Tensors } from '../graph/graph.js';

/**
 * running ← running + part · (moment − running), in place, for the statistics that the moments name. `shares`: by statistic
 * what of `part` it takes, all of it unless said.
 */
export function mergeMoments(
  running: Tensors,
  moments: Tensors,
  part: number,
  shares: Readonly<Record<string, number>> = {},
): void {
  for (const name of Object.keys(moments)) {
    const to = running[name];
    const from = moments[name];
    const own = part * (shares[name] ?? 1);
    for (let i = 0; i < to.length; i++) to[i] += own * (from[i] - to[i]);
  }
}

/** Moments of many batches together, summed in float64. */
export interface MomentSums {
  clips: number;
  /** By statistic: Σ clips · mean, or Σ clips · (variance + mean²). */
  readonly sums: Record<string, Float64Array>;
}

export function createMomentSums(): MomentSums {
  return { clips: 0, sums: {} };
}

/** Adds the moments of one batch of `clips` clips. */
export function addMoments(total: MomentSums, graph: Graph, moments: Tensors, clips: number): void {
  total.clips += clips;
  for (const [meanName, varianceName] of momentPairs(graph)) {
    const mean = moments[meanName];
    const variance = moments[varianceName];
    const means = (total.sums[meanName] ??= new Float64Array(mean.length));
    const squares = (total.sums[varianceName] ??= new Float64Array(mean.length));
    for (let i = 0; i < mean.length; i++) {
      means[i] += clips * mean[i];
      squares[i] += clips * (variance[i] + mean[i] * mean[i]);
    }
  }
}

/** The mean and the biased variance over all clips added; variance between batches is part of it. */
export function statisticsFrom(total: MomentSums, graph: Graph): Tensors {
  const result: Tensors = {};
  for (const [meanName, varianceName] of momentPairs(graph)) {
    const means = total.sums[meanName];
    const squares = total.sums[varianceName];
    result[meanName] = Float32Array.from(means, (sum) => sum / total.clips);
    result[varianceName] = Float32Array.from(squares, (sum, i) => {
      const mean = means[i] / total.clips;
      return Math.max(sum / total.clips - mean * mean, 0);
    });
  }
  return result;
}

function momentPairs(graph: Graph): [mean: string, variance: string][] {
  return graph.nodes.flatMap((node) =>
    node.op === 'batchNorm' ? [[node.mean, node.variance] as [string, string]] : [],
  );
}
