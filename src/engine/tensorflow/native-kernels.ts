/**
 * Kernels of libtensorflow that TensorFlow.js does not offer as ops: a BatchNorm that takes its moments itself, convolutions
 * with padding of their own, and the gradients of both and of rectifiers in one go. tfjs composes these of many small ops.
 */
import type { Padding, Pair } from '../../graph/graph.js';
import type { Tensor, Tensor4D, TensorFlow } from './tensorflow.js';

interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The part of tfjs-node's backend that runs any op of the library by name. */
interface NativeBackend {
  executeSingleOutput(name: string, attributes: OpAttribute[], inputs: Tensor[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attributes: OpAttribute[],
    inputs: Tensor[],
    outputs: number,
  ): Tensor[];
  readonly binding: Readonly<Record<(typeof CONSTANTS)[number], number>>;
}

const CONSTANTS = [
  'TF_FLOAT',
  'TF_ATTR_TYPE',
  'TF_ATTR_INT',
  'TF_ATTR_FLOAT',
  'TF_ATTR_STRING',
  'TF_ATTR_BOOL',
] as const;

/** The two kinds of convolution and their gradients are named alike. */
export type NativeConvolution = 'Conv2D' | 'DepthwiseConv2dNative';

export interface Window {
  readonly stride: Pair;
  readonly padding: Padding;
  /** Nobody wants the gradient of the map. */
  readonly constant: boolean;
}

/** What BatchNorm gives in training: the map, and mean and biased variance by channel. */
export interface Normalised {
  readonly y: Tensor;
  readonly mean: Tensor;
  readonly variance: Tensor;
}

/** The kernels, on tensors of the backend they were found on. */
export interface NativeKernels {
  /** `x` `[N, height, width, C]`, `gamma` and `beta` `[C]`; moments over all but the channels. */
  batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: number): Normalised;
  /** `x` `[B, T, F, C]`; a depthwise one takes equal strides alone. */
  convolve(kind: NativeConvolution, x: Tensor4D, weight: Tensor4D, window: Window): Tensor4D;
  relu(x: Tensor): Tensor;
  relu6(x: Tensor): Tensor;
}

/** The kernels of the backend in use, or undefined where it cannot run ops by name. */
export function findNativeKernels(tf: TensorFlow): NativeKernels | undefined {
  const backend: unknown = tf.backend();
  if (!runsOpsByName(backend)) return undefined;
  return {
    convolve: (kind, x, weight, window) => convolve({ tf, backend, kind, window }, x, weight),
    batchNorm: (x, gamma, beta, epsilon) => batchNorm({ tf, backend, epsilon }, x, gamma, beta),
    relu: rectifier(tf, backend, 'ReluGrad', (x) => tf.relu(x)),
    relu6: rectifier(tf, backend, 'Relu6Grad', (x) => tf.relu6(x)),
  };
}

function runsOpsByName(backend: unknown): backend is NativeBackend {
  const { executeSingleOutput, executeMultipleOutputs, binding } = backend as Partial<NativeBackend>;
  return (
    typeof executeSingleOutput === 'function' &&
    typeof executeMultipleOutputs === 'function' &&
    CONSTANTS.every((name) => typeof binding?.[name] === 'number')
  );
}

interface Norm {
  readonly tf: TensorFlow;
  readonly backend: NativeBackend;
  readonly epsilon: number;
}

function batchNorm(norm: Norm, x: Tensor, gamma: Tensor, beta: Tensor): Normalised {
  const { tf, backend } = norm;
  const attributes = normAttributes(norm);
  const none = tf.tensor1d([], 'float32');
  // Run outside customGrad: whatever that makes, but its value, is gone when it returns.
  const [made, mean, unbiased, ...reserved] = backend.executeMultipleOutputs(
    'FusedBatchNormV3',
    attributes,
    [x, gamma, beta, none, none],
    6,
  );
  const normalise = tf.customGrad((...given) => {
    const save = given.pop() as (tensors: Tensor[]) => void;
    save([given[0] as Tensor, given[1] as Tensor, ...reserved]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const outputs = backend.executeMultipleOutputs('FusedBatchNormGradV3', attributes, [dy, ...saved], 5);
      return outputs.slice(0, 3);
    };
    return { value: tf.clone(made), gradFunc };
  });
  const count = x.size / gamma.size;
  return { y: normalise(x, gamma, beta), mean, variance: tf.mul(unbiased, (count - 1) / count) };
}

function normAttributes({ backend: { binding }, epsilon }: Norm): OpAttribute[] {
  return [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'U', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'epsilon', type: binding.TF_ATTR_FLOAT, value: epsilon },
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: binding.TF_ATTR_BOOL, value: true },
  ];
}

interface Convolution {
  readonly tf: TensorFlow;
  readonly backend: NativeBackend;
  readonly kind: NativeConvolution;
  readonly window: Window;
}

function convolve(convolution: Convolution, x: Tensor4D, weight: Tensor4D): Tensor4D {
  const { tf, backend, kind, window } = convolution;
  const attributes = windowAttributes(convolution);
  const run = (name: string, inputs: Tensor[]) => backend.executeSingleOutput(name, attributes, inputs);
  const forMap = (dy: Tensor, filter: Tensor) =>
    run(`${kind}BackpropInput`, [tf.tensor1d(x.shape, 'int32'), filter, dy]);
  const forFilter = (dy: Tensor, map: Tensor) =>
    run(`${kind}BackpropFilter`, [map, tf.tensor1d(weight.shape, 'int32'), dy]);
  const op = tf.customGrad((...given) => {
    const save = given.pop() as (tensors: Tensor[]) => void;
    const map = window.constant ? x : (given[0] as Tensor);
    const filter = given.at(-1) as Tensor;
    save([map, filter]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const gradient = forFilter(dy, saved[0]);
      return window.constant ? gradient : [forMap(dy, saved[1]), gradient];
    };
    return { value: run(kind, [map, filter]), gradFunc };
  });
  return (window.constant ? op(weight) : op(x, weight)) as Tensor4D;
}

function windowAttributes({ backend: { binding }, window }: Convolution): OpAttribute[] {
  const [time, frequency] = window.padding;
  const padding = [0, 0, ...time, ...frequency, 0, 0];
  return [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'strides', type: binding.TF_ATTR_INT, value: [1, ...window.stride, 1] },
    { name: 'padding', type: binding.TF_ATTR_STRING, value: 'EXPLICIT' },
    { name: 'explicit_paddings', type: binding.TF_ATTR_INT, value: padding },
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'dilations', type: binding.TF_ATTR_INT, value: [1, 1, 1, 1] },
  ];
}

/** A rectifier whose gradient is one kernel, from the rectified map. */
function rectifier(
  tf: TensorFlow,
  backend: NativeBackend,
  gradient: 'ReluGrad' | 'Relu6Grad',
  rectify: (x: Tensor) => Tensor,
): (x: Tensor) => Tensor {
  const { TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  const attributes = [{ name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT }];
  return tf.customGrad((...given) => {
    const save = given.pop() as (tensors: Tensor[]) => void;
    const value = rectify(given[0] as Tensor);
    save([value]);
    return {
      value,
      gradFunc: (dy, saved) => backend.executeSingleOutput(gradient, attributes, [dy, saved[0]]),
    };
  });
}
