/** Softmax, Gumbel samples, dropout and the cross-entropy loss. */
import { Op } from '../../../../assembly/op.js';
import type {
  DropoutNode,
  GumbelSoftmaxNode,
  SoftmaxCrossEntropyNode,
  SoftmaxNode,
} from '../../../graph/graph.js';
import { sizeOf } from '../../../graph/graph.js';
import { hashText } from '../../../numerics/random.js';
import { type Place, real } from '../assembler.js';
import type { Unit } from '../fuse.js';
import type { Context } from './context.js';

/** Vectors a clip as outer × inner, and their length. */
function vectorWords(node: SoftmaxNode): [outer: number, inner: number, length: number] {
  const [T, F, C] = node.shape;
  if (node.axis === 'channels') return [T * F, 1, C];
  return node.axis === 'frequency' ? [T, C, F] : [1, F * C, T];
}

export function emitSoftmax(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as SoftmaxNode;
  const x = context.map(node.inputs[0]);
  context.call(Op.Softmax, x, context.define(node.name, needsGradient), ...vectorWords(node));
}

export function emitSoftmaxGradient(context: Context, unit: Unit): void {
  const node = unit.node as SoftmaxNode;
  const dy = context.gradient(node.name)!;
  const dx = context.gradientSum(node.inputs[0]);
  if (dx) context.call(Op.SoftmaxGradient, context.map(node.name), dy, dx, ...vectorWords(node));
}

const softSamples = new WeakMap<Unit, Place>();

function gumbelWords(node: GumbelSoftmaxNode) {
  const [T, F, C] = node.shape;
  return [T * F, C, hashText(node.name), real(node.temperature)] as const;
}

export function emitGumbel(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as GumbelSoftmaxNode;
  const [T, F, C] = node.shape;
  const x = context.map(node.inputs[0]);
  const y = context.define(node.name, needsGradient);
  if (!context.training) {
    context.call(Op.ArgmaxOneHot, x, y, T * F, C);
    return;
  }
  const soft: Place = {
    region: context.assembler.region(`soft ${node.name}`, sizeOf(node.shape)),
    offset: 0,
  };
  softSamples.set(unit, soft);
  context.call(Op.Gumbel, x, y, soft, ...gumbelWords(node), 0);
}

export function emitGumbelGradient(context: Context, unit: Unit): void {
  const node = unit.node as GumbelSoftmaxNode;
  const dy = context.gradient(node.name)!;
  const dx = context.gradientSum(node.inputs[0]);
  if (dx) context.call(Op.Gumbel, 0, dy, softSamples.get(unit)!, ...gumbelWords(node), dx);
}

function dropoutWords(node: DropoutNode) {
  const [T, F, C] = node.shape;
  return [T * F, C, node.unit === 'channel' ? 1 : 0, real(node.rate), hashText(node.name)] as const;
}

export function emitDropout(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as DropoutNode;
  if (!context.training) {
    context.alias(node.name, node.inputs[0]);
    return;
  }
  const x = context.map(node.inputs[0]);
  context.call(Op.Dropout, x, context.define(node.name, needsGradient), ...dropoutWords(node), 0);
}

export function emitDropoutGradient(context: Context, unit: Unit): void {
  const node = unit.node as DropoutNode;
  const dy = context.gradient(node.name)!;
  const target = context.gradientTarget(node.inputs[0]);
  if (target) context.call(Op.Dropout, dy, target.place, ...dropoutWords(node), target.accumulate);
}

function lossArguments(context: Context, node: SoftmaxCrossEntropyNode) {
  const [logits, targets] = node.inputs;
  const [T, F, C] = context.shape(logits);
  const scratch = context.scratch('probabilities', C);
  const numbers = [T * F, C, real(node.temperature), real(node.weight)] as const;
  return { maps: [context.map(logits), context.map(targets)] as const, numbers, scratch };
}

export function emitCrossEntropy(context: Context, unit: Unit): void {
  const node = unit.node as SoftmaxCrossEntropyNode;
  const { maps, numbers, scratch } = lossArguments(context, node);
  context.call(
    Op.CrossEntropy,
    ...maps,
    context.define(node.name, context.training),
    0,
    ...numbers,
    0,
    scratch,
    0,
  );
}

/** `clipWeights`: one factor a clip of the whole batch; they count where the graph names this node a loss. */
export function emitCrossEntropyGradient(context: Context, unit: Unit, clipWeights: Place): void {
  const node = unit.node as SoftmaxCrossEntropyNode;
  const isLoss = context.graph.losses.includes(node.name);
  const flow = context.gradient(node.name);
  if (!isLoss && !flow) return;
  const dx = context.gradientSum(node.inputs[0]);
  if (!dx) return;
  const { maps, numbers, scratch } = lossArguments(context, node);
  const loss = context.map(node.name);
  context.call(Op.CrossEntropy, ...maps, loss, dx, ...numbers, isLoss ? clipWeights : 0, scratch, flow ?? 0);
}
