/** The shape each op gives for the shapes it is given; the one place that checks whether they fit. */
import { ConfigError } from '../errors.js';
import {
  ACTIVATION_KINDS,
  checkAxes,
  checkChoice,
  checkRange,
  checkTriple,
  checkWeights,
  checkWhole,
  DROPOUT_UNITS,
  nodeFault as fault,
  MAP_AXES,
  RESIZE_MODES,
} from './check-node.js';
import type { GraphNode, Shape } from './graph.js';
import { sizeOf } from './graph.js';
import { convolvedSize, pooledSize } from './windowed-size.js';

/** A node before its shape is known. */
export type Unshaped<N extends GraphNode = GraphNode> = N extends GraphNode ? Omit<N, 'shape'> : never;

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
    checkWhole(name, 'groups', groups);
    checkWhole(name, 'channels', declared[2]);
    if (input[2] % groups !== 0 || declared[2] % groups !== 0)
      throw fault(name, `channels divisible by ${groups} groups`, `${input[2]} → ${declared[2]}`);
    return [...convolvedSize(input, node), declared[2]];
  },
  depthwiseConv2d: (node, [input]) => {
    checkWhole(node.name, 'multiplier', node.multiplier);
    return [...convolvedSize(input, node), input[2] * node.multiplier];
  },
  dense: ({ name }, [[t, f]], declared) => {
    checkWhole(name, 'channels', declared[2]);
    return [t, f, declared[2]];
  },
  batchNorm: ({ name, bands, epsilon }, [input]) => {
    checkWhole(name, 'bands', bands);
    checkRange(name, 'an ε of 0 or more', epsilon, epsilon >= 0);
    if (input[1] % bands !== 0)
      throw fault(name, `a number of frequency rows divisible by ${bands} bands`, input[1]);
    return input;
  },
  add: broadcast,
  multiply: broadcast,
  maximum: broadcast,
  weightedSum: ({ name, weight, weights }, inputs) => {
    for (const shape of inputs) expectSame(name, inputs[0], shape);
    if (!weight) checkWeights(name, weights, inputs.length);
    return inputs[0];
  },
  concat: ({ name }, inputs) => {
    const [t, f] = inputs[0];
    for (const shape of inputs) expectSame(name, [t, f, 0], [shape[0], shape[1], 0]);
    return [t, f, inputs.reduce((sum, shape) => sum + shape[2], 0)];
  },
  slice: ({ name, start }, [input], declared) => {
    checkTriple(name, 'start', start);
    declared.forEach((size, axis) => {
      checkWhole(name, 'start', start[axis], 0);
      const end = start[axis] + size;
      if (!(size >= 1 && end <= input[axis]))
        throw fault(name, `a range within ${input[axis]} on axis ${axis}`, `${start[axis]} … ${end}`);
    });
    return checkSizes(name, declared);
  },
  padChannels: ({ name, before }, [[t, f, c]], declared) => {
    checkWhole(name, 'channels before', before, 0);
    if (!(declared[2] >= c + before)) throw fault(name, `at least ${c + before} channels`, declared[2]);
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
    if (sizeOf(declared) !== sizeOf(input)) throw fault(name, `${sizeOf(input)} numbers`, declared.join('×'));
    return checkSizes(name, declared);
  },
  maxPool: (node, [input]) => pooledSize(input, node),
  avgPool: (node, [input]) => pooledSize(input, node),
  resize: ({ name, mode }, [input], declared) => {
    checkChoice(name, 'mode', mode, RESIZE_MODES);
    return checkSizes(name, [declared[0], declared[1], input[2]]);
  },
  mean: ({ name, axes }, [[t, f, c]]) => {
    checkAxes(name, axes);
    return [axes.includes('time') ? 1 : t, axes.includes('frequency') ? 1 : f, c];
  },
  softmaxCrossEntropy: ({ name, temperature, weight }, [logits, targets]) => {
    expectSame(name, logits, targets);
    checkRange(name, 'a temperature above 0', temperature, temperature > 0);
    checkRange(name, 'a finite weight', weight, Number.isFinite(weight));
    return [1, 1, 1];
  },
  activation: ({ name, kind, slope = 0 }, [input]) => {
    checkChoice(name, 'kind', kind, ACTIVATION_KINDS);
    checkRange(name, 'a finite slope', slope, Number.isFinite(slope));
    return input;
  },
  dropout: ({ name, rate, unit }, [input]) => {
    checkRange(name, 'a rate of 0 or more and below 1', rate, rate >= 0 && rate < 1);
    checkChoice(name, 'unit', unit, DROPOUT_UNITS);
    return input;
  },
  softmax: ({ name, axis }, [input]) => {
    checkChoice(name, 'axis', axis, MAP_AXES);
    return input;
  },
  gumbelSoftmax: ({ name, temperature }, [input]) => {
    checkRange(name, 'a temperature above 0', temperature, temperature > 0);
    return input;
  },
  stopGradient: same,
};

/**
 * The shape of a node's output. `declared`: the shape the node claims, read by the ops that take it as an
 * argument (input, slice, reshape, resize, conv2d and the like for their channel count).
 * @throws ShapeError if the inputs or a field's number do not fit the op; ConfigError for an op that does not exist, or a field that
 * is none of the words it may be.
 */
export function inferShape(node: Unshaped, inputs: readonly Shape[], declared: Shape): Shape {
  if (!Object.hasOwn(RULES, node.op))
    throw new ConfigError('graph-op', `Cannot build node ${node.name}: expected a known op, got ${node.op}`, {
      value: node.op,
    });
  const wanted = INPUT_COUNTS[node.op] ?? 1;
  if (wanted === 'many' ? inputs.length === 0 : inputs.length !== wanted)
    throw fault(node.name, wanted === 'many' ? '1 input or more' : `${wanted} inputs`, inputs.length);
  checkTriple(node.name, 'shape', declared);
  const rule = RULES[node.op] as (node: Unshaped, inputs: readonly Shape[], declared: Shape) => Shape;
  return rule(node, inputs, declared);
}

/** @throws ShapeError naming the node if two shapes differ. */
export function expectSame(node: string, wanted: Shape, found: Shape): void {
  if (wanted.join() !== found.join()) throw fault(node, wanted.join('×'), found.join('×'));
}

function checkSizes(node: string, shape: Shape): Shape {
  for (const size of shape) checkWhole(node, 'size', size);
  return shape;
}

function checkParts(node: string, what: string, parts: number, channels: number): void {
  checkWhole(node, what, parts);
  if (channels % parts !== 0) throw fault(node, `channels divisible by ${parts}`, channels);
}
