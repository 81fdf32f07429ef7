/** Softmaxes, losses, random drops and what holds gradients back. */
import type {
  DropoutNode,
  GumbelSoftmaxNode,
  SoftmaxCrossEntropyNode,
  SoftmaxNode,
  StopGradientNode,
} from '../../graph/graph.js';
import { sizeOf } from '../../graph/graph.js';
import { hashText } from '../../numerics/random.js';
import { clipKey, gumbelNoise, uniformNoise } from '../noise.js';
import {
  batched,
  type Op,
  type OpContext,
  type Tensor,
  type Tensor4D,
  type TensorFlow,
} from './tensorflow.js';

const AXES = { time: 1, frequency: 2, channels: 3 } as const;

/** tf.softmax knows the last axis alone: others are moved there and back. */
export const softmax: Op<SoftmaxNode> = (node, [x], { tf }) => {
  const axis = AXES[node.axis];
  if (axis === 3) return tf.softmax(x, 3);
  const swapped = [0, 1, 2, 3];
  swapped[axis] = 3;
  swapped[3] = axis;
  return tf.transpose(tf.softmax(tf.transpose(x, swapped), 3), swapped);
};

export const stopGradient: Op<StopGradientNode> = (_, [x], { tf }) => withoutGradient(tf, x);

function withoutGradient(tf: TensorFlow, x: Tensor4D): Tensor4D {
  const held = tf.customGrad((value) => ({
    value: tf.clone(value as Tensor),
    gradFunc: (dy: Tensor) => tf.zerosLike(dy),
  }));
  return held(x) as Tensor4D;
}

export const softmaxCrossEntropy: Op<SoftmaxCrossEntropyNode> = (node, [logits, targets], { tf }) => {
  const [, times, bands] = logits.shape;
  const logarithms = tf.logSoftmax(tf.div(logits, node.temperature), 3);
  const sums = tf.sum(tf.mul(withoutGradient(tf, targets), logarithms), [1, 2, 3], true);
  return tf.mul(sums, -node.weight / (times * bands));
};

export const dropout: Op<DropoutNode> = (node, [x], context) => {
  if (!context.training) return x;
  const [times, bands, channels] = node.shape;
  const scale = 1 / (1 - node.rate);
  const shape = node.unit === 'channel' ? ([1, 1, channels] as const) : ([times, bands, channels] as const);
  const mask = drawNoise(node.name, shape, context, (key, element) =>
    uniformNoise(key, element) >= node.rate ? scale : 0,
  );
  return context.tf.mul(x, mask);
};

export const gumbelSoftmax: Op<GumbelSoftmaxNode> = (node, [x], context) => {
  const { tf, training } = context;
  const channels = node.shape[2];
  const oneHot = (scores: Tensor) => tf.cast(tf.oneHot(tf.argMax(scores, 3), channels), 'float32');
  if (!training) return oneHot(x) as Tensor4D;
  const noise = drawNoise(node.name, node.shape, context, gumbelNoise);
  const sample = tf.customGrad((...given) => {
    const save = given.pop() as (tensors: Tensor[]) => void;
    const noisy = tf.add(tf.logSoftmax(given[0] as Tensor, 3), noise);
    const soft = tf.softmax(tf.div(noisy, node.temperature), 3);
    save([soft]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const along = tf.mul(dy, saved[0]);
      const centred = tf.sub(along, tf.mul(saved[0], tf.sum(along, 3, true)));
      return tf.div(centred, node.temperature);
    };
    return { value: oneHot(noisy), gradFunc };
  });
  return sample(x) as Tensor4D;
};

/** Random numbers of a node for the clips of this run. */
function drawNoise(
  name: string,
  shape: readonly [number, number, number],
  { tf, seed, clips, firstClip }: OpContext,
  draw: (key: number, element: number) => number,
): Tensor4D {
  const size = sizeOf(shape);
  const nodeKey = hashText(name);
  const values = new Float32Array(clips * size);
  for (let clip = 0; clip < clips; clip++) {
    const key = clipKey(seed, nodeKey, firstClip + clip);
    for (let element = 0; element < size; element++) values[clip * size + element] = draw(key, element);
  }
  return tf.tensor4d(values, batched(clips, shape));
}
