/** Ops on single numbers of a map, or on its channels, as TensorFlow nodes. */
import type {
  ActivationKind,
  ActivationNode,
  BinaryNode,
  GumbelSoftmaxNode,
  MaxoutNode,
  SoftmaxNode,
  WeightedSumNode,
} from '../../graph/graph.js';
import type { TfjsBuilder } from './tfjs-builder.js';
import type { TfjsOp } from './tfjs-op.js';

type Activation = (tfjs: TfjsBuilder, x: string, node: ActivationNode) => string;

const single =
  (op: string): Activation =>
  (tfjs, x, { name }) =>
    tfjs.node(op, name, [x]);

const hardSigmoid: Activation = (tfjs, x, { name }) => {
  const three = tfjs.floats(`${name}/three`, Float32Array.of(3), []);
  const sixth = tfjs.floats(`${name}/sixth`, Float32Array.of(1 / 6), []);
  const clipped = tfjs.node('Relu6', `${name}/clipped`, [tfjs.node('AddV2', `${name}/shifted`, [x, three])]);
  return tfjs.node('Mul', `${name}/gate`, [clipped, sixth]);
};

const times = (tfjs: TfjsBuilder, name: string, a: string, b: string) => tfjs.node('Mul', name, [a, b]);

const ACTIVATIONS: Readonly<Record<ActivationKind, Activation>> = {
  relu: single('Relu'),
  relu6: single('Relu6'),
  leakyRelu: (tfjs, x, { name, slope = 0.01 }) =>
    tfjs.node('LeakyRelu', name, [x], { alpha: { float: slope } }),
  elu: single('Elu'),
  silu: (tfjs, x, { name }) => times(tfjs, name, x, tfjs.node('Sigmoid', `${name}/gate`, [x])),
  softplus: single('Softplus'),
  hardSwish: (tfjs, x, node) => times(tfjs, node.name, x, hardSigmoid(tfjs, x, node)),
  sigmoid: single('Sigmoid'),
  hardSigmoid,
  mish: (tfjs, x, { name }) => {
    const gate = tfjs.node('Tanh', `${name}/gate`, [tfjs.node('Softplus', `${name}/softplus`, [x])]);
    return times(tfjs, name, x, gate);
  },
};

export const activation: TfjsOp<ActivationNode> = (node, [x], { tfjs }) =>
  ACTIVATIONS[node.kind](tfjs, x.value, node);

const BINARY = { add: 'AddV2', multiply: 'Mul', maximum: 'Maximum' } as const;

export const binary: TfjsOp<BinaryNode> = (node, [a, b], { tfjs }) =>
  tfjs.node(BINARY[node.op], node.name, [a.value, b.value]);

export const weightedSum: TfjsOp<WeightedSumNode> = (node, inputs, { tfjs, tensors }) => {
  const weights = node.weight ? tensors[node.weight] : Float32Array.from(node.weights!);
  const terms = inputs.map(({ value }, i) => {
    const weight = tfjs.floats(`${node.name}/weight`, weights.slice(i, i + 1), []);
    return tfjs.node('Mul', `${node.name}/term`, [value, weight]);
  });
  return tfjs.node('AddN', node.name, terms, { N: terms.length });
};

/** Channel `i × C / pieces + j` is piece i of output j. */
export const maxout: TfjsOp<MaxoutNode> = (node, [x], { tfjs }) => {
  const dims = tfjs.integers(`${node.name}/dims`, [-1, node.pieces, node.shape[2]]);
  const pieces = tfjs.node('Reshape', `${node.name}/pieces`, [x.value, dims]);
  const axes = tfjs.integers(`${node.name}/axes`, [1]);
  const largest = tfjs.node('Max', `${node.name}/largest`, [pieces, axes], { keep_dims: false });
  return tfjs.node('Reshape', node.name, [largest, tfjs.integers(`${node.name}/shape`, [-1, ...node.shape])]);
};

/** Where the axes of a map stand in `[batch, time, frequency, channels]`. */
export const AXES = { time: 1, frequency: 2, channels: 3 } as const;

/** TensorFlow's takes the last axis alone: others change places with it. */
export const softmax: TfjsOp<SoftmaxNode> = (node, [x], { tfjs }) => {
  const axis = AXES[node.axis];
  if (axis === 3) return tfjs.node('Softmax', node.name, [x.value]);
  const order = [0, 1, 2, 3];
  order[axis] = 3;
  order[3] = axis;
  const swap = tfjs.integers(`${node.name}/order`, order);
  const swapped = tfjs.node('Transpose', `${node.name}/swapped`, [x.value, swap]);
  const scores = tfjs.node('Softmax', `${node.name}/scores`, [swapped]);
  return tfjs.node('Transpose', node.name, [scores, swap]);
};

/** In inference: 1 at the first largest channel, else 0. */
export const gumbelSoftmax: TfjsOp<GumbelSoftmaxNode> = (node, [x], { tfjs }) => {
  const axis = tfjs.integers(`${node.name}/axis`, [3], []);
  const largest = tfjs.node('ArgMax', `${node.name}/largest`, [x.value, axis], {
    output_type: { type: 'DT_INT32' },
  });
  const depth = tfjs.integers(`${node.name}/channels`, [node.shape[2]], []);
  const [on, off] = [1, 0].map((value) => tfjs.floats(`${node.name}/value`, Float32Array.of(value), []));
  const hot = tfjs.node('OneHot', `${node.name}/hot`, [largest, depth, on, off], { axis: -1 });
  return tfjs.node('Cast', node.name, [hot], { SrcT: { type: 'DT_FLOAT' }, DstT: { type: 'DT_FLOAT' } });
};
