/** Convolutions, dense layers and norms as TensorFlow nodes; kernels lie there as they do here. */
import type { BatchNormNode, Conv2dNode, DenseNode, DepthwiseConv2dNode } from '../../graph/graph.js';
import { bandAffine } from '../band-affine.js';
import type { TfjsContext, TfjsOp } from './tfjs-op.js';

interface Kernel {
  readonly op: 'Conv2D' | 'DepthwiseConv2dNative';
  readonly name: string;
  readonly values: Float32Array;
  readonly shape: readonly number[];
}

export const conv2d: TfjsOp<Conv2dNode> = (node, [x], context) => {
  const { groups, kernel } = node;
  const [inputs, outputs] = [x.shape[2], node.shape[2]];
  const values = context.tensors[node.weight];
  const one = { op: 'Conv2D', name: node.weight, values, shape: [...kernel, inputs, outputs] } as const;
  if (groups === 1) return withBias(node, convolve(node, x.value, one, context), context);
  const isDepthwise = inputs === groups;
  if (!isDepthwise) return withBias(node, convolveGroups(node, x.value, inputs, context), context);
  const depthwise = {
    ...one,
    op: 'DepthwiseConv2dNative',
    shape: [...kernel, groups, outputs / groups],
  } as const;
  return withBias(node, convolve(node, x.value, depthwise, context), context);
};

export const depthwiseConv2d: TfjsOp<DepthwiseConv2dNode> = (node, [x], context) => {
  const shape = [...node.kernel, x.shape[2], node.multiplier];
  const values = context.tensors[node.weight];
  const kernel = { op: 'DepthwiseConv2dNative', name: node.weight, values, shape } as const;
  return withBias(node, convolve(node, x.value, kernel, context), context);
};

/** A matrix over the channels of every position is a convolution of one tap. */
export const dense: TfjsOp<DenseNode> = (node, [x], context) => {
  const { tfjs, tensors } = context;
  const weight = tfjs.floats(node.weight, tensors[node.weight], [1, 1, x.shape[2], node.shape[2]]);
  const attributes = {
    strides: [1, 1, 1, 1],
    padding: 'VALID',
    data_format: 'NHWC',
    dilations: [1, 1, 1, 1],
  };
  return withBias(node, tfjs.node('Conv2D', `${node.name}/product`, [x.value, weight], attributes), context);
};

/** TensorFlow.js has no grouped convolution: one for each group. */
function convolveGroups(node: Conv2dNode, x: string, inputs: number, context: TfjsContext): string {
  const { tfjs, tensors } = context;
  const { groups, kernel } = node;
  const outputs = node.shape[2];
  const axis = tfjs.integers(`${node.name}/axis`, [3], []);
  const split = tfjs.node('Split', `${node.name}/groups`, [axis, x], { num_split: groups });
  const shape = [...kernel, inputs / groups, outputs / groups];
  const parts = Array.from({ length: groups }, (_, g) => {
    const values = columns(tensors[node.weight], outputs, g * shape[3], shape[3]);
    const part = { op: 'Conv2D', name: `${node.weight}/${g}`, values, shape } as const;
    return convolve(node, g === 0 ? split : `${split}:${g}`, part, context);
  });
  return tfjs.node('ConcatV2', `${node.name}/joined`, [...parts, axis], { N: groups });
}

/** Columns `first … first + count − 1` of a matrix with rows of `width`. */
function columns(matrix: Float32Array, width: number, first: number, count: number): Float32Array {
  return Float32Array.from({ length: (matrix.length / width) * count }, (_, i) => {
    return matrix[Math.floor(i / count) * width + first + (i % count)];
  });
}

/**
 * TensorFlow takes strides or dilation, not both, and depthwise only strides that are equal; where that does not do,
 * positions are left out of the dense result.
 */
function convolve(
  node: Conv2dNode | DepthwiseConv2dNode,
  x: string,
  { op, name, values, shape }: Kernel,
  { tfjs }: TfjsContext,
): string {
  const { stride, dilation, padding } = node;
  const isDilated = dilation[0] > 1 || dilation[1] > 1;
  const isUnequal = op === 'DepthwiseConv2dNative' && stride[0] !== stride[1];
  const isStrided = stride[0] > 1 || stride[1] > 1;
  const skips = isStrided && (isDilated || isUnequal);
  const isPadded = padding.flat().some((size) => size > 0);
  const weight = tfjs.floats(name, values, shape);
  const result = tfjs.node(op, `${node.name}/product`, [x, weight], {
    strides: skips ? [1, 1, 1, 1] : [1, ...stride, 1],
    dilations: [1, ...dilation, 1],
    padding: isPadded ? 'EXPLICIT' : 'VALID',
    data_format: 'NHWC',
    explicit_paddings: isPadded ? [0, 0, ...padding.flat(), 0, 0] : [],
  });
  if (!skips) return result;
  const ends = tfjs.integers(`${node.name}/ends`, [0, 0, 0, 0]);
  const steps = tfjs.integers(`${node.name}/steps`, [1, ...stride, 1]);
  return tfjs.node('StridedSlice', `${node.name}/strided`, [result, ends, ends, steps], {
    // From the first to the last of every axis.
    ...{ begin_mask: 15, end_mask: 15, ellipsis_mask: 0, new_axis_mask: 0, shrink_axis_mask: 0 },
  });
}

function withBias(
  node: Conv2dNode | DepthwiseConv2dNode | DenseNode,
  product: string,
  { tfjs, tensors }: TfjsContext,
): string {
  if (!node.bias) return product;
  const bias = tfjs.floats(node.bias, tensors[node.bias], [node.shape[2]]);
  return tfjs.node('BiasAdd', node.name, [product, bias], { data_format: 'NHWC' });
}

export const batchNorm: TfjsOp<BatchNormNode> = (node, [x], context) => {
  if (node.bands > 1) return normaliseBands(node, x.shape[1], x.value, context);
  const { tfjs, tensors } = context;
  const constants = [node.gamma, node.beta, node.mean, node.variance].map((name) =>
    tfjs.floats(name, tensors[name], [x.shape[2]]),
  );
  return tfjs.node('FusedBatchNormV3', node.name, [x.value, ...constants], {
    epsilon: { float: node.epsilon },
    data_format: 'NHWC',
    is_training: false,
  });
};

/** Sub-spectral norm: the running statistics of each row's band as one factor and one summand a row and channel. */
function normaliseBands(
  node: BatchNormNode,
  rows: number,
  x: string,
  { tfjs, tensors }: TfjsContext,
): string {
  const { factor, summand } = bandAffine(node, rows, tensors);
  const shape = [rows, factor.length / rows];
  const scaled = tfjs.node('Mul', `${node.name}/scaled`, [
    x,
    tfjs.floats(`${node.name}/factor`, factor, shape),
  ]);
  return tfjs.node('AddV2', node.name, [scaled, tfjs.floats(`${node.name}/summand`, summand, shape)]);
}
