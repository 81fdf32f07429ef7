/** Convolutions and dense layers. TensorFlow.js has no grouped conv2d and no gradients of dilated ones: both are composed here. */
import type { Conv2dNode, DenseNode, DepthwiseConv2dNode, Padding, Pair } from '../../graph/graph.js';
import { convolveByTaps, wantsTaps } from './filter-gradient.js';
import type { NativeConvolution } from './native-kernels.js';
import {
  batched,
  type Op,
  type OpContext,
  type Tensor,
  type Tensor4D,
  type TensorFlow,
} from './tensorflow.js';

/** An undilated convolution without padding. */
type Convolve = (x: Tensor4D, weight: Tensor4D, stride: Pair) => Tensor4D;

export const conv2d: Op<Conv2dNode> = (node, [x], context) => {
  const { tf } = context;
  const weight = context.parameters[node.weight] as Tensor4D;
  const inputsPerGroup = x.shape[3] / node.groups;
  let y: Tensor4D;
  if (inputsPerGroup === 1 && node.groups > 1) {
    const [kernelT, kernelF, , outputs] = weight.shape;
    const depthwise = tf.reshape(weight, [kernelT, kernelF, node.groups, outputs / node.groups]) as Tensor4D;
    y = convolveChannels(node, x, depthwise, context);
  } else if (node.groups > 1) {
    const maps = tf.split(padMap(tf, x, node.padding), node.groups, 3);
    const weights = tf.split(weight, node.groups, 3);
    y = tf.concat(
      maps.map((map, g) => dilate(tf, map as Tensor4D, weights[g] as Tensor4D, node, convolve(tf))),
      3,
    );
  } else {
    y =
      convolveNatively('Conv2D', node, x, weight, context) ??
      dilate(tf, padMap(tf, x, node.padding), weight, node, convolve(tf));
  }
  return addBias(y, node.bias, context);
};

export const depthwiseConv2d: Op<DepthwiseConv2dNode> = (node, [x], context) => {
  const weight = context.parameters[node.weight] as Tensor4D;
  return addBias(convolveChannels(node, x, weight, context), node.bias, context);
};

/** Each channel by itself. */
function convolveChannels(
  node: Conv2dNode | DepthwiseConv2dNode,
  x: Tensor4D,
  weight: Tensor4D,
  context: OpContext,
): Tensor4D {
  const { tf } = context;
  // The native kernel takes equal strides alone.
  const native =
    node.stride[0] === node.stride[1]
      ? convolveNatively('DepthwiseConv2dNative', node, x, weight, context)
      : undefined;
  return native ?? dilate(tf, padMap(tf, x, node.padding), weight, node, depthwiseConvolve(tf));
}

/** In one kernel with its padding, if the backend has that: not for dilated ones, whose gradients no native kernel knows. */
function convolveNatively(
  kind: NativeConvolution,
  { stride, padding, dilation, inputs }: Conv2dNode | DepthwiseConv2dNode,
  x: Tensor4D,
  weight: Tensor4D,
  { native, constants }: OpContext,
): Tensor4D | undefined {
  if (!native || dilation.some((distance) => distance > 1)) return undefined;
  const constant = constants?.has(inputs[0]) ?? false;
  return native.convolve(kind, x, weight, { stride, padding, constant });
}

export const dense: Op<DenseNode> = (node, [x], context) => {
  const { tf, clips } = context;
  const [, times, bands, channels] = x.shape;
  const rows = tf.reshape(x, [clips * times * bands, channels]);
  const product = tf.matMul(rows, context.parameters[node.weight]);
  return addBias(tf.reshape(product, batched(clips, node.shape)) as Tensor4D, node.bias, context);
};

/** Pads time and frequency with `value`. */
export function padMap(tf: TensorFlow, x: Tensor4D, padding: Padding, value = 0): Tensor4D {
  if (padding.flat().every((size) => size === 0)) return x;
  const [time, frequency] = padding;
  return tf.pad(x, [[0, 0], [...time], [...frequency], [0, 0]], value);
}

function addBias<T extends Tensor>(y: T, name: string | undefined, context: OpContext): T {
  return name ? context.tf.add(y, context.parameters[name]) : y;
}

const convolve =
  (tf: TensorFlow): Convolve =>
  (x, weight, stride) =>
    wantsTaps(tf) ? convolveByTaps(tf, x, weight, stride) : tf.conv2d(x, weight, [...stride], 'valid');

/** Native backends take equal strides alone: unequal ones skip rows of the dense result. */
const depthwiseConvolve =
  (tf: TensorFlow): Convolve =>
  (x, weight, stride) => {
    if (stride[0] === stride[1]) return tf.depthwiseConv2d(x, weight, [...stride], 'valid');
    const y = tf.depthwiseConv2d(x, weight, 1, 'valid');
    return everyNth(tf, everyNth(tf, y, 1, stride[0]), 2, stride[1]);
  };

/** Positions 0, n, 2n, … of an axis (tf.stridedSlice has no gradient). */
function everyNth(tf: TensorFlow, x: Tensor4D, axis: 1 | 2, n: number): Tensor4D {
  if (n === 1) return x;
  const shape = [...x.shape] as [number, number, number, number];
  const kept = Math.ceil(shape[axis] / n);
  const padding: [number, number][] = [0, 1, 2, 3].map((i) => [0, i === axis ? kept * n - shape[axis] : 0]);
  const before = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const after = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const rows = tf.reshape(tf.pad(x, padding), [before, kept, n * after]);
  const first = tf.slice(rows, [0, 0, 0], [before, kept, after]);
  shape[axis] = kept;
  return tf.reshape(first, shape);
}

/**
 * A dilated convolution as a sum over taps: along each dilated axis the kernel is cut into single rows, each of which
 * convolves its own window of the map without dilation.
 */
function dilate(
  tf: TensorFlow,
  x: Tensor4D,
  weight: Tensor4D,
  node: Conv2dNode | DepthwiseConv2dNode,
  run: Convolve,
): Tensor4D {
  const { stride, dilation, kernel, shape } = node;
  const cuts = (axis: 0 | 1) => (dilation[axis] > 1 ? kernel[axis] : 1);
  if (cuts(0) === 1 && cuts(1) === 1) return run(x, weight, stride);
  const [kernelT, kernelF, inputs, outputs] = weight.shape;
  const tap: Pair = [kernelT / cuts(0), kernelF / cuts(1)];
  const reach = (axis: 0 | 1) => (shape[axis] - 1) * stride[axis] + tap[axis];
  const parts: Tensor4D[] = [];
  for (let i = 0; i < cuts(0); i++)
    for (let j = 0; j < cuts(1); j++) {
      const start: [number, number, number, number] = [0, i * dilation[0], j * dilation[1], 0];
      const part = tf.slice(x, start, [x.shape[0], reach(0), reach(1), x.shape[3]]);
      const taps = tf.slice(weight, [i * tap[0], j * tap[1], 0, 0], [...tap, inputs, outputs]);
      parts.push(run(part, taps, stride));
    }
  return tf.addN(parts);
}
