/** Activations, sums and products, concatenation, slices, weighted sums, maxout, shuffles. */
import { Binary, Op } from '../../../../assembly/op.js';
import type {
  ActivationNode,
  BinaryNode,
  ChannelShuffleNode,
  ConcatNode,
  MaxoutNode,
  PadChannelsNode,
  Shape,
  SliceNode,
  WeightedSumNode,
} from '../../../graph/graph.js';
import { sizeOf } from '../../../graph/graph.js';
import type { Place } from '../assembler.js';
import type { Unit } from '../fuse.js';
import { actArguments, type Context } from './context.js';

export function emitActivation(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as ActivationNode;
  const [kind, slope] = actArguments(node);
  const x = context.map(node.inputs[0]);
  context.call(Op.Activate, kind, x, context.define(node.name, needsGradient), sizeOf(node.shape), slope);
}

export function emitActivationGradient(context: Context, unit: Unit): void {
  const node = unit.node as ActivationNode;
  const [kind, slope] = actArguments(node);
  const dy = context.gradient(node.name)!;
  const target = context.gradientTarget(node.inputs[0]);
  if (!target) return;
  const x = context.map(node.inputs[0]);
  context.call(Op.ActivateGradient, kind, x, dy, target.place, sizeOf(node.shape), slope, target.accumulate);
}

const KINDS = { add: Binary.Add, multiply: Binary.Multiply, maximum: Binary.Maximum } as const;

/** Steps of clip, time, frequency and channel through an operand; 0 where it is repeated. */
function steps(operand: Shape, result: Shape): [number, number, number, number] {
  const [T, F, C] = operand;
  const repeated = (axis: number) => operand[axis] === 1 && result[axis] !== 1;
  return [T * F * C, repeated(0) ? 0 : F * C, repeated(1) ? 0 : C, repeated(2) ? 0 : 1];
}

/** Sizes and steps of both operands; maps of one shape are taken as one long row. */
function binaryWords(context: Context, node: BinaryNode) {
  const [a, b] = node.inputs.map((input) => context.shape(input));
  const size = sizeOf(node.shape);
  if (sizeOf(a) === size && sizeOf(b) === size) {
    const flat: [number, number, number, number] = [size, 0, 0, 1];
    return { sizes: [1, 1, size] as const, a: flat, b: flat };
  }
  return { sizes: node.shape, a: steps(a, node.shape), b: steps(b, node.shape) };
}

export function emitBinary(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as BinaryNode;
  const [a, b] = node.inputs.map((input) => context.map(input));
  const words = binaryWords(context, node);
  const y = context.define(unit.output.name, needsGradient);
  const act = actArguments(unit.activation)[0];
  context.call(Op.Binary, KINDS[node.op], a, b, y, ...words.sizes, ...words.a, ...words.b, act);
}

export function emitBinaryGradient(context: Context, unit: Unit): void {
  const node = unit.node as BinaryNode;
  const mask = unit.activation ? context.map(unit.output.name) : 0;
  if (node.op !== 'add') {
    for (const side of [0, 1] as const) emitOperandGradient(context, unit, side, mask);
    return;
  }
  // Both operands of a sum get the same: the other one first, then one of the result's size takes the memory over.
  const heir = sizeOf(context.shape(node.inputs[0])) === sizeOf(node.shape) ? 0 : 1;
  if (mask) maskGradient(context, unit, mask);
  emitOperandGradient(context, unit, heir === 0 ? 1 : 0, 0);
  if (!context.inheritGradient(node.inputs[heir], unit.output.name))
    emitOperandGradient(context, unit, heir, 0);
}

/** Leaves of a result's gradient, in its place, what a ReLU passes on. */
function maskGradient(context: Context, { node, output }: Unit, mask: Place): void {
  const dy = context.gradient(output.name)!;
  const size = sizeOf(node.shape);
  const flat = [size, 0, 0, 1] as const;
  context.call(Op.BinaryGradient, Binary.Add, 0, 0, dy, mask, dy, 1, 1, size, ...flat, ...flat, 1, 0);
}

function emitOperandGradient(context: Context, unit: Unit, side: 0 | 1, mask: Place | 0): void {
  const node = unit.node as BinaryNode;
  const words = binaryWords(context, node);
  const dy = context.gradient(unit.output.name)!;
  const [own, other] = side === 0 ? [0, 1] : [1, 0];
  const input = node.inputs[own];
  const repeated = sizeOf(context.shape(input)) !== sizeOf(node.shape);
  const sum = repeated ? context.gradientSum(input) : undefined;
  const target = repeated ? sum && { place: sum, accumulate: 1 } : context.gradientTarget(input);
  if (!target) return;
  const maps = [context.map(input), context.map(node.inputs[other])] as const;
  const strides = side === 0 ? [...words.a, ...words.b] : [...words.b, ...words.a];
  const rest = [...words.sizes, ...strides, side === 0 ? 1 : 0, target.accumulate];
  context.call(Op.BinaryGradient, KINDS[node.op], ...maps, dy, mask, target.place, ...rest);
}

/** Copies (or adds) a box between two maps whose channels lie apart by the maps' own widths. */
function copy(
  context: Context,
  box: { from: Place; to: Place; size: Shape; fromShape: Shape; toShape: Shape; add: number },
): void {
  const clipSteps = ([T, F, C]: Shape) => [T * F * C, F * C, C];
  const { from, to, size, fromShape, toShape, add } = box;
  context.call(Op.CopyBox, from, to, ...size, ...clipSteps(fromShape), ...clipSteps(toShape), add);
}

function shifted(place: Place, start: Shape, shape: Shape): Place {
  const floats = (start[0] * shape[1] + start[1]) * shape[2] + start[2];
  return { region: place.region, offset: place.offset + floats };
}

export function emitConcat(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as ConcatNode;
  const y = context.defineConcat(node.name, needsGradient);
  let channel = 0;
  for (const input of node.inputs) {
    const shape = context.shape(input);
    const to = shifted(y, [0, 0, channel], node.shape);
    channel += shape[2];
    if (context.isJoined(input)) continue;
    copy(context, {
      from: context.map(input),
      to,
      size: shape,
      fromShape: shape,
      toShape: node.shape,
      add: 0,
    });
  }
}

export function emitConcatGradient(context: Context, unit: Unit): void {
  const node = unit.node as ConcatNode;
  const dy = context.gradient(node.name)!;
  let channel = 0;
  for (const input of node.inputs) {
    const shape = context.shape(input);
    const from = shifted(dy, [0, 0, channel], node.shape);
    channel += shape[2];
    const target = context.gradientTarget(input);
    if (!target) continue;
    copy(context, {
      from,
      to: target.place,
      size: shape,
      fromShape: node.shape,
      toShape: shape,
      add: target.accumulate,
    });
  }
}

export function emitSlice(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as SliceNode;
  const fromShape = context.shape(node.inputs[0]);
  const from = shifted(context.map(node.inputs[0]), node.start, fromShape);
  const to = context.define(node.name, needsGradient);
  copy(context, { from, to, size: node.shape, fromShape, toShape: node.shape, add: 0 });
}

export function emitSliceGradient(context: Context, unit: Unit): void {
  const node = unit.node as SliceNode;
  const from = context.gradient(node.name)!;
  const dx = context.gradientSum(node.inputs[0]);
  if (!dx) return;
  const toShape = context.shape(node.inputs[0]);
  const to = shifted(dx, node.start, toShape);
  copy(context, { from, to, size: node.shape, fromShape: node.shape, toShape, add: 1 });
}

export function emitPad(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as PadChannelsNode;
  const [T, F, C] = context.shape(node.inputs[0]);
  const y = context.define(node.name, needsGradient);
  const zero = (from: number, width: number) => {
    if (width === 0) return;
    const source = context.assembler.zeros(width);
    const steps = [0, 0, 0, sizeOf(node.shape), F * node.shape[2], node.shape[2]];
    context.call(Op.CopyBox, source, shifted(y, [0, 0, from], node.shape), T, F, width, ...steps, 0);
  };
  zero(0, node.before);
  zero(node.before + C, node.shape[2] - node.before - C);
  const to = shifted(y, [0, 0, node.before], node.shape);
  copy(context, {
    from: context.map(node.inputs[0]),
    to,
    size: [T, F, C],
    fromShape: [T, F, C],
    toShape: node.shape,
    add: 0,
  });
}

export function emitPadGradient(context: Context, unit: Unit): void {
  const node = unit.node as PadChannelsNode;
  const shape = context.shape(node.inputs[0]);
  const from = shifted(context.gradient(node.name)!, [0, 0, node.before], node.shape);
  const target = context.gradientTarget(node.inputs[0]);
  if (!target) return;
  copy(context, {
    from,
    to: target.place,
    size: shape,
    fromShape: node.shape,
    toShape: shape,
    add: target.accumulate,
  });
}

function sumWeights(context: Context, node: WeightedSumNode): Place {
  const { weight, weights } = node;
  if (!weight) return context.data(`weights ${node.name}`, Float32Array.from(weights ?? []));
  if (context.training) return context.parameter(weight);
  return context.constant(weight, node.inputs.length, (tensors) => tensors[weight]);
}

export function emitWeightedSum(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as WeightedSumNode;
  const maps = node.inputs.map((input) => context.map(input));
  const y = context.define(node.name, needsGradient);
  context.call(Op.WeightedSum, y, sizeOf(node.shape), maps.length, sumWeights(context, node), ...maps);
}

export function emitWeightedSumGradient(context: Context, unit: Unit): void {
  const node = unit.node as WeightedSumNode;
  const dy = context.gradient(node.name)!;
  const weights = sumWeights(context, node);
  for (const [i, input] of node.inputs.entries()) {
    const own = { region: weights.region, offset: weights.offset + i };
    const slot = node.weight ? context.parameterGradient(node.weight) : undefined;
    const dWeight = slot ? { region: slot.region, offset: slot.offset + i } : 0;
    const dx = context.gradientSum(input) ?? 0;
    context.call(Op.WeightedSumGradient, context.map(input), dy, dx, own, dWeight, sizeOf(node.shape));
  }
}

export function emitMaxout(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as MaxoutNode;
  const [T, F, C] = node.shape;
  const x = context.map(node.inputs[0]);
  context.call(Op.Maxout, x, context.define(node.name, needsGradient), T * F, C, node.pieces);
}

export function emitMaxoutGradient(context: Context, unit: Unit): void {
  const node = unit.node as MaxoutNode;
  const [T, F, C] = node.shape;
  const dx = context.gradientSum(node.inputs[0]);
  if (dx)
    context.call(
      Op.MaxoutGradient,
      context.map(node.inputs[0]),
      context.gradient(node.name)!,
      dx,
      T * F,
      C,
      node.pieces,
    );
}

export function emitShuffle(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as ChannelShuffleNode;
  const [T, F, C] = node.shape;
  const x = context.map(node.inputs[0]);
  context.call(Op.Shuffle, x, context.define(node.name, needsGradient), T * F, C, node.groups);
}

export function emitShuffleGradient(context: Context, unit: Unit): void {
  const node = unit.node as ChannelShuffleNode;
  const [T, F, C] = node.shape;
  const dx = context.gradientSum(node.inputs[0]);
  if (dx) context.call(Op.ShuffleGradient, context.gradient(node.name)!, dx, T * F, C, node.groups);
}
