/** Weights as inference wants them: BatchNorm folded in, columns in panels. */
import type { BatchNormNode, Tensors } from '../../../graph/graph.js';

/** γ / √(variance + ε) of each channel. */
export function normScale(tensors: Tensors, norm: BatchNormNode): Float32Array {
  const variance = tensors[norm.variance];
  return tensors[norm.gamma].map((gamma, i) => gamma / Math.sqrt(variance[i] + norm.epsilon));
}

/** β − mean · scale of each channel. */
export function normShift(tensors: Tensors, norm: BatchNormNode): Float32Array {
  const scale = normScale(tensors, norm);
  const mean = tensors[norm.mean];
  return tensors[norm.beta].map((beta, i) => beta - mean[i] * scale[i]);
}

/** Weights times the scale of the channel they lead to. */
export function foldedWeight(
  tensors: Tensors,
  name: string,
  norm: BatchNormNode | undefined,
  outputs: number,
  channelOf: (index: number) => number,
): Float32Array {
  const weight = tensors[name];
  if (!norm) return weight;
  const scale = normScale(tensors, norm);
  if (scale.length !== outputs)
    throw new RangeError(`folding ${name}: ${scale.length} channels for ${outputs}`);
  return weight.map((value, i) => value * scale[channelOf(i)]);
}

export function foldedBias(
  tensors: Tensors,
  name: string | undefined,
  norm: BatchNormNode | undefined,
  outputs: number,
): Float32Array {
  const bias = name ? tensors[name] : new Float32Array(outputs);
  if (!norm) return bias;
  const scale = normScale(tensors, norm);
  const shift = normShift(tensors, norm);
  return shift.map((value, i) => value + bias[i] * scale[i]);
}

/** Numbers of a K × N matrix in panels: N rounded up to four. */
export function packedFloats(k: number, n: number): number {
  return k * Math.ceil(n / 4) * 4;
}

/** Packs columns `from … from + n − 1` of a matrix whose rows are `row` numbers long into panels of 8 (a last of 4). */
export function packColumns(
  source: Float32Array,
  to: Float32Array,
  size: { k: number; n: number; row: number; from: number },
): void {
  const { k, n, row, from } = size;
  let next = 0;
  for (let column = 0; column < n; column += 8) {
    const width = n - column > 4 ? 8 : 4;
    for (let i = 0; i < k; i++) {
      for (let lane = 0; lane < width; lane++) {
        to[next++] = column + lane < n ? source[i * row + from + column + lane] : 0;
      }
    }
  }
}
