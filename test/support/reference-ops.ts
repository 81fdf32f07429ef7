/** Every op of graph.ts as a naive float64 loop, written from its docstring and from nothing else. */
import { clipKey, gumbelNoise, uniformNoise } from '../../src/engine/noise.js';
import type {
  ActivationNode,
  BatchNormNode,
  BinaryNode,
  Conv2dNode,
  DepthwiseConv2dNode,
  DropoutNode,
  GraphNode,
  GumbelSoftmaxNode,
  PoolNode,
  ResizeNode,
  Shape,
  SoftmaxCrossEntropyNode,
  SoftmaxNode,
} from '../../src/graph/graph.js';
import { sizeOf } from '../../src/graph/graph.js';
import { hashText } from '../../src/numerics/random.js';

export type Numbers = Record<string, ArrayLike<number>>;

/** A batch of maps, `[count, time, frequency, channels]`. */
export interface Maps {
  readonly data: Float64Array;
  readonly shape: Shape;
}

export interface OpContext {
  readonly count: number;
  readonly training: boolean;
  readonly normShard: number;
  readonly seed: number;
  readonly parameters: Numbers;
  readonly statistics: Numbers;
  /** Maps of an undisturbed run: what no gradient passes through is held to them (finite differences). */
  readonly held?: ReadonlyMap<string, Maps>;
  /** Soft samples of the undisturbed run by Gumbel node; filled by that run. */
  readonly soft: Map<string, Float64Array>;
  /** Batch moments by statistic name; filled by a training run. */
  readonly moments: Record<string, Float64Array>;
}

type Position = (clip: number, t: number, f: number, c: number) => number;

export function at(maps: Maps, clip: number, t: number, f: number, c: number): number {
  const { data, shape } = maps;
  return data[((clip * shape[0] + t) * shape[1] + f) * shape[2] + c];
}

function fill(count: number, shape: Shape, value: Position): Float64Array {
  const data = new Float64Array(count * sizeOf(shape));
  let next = 0;
  for (let clip = 0; clip < count; clip++)
    for (let t = 0; t < shape[0]; t++)
      for (let f = 0; f < shape[1]; f++)
        for (let c = 0; c < shape[2]; c++) data[next++] = value(clip, t, f, c);
  return data;
}

/** Calls `visit` for every kernel tap of an output position that falls inside the map. */
function taps(
  node: Conv2dNode | DepthwiseConv2dNode | PoolNode,
  input: Shape,
  t: number,
  f: number,
  visit: (t: number, f: number, kernelT: number, kernelF: number) => void,
): void {
  const [dilationT, dilationF] = 'dilation' in node ? node.dilation : [1, 1];
  for (let i = 0; i < node.kernel[0]; i++)
    for (let j = 0; j < node.kernel[1]; j++) {
      const inT = t * node.stride[0] + i * dilationT - node.padding[0][0];
      const inF = f * node.stride[1] + j * dilationF - node.padding[1][0];
      if (inT >= 0 && inT < input[0] && inF >= 0 && inF < input[1]) visit(inT, inF, i, j);
    }
}

function conv2d(node: Conv2dNode, [x]: Maps[], context: OpContext): Float64Array {
  const weight = context.parameters[node.weight];
  const outputs = node.shape[2];
  const inputsPerGroup = x.shape[2] / node.groups;
  return fill(context.count, node.shape, (clip, t, f, o) => {
    const group = Math.floor(o / (outputs / node.groups));
    let sum = node.bias ? context.parameters[node.bias][o] : 0;
    taps(node, x.shape, t, f, (inT, inF, i, j) => {
      for (let c = 0; c < inputsPerGroup; c++) {
        const w = weight[((i * node.kernel[1] + j) * inputsPerGroup + c) * outputs + o];
        sum += w * at(x, clip, inT, inF, group * inputsPerGroup + c);
      }
    });
    return sum;
  });
}

function depthwiseConv2d(node: DepthwiseConv2dNode, [x]: Maps[], context: OpContext): Float64Array {
  const weight = context.parameters[node.weight];
  return fill(context.count, node.shape, (clip, t, f, o) => {
    const c = Math.floor(o / node.multiplier);
    let sum = node.bias ? context.parameters[node.bias][o] : 0;
    taps(node, x.shape, t, f, (inT, inF, i, j) => {
      sum += weight[(i * node.kernel[1] + j) * node.shape[2] + o] * at(x, clip, inT, inF, c);
    });
    return sum;
  });
}

function batchNorm(node: BatchNormNode, [x]: Maps[], context: OpContext): Float64Array {
  const { count } = context;
  const [times, rows, channels] = x.shape;
  const rowsPerBand = rows / node.bands;
  const slots = node.bands * channels;
  const means = new Float64Array(slots);
  const variances = new Float64Array(slots);
  const slotOf = (f: number, c: number) => Math.floor(f / rowsPerBand) * channels + c;
  const shardMean = new Float64Array(count * slots);
  const shardVariance = new Float64Array(count * slots);
  for (let first = 0; first < count; first += context.normShard) {
    const end = Math.min(first + context.normShard, count);
    for (let slot = 0; slot < slots; slot++) {
      const values: number[] = [];
      for (let clip = first; clip < end; clip++)
        for (let t = 0; t < times; t++)
          for (let f = 0; f < rows; f++)
            if (slotOf(f, slot % channels) === slot) values.push(at(x, clip, t, f, slot % channels));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
      means[slot] += (mean * (end - first)) / count;
      variances[slot] += (variance * (end - first)) / count;
      for (let clip = first; clip < end; clip++) {
        shardMean[clip * slots + slot] = mean;
        shardVariance[clip * slots + slot] = variance;
      }
    }
  }
  if (context.training) {
    context.moments[node.mean] = means;
    context.moments[node.variance] = variances;
  }
  return fill(count, x.shape, (clip, t, f, c) => {
    const slot = slotOf(f, c);
    const mean = context.training ? shardMean[clip * slots + slot] : context.statistics[node.mean][slot];
    const variance = context.training
      ? shardVariance[clip * slots + slot]
      : context.statistics[node.variance][slot];
    const normal = (at(x, clip, t, f, c) - mean) / Math.sqrt(variance + node.epsilon);
    return normal * context.parameters[node.gamma][slot] + context.parameters[node.beta][slot];
  });
}

const relu6 = (x: number) => Math.min(Math.max(x, 0), 6);
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

const ACTIVATIONS: Record<ActivationNode['kind'], (x: number, slope: number) => number> = {
  relu: (x) => Math.max(x, 0),
  relu6,
  leakyRelu: (x, slope) => (x > 0 ? x : slope * x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  silu: (x) => x * sigmoid(x),
  softplus,
  hardSwish: (x) => (x * relu6(x + 3)) / 6,
  sigmoid,
  hardSigmoid: (x) => relu6(x + 3) / 6,
  mish: (x) => x * Math.tanh(softplus(x)),
};

const BINARY: Record<BinaryNode['op'], (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  multiply: (a, b) => a * b,
  maximum: (a, b) => Math.max(a, b),
};

/** The element of a map whose axes of size 1 are repeated. */
function repeated(maps: Maps, clip: number, t: number, f: number, c: number): number {
  const { shape } = maps;
  return at(maps, clip, shape[0] === 1 ? 0 : t, shape[1] === 1 ? 0 : f, shape[2] === 1 ? 0 : c);
}

function pool(node: PoolNode, [x]: Maps[], context: OpContext): Float64Array {
  return fill(context.count, node.shape, (clip, t, f, c) => {
    const values: number[] = [];
    taps(node, x.shape, t, f, (inT, inF) => values.push(at(x, clip, inT, inF, c)));
    if (node.op === 'maxPool') return Math.max(...values);
    const divisor = node.countPadding ? node.kernel[0] * node.kernel[1] : values.length;
    return values.reduce((sum, value) => sum + value, 0) / divisor;
  });
}

/** Pairs of (source index, weight) for one output index along one axis. */
function sources(mode: ResizeNode['mode'], i: number, from: number, to: number): [number, number][] {
  if (mode === 'nearest') return [[Math.floor((i * from) / to), 1]];
  const position = Math.max(((i + 0.5) * from) / to - 0.5, 0);
  const low = Math.floor(position);
  const part = position - low;
  return [
    [low, 1 - part],
    [Math.min(low + 1, from - 1), part],
  ];
}

function resize(node: ResizeNode, [x]: Maps[], context: OpContext): Float64Array {
  return fill(context.count, node.shape, (clip, t, f, c) => {
    let sum = 0;
    for (const [inT, weightT] of sources(node.mode, t, x.shape[0], node.shape[0]))
      for (const [inF, weightF] of sources(node.mode, f, x.shape[1], node.shape[1]))
        sum += weightT * weightF * at(x, clip, inT, inF, c);
    return sum;
  });
}

/** Softmax of values picked out of a map; `pick` gives the whole row an element belongs to. */
function softmaxOf(row: number[], index: number): number {
  const largest = Math.max(...row);
  const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
  return Math.exp(row[index] - largest) / sum;
}

function softmax(node: SoftmaxNode, [x]: Maps[], context: OpContext): Float64Array {
  const axis = ['time', 'frequency', 'channels'].indexOf(node.axis);
  return fill(context.count, node.shape, (clip, ...position) => {
    const row = Array.from({ length: x.shape[axis] }, (_, i) => {
      const [t, f, c] = position.map((index, n) => (n === axis ? i : index));
      return at(x, clip, t, f, c);
    });
    return softmaxOf(row, position[axis]);
  });
}

function dropout(node: DropoutNode, [x]: Maps[], context: OpContext): Float64Array {
  if (!context.training) return x.data.slice();
  const [, bands, channels] = x.shape;
  return fill(context.count, x.shape, (clip, t, f, c) => {
    const key = clipKey(context.seed, hashText(node.name), clip);
    const element = node.unit === 'channel' ? c : (t * bands + f) * channels + c;
    return uniformNoise(key, element) >= node.rate ? at(x, clip, t, f, c) / (1 - node.rate) : 0;
  });
}

function gumbelSoftmax(node: GumbelSoftmaxNode, [x]: Maps[], context: OpContext): Float64Array {
  const [, bands, channels] = x.shape;
  const noisyRow = (clip: number, t: number, f: number) => {
    const key = clipKey(context.seed, hashText(node.name), clip);
    const row = Array.from({ length: channels }, (_, c) => at(x, clip, t, f, c));
    if (!context.training) return row;
    return row.map((_, c) => Math.log(softmaxOf(row, c)) + gumbelNoise(key, (t * bands + f) * channels + c));
  };
  const soft = fill(context.count, x.shape, (clip, t, f, c) => {
    const row = noisyRow(clip, t, f).map((value) => value / node.temperature);
    return softmaxOf(row, c);
  });
  const base = context.held?.get(node.name);
  if (base) return soft.map((value, i) => base.data[i] + value - context.soft.get(node.name)![i]);
  context.soft.set(node.name, soft);
  return fill(context.count, x.shape, (clip, t, f, c) => {
    const row = noisyRow(clip, t, f);
    return row.indexOf(Math.max(...row)) === c ? 1 : 0;
  });
}

function crossEntropy(
  node: SoftmaxCrossEntropyNode,
  [logits, given]: Maps[],
  context: OpContext,
): Float64Array {
  const targets = context.held?.get(node.inputs[1]) ?? given;
  const [times, bands, channels] = logits.shape;
  return fill(context.count, node.shape, (clip) => {
    let sum = 0;
    for (let t = 0; t < times; t++)
      for (let f = 0; f < bands; f++) {
        const row = Array.from({ length: channels }, (_, c) => at(logits, clip, t, f, c) / node.temperature);
        for (let c = 0; c < channels; c++) sum -= at(targets, clip, t, f, c) * Math.log(softmaxOf(row, c));
      }
    return (node.weight * sum) / (times * bands);
  });
}

/** The map of one node for a whole batch. */
export function runReferenceOp(node: GraphNode, inputs: Maps[], context: OpContext): Float64Array {
  const { count, parameters } = context;
  const [x] = inputs;
  switch (node.op) {
    case 'input':
      throw new Error('inputs are given, not run');
    case 'conv2d':
      return conv2d(node, inputs, context);
    case 'depthwiseConv2d':
      return depthwiseConv2d(node, inputs, context);
    case 'dense':
      return fill(count, node.shape, (clip, t, f, o) => {
        let sum = node.bias ? parameters[node.bias][o] : 0;
        for (let c = 0; c < x.shape[2]; c++)
          sum += at(x, clip, t, f, c) * parameters[node.weight][c * node.shape[2] + o];
        return sum;
      });
    case 'batchNorm':
      return batchNorm(node, inputs, context);
    case 'activation':
      return x.data.map((value) => ACTIVATIONS[node.kind](value, node.slope ?? NaN));
    case 'add':
    case 'multiply':
    case 'maximum':
      return fill(count, node.shape, (...position) =>
        BINARY[node.op](repeated(inputs[0], ...position), repeated(inputs[1], ...position)),
      );
    case 'weightedSum': {
      const weights = node.weight ? parameters[node.weight] : node.weights!;
      return fill(count, node.shape, (...position) =>
        inputs.reduce((sum, maps, i) => sum + weights[i] * at(maps, ...position), 0),
      );
    }
    case 'concat':
      return fill(count, node.shape, (clip, t, f, c) => {
        let which = 0;
        let channel = c;
        while (channel >= inputs[which].shape[2]) channel -= inputs[which++].shape[2];
        return at(inputs[which], clip, t, f, channel);
      });
    case 'slice':
      return fill(count, node.shape, (clip, t, f, c) =>
        at(x, clip, t + node.start[0], f + node.start[1], c + node.start[2]),
      );
    case 'padChannels':
      return fill(count, node.shape, (clip, t, f, c) => {
        const channel = c - node.before;
        return channel >= 0 && channel < x.shape[2] ? at(x, clip, t, f, channel) : 0;
      });
    case 'channelShuffle':
      return fill(count, node.shape, (clip, t, f, c) => {
        const i = Math.floor(c / node.groups);
        const g = c % node.groups;
        return at(x, clip, t, f, g * (x.shape[2] / node.groups) + i);
      });
    case 'maxout':
      return fill(count, node.shape, (clip, t, f, c) => {
        const pieces = Array.from({ length: node.pieces }, (_, i) => c + i * node.shape[2]);
        return Math.max(...pieces.map((channel) => at(x, clip, t, f, channel)));
      });
    case 'reshape':
      return x.data.slice();
    case 'maxPool':
    case 'avgPool':
      return pool(node, inputs, context);
    case 'resize':
      return resize(node, inputs, context);
    case 'mean':
      return fill(count, node.shape, (clip, t, f, c) => {
        const values: number[] = [];
        for (let i = 0; i < x.shape[0]; i++)
          for (let j = 0; j < x.shape[1]; j++)
            if ((node.axes.includes('time') || i === t) && (node.axes.includes('frequency') || j === f))
              values.push(at(x, clip, i, j, c));
        return values.reduce((sum, value) => sum + value, 0) / values.length;
      });
    case 'dropout':
      return dropout(node, inputs, context);
    case 'softmax':
      return softmax(node, inputs, context);
    case 'gumbelSoftmax':
      return gumbelSoftmax(node, inputs, context);
    case 'stopGradient':
      return context.held?.get(node.name)?.data ?? x.data.slice();
    case 'softmaxCrossEntropy':
      return crossEntropy(node, inputs, context);
  }
}
