/** Batch normalisation, whole or by frequency bands, by arithmetic, as tf.batchNorm fails in many of its gradients, or by the native kernel. */
import type { BatchNormNode } from '../../graph/graph.js';
import type { NativeKernels } from './native-kernels.js';
import { batched, type Op, type OpContext, type Tensor, type Tensor4D } from './tensorflow.js';

export const batchNorm: Op<BatchNormNode> = (node, [x], context) => {
  if (context.native && context.training) return nativeBatchNorm(context.native, node, x, context);
  const { tf, clips, training, parameters, statistics } = context;
  const [times, rows, channels] = node.shape;
  const { bands } = node;
  // [clips × time, bands, rows of a band, channels]
  const cut = tf.reshape(x, [clips * times, bands, rows / bands, channels]);
  const vector = (tensor: Tensor) => tf.reshape(tensor, [1, bands, 1, channels]);
  const mean = training ? tf.mean(cut, [0, 2], true) : vector(statistics[node.mean]);
  const centred = tf.sub(cut, mean);
  const variance = training ? tf.mean(tf.square(centred), [0, 2], true) : vector(statistics[node.variance]);
  if (training) reportMoments(node, mean, variance, context);
  const scale = tf.mul(tf.rsqrt(tf.add(variance, node.epsilon)), vector(parameters[node.gamma]));
  const y = tf.add(tf.mul(centred, scale), vector(parameters[node.beta]));
  return tf.reshape(y, batched(clips, node.shape));
};

/** Bands become channels: `[clips × time × rows of a band, 1, 1, bands × channels]`. */
function nativeBatchNorm(
  native: NativeKernels,
  node: BatchNormNode,
  x: Tensor4D,
  context: OpContext,
): Tensor4D {
  const { tf, clips, parameters } = context;
  const [times, rows, channels] = node.shape;
  const { bands } = node;
  const [gamma, beta] = [node.gamma, node.beta].map((name) => tf.reshape(parameters[name], [-1]));
  // [clips × time, bands, rows of a band, channels] and, the middle ones swapped, the same again.
  const swap = (map: Tensor, outer: number) =>
    tf.transpose(tf.reshape(map, [clips * times, outer, rows / outer, channels]), [0, 2, 1, 3]);
  const cut =
    bands === 1 ? x : tf.reshape(swap(x, bands), [(clips * times * rows) / bands, 1, 1, bands * channels]);
  const { y, mean, variance } = native.batchNorm(cut, gamma, beta, node.epsilon);
  reportMoments(node, mean, variance, context);
  return bands === 1 ? (y as Tensor4D) : tf.reshape(swap(y, rows / bands), batched(clips, node.shape));
}

function reportMoments(node: BatchNormNode, mean: Tensor, variance: Tensor, context: OpContext): void {
  context.onMoments(node.mean, mean);
  context.onMoments(node.variance, variance);
}
