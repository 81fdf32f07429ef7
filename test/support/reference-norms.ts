/** Naive batch normalisation. */
import type { BatchNormNode } from '../../src/graph/graph.js';
import { at, fill, type Maps, type OpContext } from './reference-maps.js';

export function batchNorm(node: BatchNormNode, [x]: Maps[], context: OpContext): Float64Array {
  const { count } = context;
  const [times, rows, channels] = x.shape;
  const rowsPerBand = rows / node.bands;
  const slots = node.bands * channels;
  const means = new Float64Array(slots);
  const variances = new Float64Array(slots);
  const slotOf = (f: number, c: number) => Math.floor(f / rowsPerBand) * channels + c;
  const shardMean = new Float64Array(count * slots);
  const shardVariance = new Float64Array(count * slots);
  for (let first = 0; first < count; first += context.normShard) {
    const end = Math.min(first + context.normShard, count);
    for (let slot = 0; slot < slots; slot++) {
      const values: number[] = [];
      for (let clip = first; clip < end; clip++)
        for (let t = 0; t < times; t++)
          for (let f = 0; f < rows; f++)
            if (slotOf(f, slot % channels) === slot) values.push(at(x, clip, t, f, slot % channels));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      means[slot] += (mean * (end - first)) / count;
      variances[slot] += (variance * (end - first)) / count;
      for (let clip = first; clip < end; clip++) {
        shardMean[clip * slots + slot] = mean;
        shardVariance[clip * slots + slot] = variance;
      }
    }
  }
  if (context.training) {
    context.moments[node.mean] = means;
    context.moments[node.variance] = variances;
  }
  return fill(count, x.shape, (clip, t, f, c) => {
    const slot = slotOf(f, c);
    const mean = context.training ? shardMean[clip * slots + slot] : context.statistics[node.mean][slot];
    const variance = context.training
      ? shardVariance[clip * slots + slot]
      : context.statistics[node.variance][slot];
    const normal = (at(x, clip, t, f, c) - mean) / Math.sqrt(variance + node.epsilon);
    return normal * context.parameters[node.gamma][slot] + context.parameters[node.beta][slot];
  });
}
