/** Pooling, means and resizing. Padding is put in explicitly: the 'same' pooling gradients of the cpu backend are wrong at odd sizes. */
import type { MeanNode, PoolNode, ResizeNode } from '../../graph/graph.js';
import { padMap } from './convolution.js';
import { batched, type Op, type Tensor4D, type TensorFlow } from './tensorflow.js';

/** Below any number of a map, yet finite. */
const LOWEST = -3.4028234663852886e38;

export const maxPool: Op<PoolNode> = (node, [x], { tf }) =>
  tf.maxPool(padMap(tf, x, node.padding, LOWEST), [...node.kernel], [...node.stride], 'valid');

export const avgPool: Op<PoolNode> = (node, [x], { tf }) => {
  const y = tf.avgPool(padMap(tf, x, node.padding), [...node.kernel], [...node.stride], 'valid');
  if (node.countPadding || node.padding.flat().every((size) => size === 0)) return y;
  return tf.mul(y, tf.tensor(paddingFactors(node, x.shape), [1, node.shape[0], node.shape[1], 1]));
};

/** By position: the window's size divided by how much of it lies inside the map. */
function paddingFactors(node: PoolNode, [, times, rows]: readonly number[]): Float32Array {
  const inside = (axis: 0 | 1, size: number, position: number) => {
    const first = position * node.stride[axis] - node.padding[axis][0];
    return Math.min(first + node.kernel[axis], size) - Math.max(first, 0);
  };
  const [outTimes, outRows] = node.shape;
  return Float32Array.from({ length: outTimes * outRows }, (_, i) => {
    const counted = inside(0, times, Math.floor(i / outRows)) * inside(1, rows, i % outRows);
    return (node.kernel[0] * node.kernel[1]) / counted;
  });
}

export const mean: Op<MeanNode> = (node, [x], { tf }) =>
  tf.mean(
    x,
    node.axes.map((axis) => (axis === 'time' ? 1 : 2)),
    true,
  );

/** One matrix product an axis, exact for both modes (tf.image.resizeBilinear has no half-pixel gradient). */
export const resize: Op<ResizeNode> = (node, [x], { tf, clips }) => {
  const [times, rows, channels] = node.shape;
  const [, inTimes, inRows] = x.shape;
  const columns = tf.reshape(x, [clips, inTimes, inRows * channels]);
  const inTime = tf.matMul(sourceMatrix(tf, node.mode, inTimes, times), columns);
  const bands = tf.reshape(inTime, [clips * times, inRows, channels]);
  const both = tf.matMul(sourceMatrix(tf, node.mode, inRows, rows), bands);
  return tf.reshape(both, batched(clips, node.shape)) as Tensor4D;
};

/** `[1, to, from]`: the weights of the source positions of each position. */
function sourceMatrix(tf: TensorFlow, mode: ResizeNode['mode'], from: number, to: number) {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    if (mode === 'nearest') {
      matrix[i * from + Math.floor((i * from) / to)] = 1;
      continue;
    }
    const position = Math.max(((i + 0.5) * from) / to - 0.5, 0);
    const low = Math.floor(position);
    matrix[i * from + low] += 1 - (position - low);
    matrix[i * from + Math.min(low + 1, from - 1)] += position - low;
  }
  return tf.tensor3d(matrix, [1, to, from]);
}
