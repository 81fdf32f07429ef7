/** Batch normalisation, whole or by frequency bands, by arithmetic: tf.batchNorm fails in many of its gradients. */
import type { BatchNormNode } from '../../graph/graph.js';
import { batched, type Op, type OpContext, type Tensor } from './tensorflow.js';

export const batchNorm: Op<BatchNormNode> = (node, [x], context) => {
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

function reportMoments(node: BatchNormNode, mean: Tensor, variance: Tensor, context: OpContext): void {
  context.onMoments(node.mean, mean);
  context.onMoments(node.variance, variance);
}
