/** TensorFlow's padding `SAME`, which networks published in that framework were trained with. */
import type { Padding, Pair, Shape } from '../graph/graph.js';

/** Padding to ⌈size / stride⌉ positions; the odd one of an axis goes behind. Source: TensorFlow, "Neural network ops". */
export function samePadding(shape: Shape, kernel: Pair, stride: Pair): Padding {
  const side = (axis: 0 | 1): Pair => {
    const out = Math.ceil(shape[axis] / stride[axis]);
    const total = Math.max(0, (out - 1) * stride[axis] + kernel[axis] - shape[axis]);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  return [side(0), side(1)];
}
