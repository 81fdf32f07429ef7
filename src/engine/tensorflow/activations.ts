import type { ActivationKind, ActivationNode } from '../../graph/graph.js';
import type { Op, Tensor4D, TensorFlow } from './tensorflow.js';

type Activation = (tf: TensorFlow, x: Tensor4D, slope: number) => Tensor4D;

const hardSigmoid: Activation = (tf, x) => tf.div(tf.relu6(tf.add(x, 3)), 6);

const ACTIVATIONS: Readonly<Record<ActivationKind, Activation>> = {
  relu: (tf, x) => tf.relu(x),
  relu6: (tf, x) => tf.relu6(x),
  leakyRelu: (tf, x, slope) => tf.leakyRelu(x, slope),
  elu: (tf, x) => tf.elu(x),
  silu: (tf, x) => tf.mul(x, tf.sigmoid(x)),
  softplus: (tf, x) => tf.softplus(x),
  hardSwish: (tf, x) => tf.mul(x, hardSigmoid(tf, x, 0)),
  sigmoid: (tf, x) => tf.sigmoid(x),
  hardSigmoid,
  mish: (tf, x) => tf.mul(x, tf.tanh(tf.softplus(x))),
};

export const activation: Op<ActivationNode> = (node, [x], { tf, native }) => {
  const { kind, slope = 0.01 } = node;
  if (native && (kind === 'relu' || kind === 'relu6')) return native[kind](x) as Tensor4D;
  return ACTIVATIONS[kind](tf, x, slope);
};
