/** Ops that combine, cut and move maps. */
import type {
  BinaryNode,
  ChannelShuffleNode,
  ConcatNode,
  MaxoutNode,
  PadChannelsNode,
  ReshapeNode,
  Shape,
  SliceNode,
  WeightedSumNode,
} from '../../graph/graph.js';
import { batched, type Op, type Tensor4D, type TensorFlow } from './tensorflow.js';

export const add: Op<BinaryNode> = (_, [a, b], { tf }) => tf.add(a, b);

export const multiply: Op<BinaryNode> = (_, [a, b], { tf }) => tf.mul(a, b);

/** Where both are equal the gradient goes to the first. The gradient of tf.maximum does not sum over repeated axes. */
export const maximum: Op<BinaryNode> = (node, [a, b], { tf }) =>
  tf.maximum(repeatTo(tf, a, node.shape), repeatTo(tf, b, node.shape));

function repeatTo(tf: TensorFlow, x: Tensor4D, shape: Shape): Tensor4D {
  const repeats = [1, ...shape.map((size, axis) => size / x.shape[axis + 1])];
  return repeats.every((n) => n === 1) ? x : tf.tile(x, repeats);
}

export const weightedSum: Op<WeightedSumNode> = (node, inputs, { tf, parameters }) => {
  const weightOf = (i: number) =>
    node.weight
      ? tf.reshape(tf.slice(parameters[node.weight], [i], [1]), [1, 1, 1, 1])
      : tf.scalar(node.weights![i]);
  return tf.addN(inputs.map((x, i) => tf.mul(x, weightOf(i)) as Tensor4D));
};

export const concat: Op<ConcatNode> = (_, inputs, { tf }) => tf.concat([...inputs], 3);

export const slice: Op<SliceNode> = (node, [x], { tf, clips }) =>
  tf.slice(x, [0, ...node.start], batched(clips, node.shape));

export const padChannels: Op<PadChannelsNode> = (node, [x], { tf }) => {
  const after = node.shape[2] - node.before - x.shape[3];
  return tf.pad(x, [
    [0, 0],
    [0, 0],
    [0, 0],
    [node.before, after],
  ]);
};

export const channelShuffle: Op<ChannelShuffleNode> = (node, [x], { tf, clips }) => {
  const [times, bands, channels] = node.shape;
  const groups = tf.reshape(x, [clips * times * bands, node.groups, channels / node.groups]);
  return tf.reshape(tf.transpose(groups, [0, 2, 1]), batched(clips, node.shape));
};

export const maxout: Op<MaxoutNode> = (node, [x], { tf }) =>
  tf.split(x, node.pieces, 3).reduce((largest, piece) => tf.maximum(largest, piece)) as Tensor4D;

export const reshape: Op<ReshapeNode> = (node, [x], { tf, clips }) =>
  tf.reshape(x, batched(clips, node.shape));
