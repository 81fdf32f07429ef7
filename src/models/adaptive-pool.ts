/** Maps brought to another size with the ops that graphs have: the average pool of neighbouring scales. */
import type { GraphBuilder, Value } from '../graph/builder.js';
import type { Pair } from '../graph/graph.js';

/** How one axis is pooled; what is left to do after it, nearest neighbours do. */
interface AxisPool {
  readonly kernel: number;
  readonly stride: number;
  /** Rows that count in no mean. */
  readonly padding: Pair;
}

const WHOLE: AxisPool = { kernel: 1, stride: 1, padding: [0, 0] };

/**
 * A map `[T, F, C]` at another size, `[T', F', C]`: means over windows where an axis shrinks, nearest neighbours
 * (row ⌊i · T / T'⌋) where one grows.
 *
 * The windows are those of an adaptive average pool, rows ⌊i · T / T'⌋ up to ⌈(i + 1) · T / T'⌉, where T is a multiple of T'
 * or one row off one (halving an odd size leaves 2 T' − 1 → T'), and wherever those have one length. Other sizes need windows
 * of two lengths, which no pool has: there each begins at the same row and has ⌈T / T'⌉ rows, which is the adaptive one or
 * that without its last row; every row counts in some window.
 */
export function poolToSize(g: GraphBuilder, x: Value, size: Pair): Value {
  const [time, frequency] = [axisPool(x.shape[0], size[0]), axisPool(x.shape[1], size[1])];
  const kernel: Pair = [time.kernel, frequency.kernel];
  const stride: Pair = [time.stride, frequency.stride];
  const padding = [time.padding, frequency.padding] as const;
  const isPadded = padding.flat().some((rows) => rows > 0);
  const window = { kernel, stride, ...(isPadded && { padding, countPadding: false }) };
  const y = kernel[0] > 1 || kernel[1] > 1 ? g.avgPool(x, window) : x;
  return y.shape[0] === size[0] && y.shape[1] === size[1] ? y : g.resize(y, size, 'nearest');
}

function axisPool(from: number, to: number): AxisPool {
  if (to >= from) return WHOLE;
  const step = Math.floor(from / to);
  const rest = from - step * to;
  if (rest <= 1) return { kernel: step + rest, stride: step, padding: [0, 0] };
  if (rest === to - 1) return { kernel: step + 2, stride: step + 1, padding: [1, 1] };
  // Every window there is; nearest neighbours then pick those that begin where the adaptive ones do.
  return { kernel: step + 1, stride: 1, padding: [0, step] };
}
