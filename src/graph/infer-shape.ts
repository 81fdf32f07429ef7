/** The shape each op gives for the shapes it is given; the one place that checks whether they fit. */
import { ConfigError, ShapeError } from '../errors.js';
import type { Conv2dNode, DepthwiseConv2dNode, GraphNode, Padding, Pair, PoolNode, Shape } from './graph.js';
import { sizeOf } from './graph.js';

/** A node before its shape is known. */
export type Unshaped<N extends GraphNode = GraphNode> = N extends GraphNode ? Omit<N, 'shape'> : never;

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation?: Pair;
}

/** ⌊(in + padding − dilation · (kernel − 1) − 1) / stride⌋ + 1 on each axis. */
export function windowedSize(input: Shape, window: Window, node: string): [number, number] {
  const size = (axis: 0 | 1) => {
    const { kernel, stride, padding } = window;
    const dilation = window.dilation?.[axis] ?? 1;
    checkPositive(node, 'kernel', kernel[axis]);
    checkPositive(node, 'stride', stride[axis]);
    checkPositive(node, 'dilation', dilation);
    const [before, after] = padding[axis];
    if (![before, after].every((side) => Number.isInteger(side) && side >= 0))
      throw fault(node, 'padding of 0 or more', `${before}, ${after}`);
    const reach = dilation * (kernel[axis] - 1) + 1;
    const out = Math.floor((input[axis] + before + after - reach) / stride[axis]) + 1;
    if (out < 1)
      throw fault(node, `at least ${reach} positions on axis ${axis}`, `${input[axis] + before + after}`);
    return out;
  };
  return [size(0), size(1)];
}

type Rule<O extends GraphNode['op']> = (
  node: Extract<Unshaped, { op: O }>,
  inputs: readonly Shape[],
  declared: Shape,
) => Shape;

const same = (_node: unknown, [input]: readonly Shape[]): Shape => input;

const broadcast = ({ name }: { readonly name: string }, [a, b]: readonly Shape[]): Shape => {
  const size = (axis: number) => {
    if (a[axis] !== b[axis] && a[axis] !== 1 && b[axis] !== 1) {
      throw fault(name, `sizes that are equal or 1 on axis ${axis}`, `${a.join('×')} and ${b.join('×')}`);
    }
    return Math.max(a[axis], b[axis]);
  };
  return [size(0), size(1), size(2)];
};

/** Of a convolution, whose windows may not all lie in the padding before the map. */
function convolvedSize(input: Shape, node: Unshaped<Conv2dNode | DepthwiseConv2dNode>): [number, number] {
  const size = windowedSize(input, node, node.name);
  const { kernel, stride, dilation, padding } = node;
  padding.forEach(([before], axis) => {
    const end = (size[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
    if (before >= end) throw fault(node.name, `padding of less than ${end} before axis ${axis}`, `${before}`);
  });
  return size;
}

/** A window that lies in the padding alone would hold no number. */
const pool = (node: Unshaped<PoolNode>, [input]: readonly Shape[]): Shape => {
  const size = windowedSize(input, node, node.name);
  node.padding.forEach((sides, axis) => {
    if (Math.max(...sides) >= node.kernel[axis])
      throw fault(node.name, `padding below the kernel of ${node.kernel[axis]}`, sides.join(', '));
  });
  return [...size, input[2]];
};

/** How many inputs an op takes; those not named take one, `many` one or more. */
const INPUT_COUNTS: Partial<Record<GraphNode['op'], number | 'many'>> = {
  input: 0,
  add: 2,
  multiply: 2,
  maximum: 2,
  weightedSum: 'many',
  concat: 'many',
  softmaxCrossEntropy: 2,
};

const RULES: { readonly [O in GraphNode['op']]: Rule<O> } = {
  input: ({ name }, _, declared) => checkSizes(name, declared),
  conv2d: (node, [input], declared) => {
    const { name, groups } = node;
    checkPositive(name, 'groups', groups);
    checkPositive(name, 'channels', declared[2]);
    if (input[2] % groups !== 0 || declared[2] % groups !== 0)
      throw fault(name, `channels divisible by ${groups} groups`, `${input[2]} → ${declared[2]}`);
    return [...convolvedSize(input, node), declared[2]];
  },
  depthwiseConv2d: (node, [input]) => {
    checkPositive(node.name, 'multiplier', node.multiplier);
    return [...convolvedSize(input, node), input[2] * node.multiplier];
  },
  dense: ({ name }, [[t, f]], declared) => {
    checkPositive(name, 'channels', declared[2]);
    return [t, f, declared[2]];
  },
  batchNorm: ({ name, bands, epsilon }, [input]) => {
    checkPositive(name, 'bands', bands);
    checkRange(name, 'an ε of 0 or more', epsilon, epsilon >= 0);
    if (input[1] % bands !== 0)
      throw fault(name, `a number of frequency rows divisible by ${bands} bands`, `${input[1]}`);
    return input;
  },
  add: broadcast,
  multiply: broadcast,
  maximum: broadcast,
  weightedSum: ({ name, weight, weights }, inputs) => {
    for (const shape of inputs) expectSame(name, inputs[0], shape);
    if (!weight && weights?.length !== inputs.length)
      throw fault(name, `${inputs.length} weights`, `${weights?.length ?? 0}`);
    return inputs[0];
  },
  concat: ({ name }, inputs) => {
    const [t, f] = inputs[0];
    for (const shape of inputs) expectSame(name, [t, f, 0], [shape[0], shape[1], 0]);
    return [t, f, inputs.reduce((sum, shape) => sum + shape[2], 0)];
  },
  slice: ({ name, start }, [input], declared) => {
    declared.forEach((size, axis) => {
      const end = start[axis] + size;
      if (!(start[axis] >= 0 && size >= 1 && end <= input[axis]))
        throw fault(name, `a range within ${input[axis]} on axis ${axis}`, `${start[axis]} … ${end}`);
    });
    return checkSizes(name, declared);
  },
  padChannels: ({ name, before }, [[t, f, c]], declared) => {
    if (!(before >= 0 && declared[2] >= c + before))
      throw fault(name, `at least ${c + before} channels`, `${declared[2]}`);
    return checkSizes(name, [t, f, declared[2]]);
  },
  channelShuffle: ({ name, groups }, [input]) => {
    checkParts(name, 'groups', groups, input[2]);
    return input;
  },
  maxout: ({ name, pieces }, [[t, f, c]]) => {
    checkParts(name, 'pieces', pieces, c);
    return [t, f, c / pieces];
  },
  reshape: ({ name }, [input], declared) => {
    if (sizeOf(declared) !== sizeOf(input))
      throw fault(name, `${sizeOf(input)} numbers`, `${declared.join('×')}`);
    return checkSizes(name, declared);
  },
  maxPool: pool,
  avgPool: pool,
  resize: ({ name }, [input], declared) => checkSizes(name, [declared[0], declared[1], input[2]]),
  mean: ({ axes }, [[t, f, c]]) => [axes.includes('time') ? 1 : t, axes.includes('frequency') ? 1 : f, c],
  softmaxCrossEntropy: ({ name, temperature }, [logits, targets]) => {
    expectSame(name, logits, targets);
    checkRange(name, 'a temperature above 0', temperature, temperature > 0);
    return [1, 1, 1];
  },
  activation: same,
  dropout: ({ name, rate }, [input]) => {
    checkRange(name, 'a rate of 0 or more and below 1', rate, rate >= 0 && rate < 1);
    return input;
  },
  softmax: same,
  gumbelSoftmax: ({ name, temperature }, [input]) => {
    checkRange(name, 'a temperature above 0', temperature, temperature > 0);
    return input;
  },
  stopGradient: same,
};

/**
 * The shape of a node's output. `declared`: the shape the node claims, read by the ops that take it as an
 * argument (input, slice, reshape, resize, conv2d and the like for their channel count).
 * @throws ShapeError if the inputs do not fit the op; ConfigError for an op that does not exist.
 */
export function inferShape(node: Unshaped, inputs: readonly Shape[], declared: Shape): Shape {
  if (!Object.hasOwn(RULES, node.op))
    throw new ConfigError('graph-op', `Cannot build node ${node.name}: expected a known op, got ${node.op}`, {
      value: node.op,
    });
  const wanted = INPUT_COUNTS[node.op] ?? 1;
  if (wanted === 'many' ? inputs.length === 0 : inputs.length !== wanted)
    throw fault(node.name, wanted === 'many' ? '1 input or more' : `${wanted} inputs`, `${inputs.length}`);
  const rule = RULES[node.op] as (node: Unshaped, inputs: readonly Shape[], declared: Shape) => Shape;
  return rule(node, inputs, declared);
}

/** @throws ShapeError naming the node if two shapes differ. */
export function expectSame(node: string, wanted: Shape, found: Shape): void {
  if (wanted.join() !== found.join()) throw fault(node, wanted.join('×'), found.join('×'));
}

function checkSizes(node: string, shape: Shape): Shape {
  for (const size of shape) checkPositive(node, 'size', size);
  return shape;
}

function checkParts(node: string, what: string, parts: number, channels: number): void {
  checkPositive(node, what, parts);
  if (channels % parts !== 0) throw fault(node, `channels divisible by ${parts}`, `${channels}`);
}

function checkPositive(node: string, what: string, value: number): void {
  checkRange(node, `${what} of 1 or more`, value, Number.isInteger(value) && value >= 1);
}

function checkRange(node: string, wanted: string, value: number, fits: boolean): void {
  if (!fits) throw fault(node, wanted, `${value}`);
}

function fault(node: string, wanted: string, found: string): ShapeError {
  return new ShapeError('node-shape', `Cannot build node ${node}: expected ${wanted}, got ${found}`, {
    value: node,
  });
}
