/** Ops on single numbers of a map, or on its channels, in ONNX. */
import type {
  ActivationKind,
  ActivationNode,
  BinaryNode,
  GumbelSoftmaxNode,
  MaxoutNode,
  SoftmaxNode,
  WeightedSumNode,
} from '../../graph/graph.js';
import type { OnnxBuilder } from './onnx-builder.js';
import type { OnnxOp } from './onnx-op.js';

type Activation = (onnx: OnnxBuilder, x: string, node: ActivationNode) => string;

const single =
  (op: string): Activation =>
  (onnx, x, { name }) =>
    onnx.node(op, name, [x]);

const ACTIVATIONS: Readonly<Record<ActivationKind, Activation>> = {
  relu: single('Relu'),
  relu6: (onnx, x, { name }) => {
    const limits = [0, 6].map((limit) => onnx.floats(`${name}/limit`, Float32Array.of(limit), []));
    return onnx.node('Clip', name, [x, ...limits]);
  },
  leakyRelu: (onnx, x, { name, slope = 0.01 }) =>
    onnx.node('LeakyRelu', name, [x], { alpha: { float: slope } }),
  elu: single('Elu'),
  silu: (onnx, x, { name }) => onnx.node('Mul', name, [x, onnx.node('Sigmoid', `${name}/gate`, [x])]),
  softplus: single('Softplus'),
  hardSwish: single('HardSwish'),
  sigmoid: single('Sigmoid'),
  hardSigmoid: (onnx, x, { name }) =>
    onnx.node('HardSigmoid', name, [x], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }),
  // Mish itself came with opset 18.
  mish: (onnx, x, { name }) => {
    const gate = onnx.node('Tanh', `${name}/gate`, [onnx.node('Softplus', `${name}/softplus`, [x])]);
    return onnx.node('Mul', name, [x, gate]);
  },
};

export const activation: OnnxOp<ActivationNode> = (node, [x], { onnx }) =>
  ACTIVATIONS[node.kind](onnx, x.value, node);

const BINARY = { add: 'Add', multiply: 'Mul', maximum: 'Max' } as const;

export const binary: OnnxOp<BinaryNode> = (node, [a, b], { onnx }) =>
  onnx.node(BINARY[node.op], node.name, [a.value, b.value]);

export const weightedSum: OnnxOp<WeightedSumNode> = (node, inputs, { onnx, tensors }) => {
  const weights = node.weight ? tensors[node.weight] : Float32Array.from(node.weights!);
  const terms = inputs.map(({ value }, i) => {
    const weight = onnx.floats(`${node.name}/weight`, weights.slice(i, i + 1), []);
    return onnx.node('Mul', `${node.name}/term`, [value, weight]);
  });
  return onnx.node('Sum', node.name, terms);
};

/** Channel `i × C / pieces + j` is piece i of output j. */
export const maxout: OnnxOp<MaxoutNode> = (node, [x], { onnx }) => {
  const [times, rows, channels] = node.shape;
  const dims = onnx.integers(`${node.name}/dims`, [0, node.pieces, channels, times, rows]);
  const pieces = onnx.node('Reshape', `${node.name}/pieces`, [x.value, dims]);
  return onnx.node('ReduceMax', node.name, [pieces], { axes: [1], keepdims: 0 });
};

/** Where the axes of a map stand in `[batch, channels, time, frequency]`. */
export const AXES = { channels: 1, time: 2, frequency: 3 } as const;

export const softmax: OnnxOp<SoftmaxNode> = (node, [x], { onnx }) =>
  onnx.node('Softmax', node.name, [x.value], { axis: AXES[node.axis] });

/** In inference: 1 at the first largest channel, else 0. */
export const gumbelSoftmax: OnnxOp<GumbelSoftmaxNode> = (node, [x], { onnx }) => {
  const largest = onnx.node('ArgMax', `${node.name}/largest`, [x.value], { axis: 1, keepdims: 0 });
  const depth = onnx.integers(`${node.name}/channels`, [node.shape[2]], []);
  const values = onnx.floats(`${node.name}/values`, Float32Array.of(0, 1), [2]);
  return onnx.node('OneHot', node.name, [largest, depth, values], { axis: 1 });
};
