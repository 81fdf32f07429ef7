/** Convolutions, dense layers and norms in ONNX. */
import type {
  BatchNormNode,
  Conv2dNode,
  DenseNode,
  DepthwiseConv2dNode,
  Padding,
} from '../../graph/graph.js';
import { bandAffine } from '../band-affine.js';
import type { ExportedMap } from '../translate-graph.js';
import type { Attributes } from './onnx-builder.js';
import type { OnnxContext, OnnxOp } from './onnx-op.js';

export const conv2d: OnnxOp<Conv2dNode> = (node, [x], context) => {
  const [inputs, outputs] = [x.shape[2] / node.groups, node.shape[2]];
  const taps = node.kernel[0] * node.kernel[1];
  const weight = transposed(context.tensors[node.weight], taps * inputs, outputs);
  // Now [outputs, taps, inputs]; each output wants its taps last.
  const size = taps * inputs;
  for (let o = 0; o < outputs; o++)
    weight.set(transposed(weight.subarray(o * size, (o + 1) * size), taps, inputs), o * size);
  return convolve(node, x, { weight, dims: [outputs, inputs, ...node.kernel], groups: node.groups }, context);
};

export const depthwiseConv2d: OnnxOp<DepthwiseConv2dNode> = (node, [x], context) => {
  const [taps, outputs] = [node.kernel[0] * node.kernel[1], node.shape[2]];
  const weight = transposed(context.tensors[node.weight], taps, outputs);
  return convolve(node, x, { weight, dims: [outputs, 1, ...node.kernel], groups: x.shape[2] }, context);
};

/** A matrix over the channels of every position is a convolution of one tap. */
export const dense: OnnxOp<DenseNode> = (node, [x], context) => {
  const [inputs, outputs] = [x.shape[2], node.shape[2]];
  const weight = transposed(context.tensors[node.weight], inputs, outputs);
  return convolve(node, x, { weight, dims: [outputs, inputs, 1, 1], groups: 1 }, context);
};

interface Kernel {
  /** `[outputs, inputs / groups, time, frequency]` */
  readonly weight: Float32Array;
  readonly dims: readonly number[];
  readonly groups: number;
}

function convolve(
  node: Conv2dNode | DepthwiseConv2dNode | DenseNode,
  x: ExportedMap,
  { weight, dims, groups }: Kernel,
  { onnx, tensors }: OnnxContext,
): string {
  const inputs = [x.value, onnx.floats(node.weight, weight, dims)];
  if (node.bias) inputs.push(onnx.floats(node.bias, tensors[node.bias], [dims[0]]));
  const window: Attributes =
    node.op === 'dense' ? {} : { strides: node.stride, dilations: node.dilation, pads: padsOf(node.padding) };
  return onnx.node('Conv', node.name, inputs, { kernel_shape: dims.slice(2), group: groups, ...window });
}

/** ONNX names all befores, then all afters. */
export function padsOf([time, frequency]: Padding): number[] {
  return [time[0], frequency[0], time[1], frequency[1]];
}

export const batchNorm: OnnxOp<BatchNormNode> = (node, [x], context) => {
  if (node.bands > 1) return normaliseBands(node, x, context);
  const { onnx, tensors } = context;
  const channels = x.shape[2];
  const constants = [node.gamma, node.beta, node.mean, node.variance].map((name) =>
    onnx.floats(name, tensors[name], [channels]),
  );
  const attributes = { epsilon: { float: node.epsilon } };
  return onnx.node('BatchNormalization', node.name, [x.value, ...constants], attributes);
};

/** Sub-spectral norm: the running statistics of each row's band as one factor and one summand a row and channel. */
function normaliseBands(node: BatchNormNode, x: ExportedMap, { onnx, tensors }: OnnxContext): string {
  const [, rows, channels] = x.shape;
  const { factor, summand } = bandAffine(node, rows, tensors);
  const constant = (name: string, values: Float32Array) =>
    onnx.floats(`${node.name}/${name}`, transposed(values, rows, channels), [channels, 1, rows]);
  const product = onnx.node('Mul', `${node.name}/scaled`, [x.value, constant('factor', factor)]);
  return onnx.node('Add', node.name, [product, constant('summand', summand)]);
}

/** A matrix `[rows, columns]` as `[columns, rows]`. */
function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j];
  return result;
}
