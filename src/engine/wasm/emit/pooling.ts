/** Pooling, resizing and means over axes. */
import { Op } from '../../../../assembly/op.js';
import type { MeanNode, PoolNode, ResizeNode } from '../../../graph/graph.js';
import type { Unit } from '../fuse.js';
import type { Context } from './context.js';

function poolWords(context: Context, node: PoolNode) {
  const [T, F, C] = context.shape(node.inputs[0]);
  const [To, Fo] = node.shape;
  const { kernel, stride, padding } = node;
  const flags = [node.countPadding ? 1 : 0, node.op === 'maxPool' ? 1 : 0];
  return [T, F, C, To, Fo, ...kernel, ...stride, padding[0][0], padding[1][0], ...flags];
}

export function emitPool(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as PoolNode;
  const x = context.map(node.inputs[0]);
  context.call(Op.Pool, x, context.define(node.name, needsGradient), ...poolWords(context, node));
}

export function emitPoolGradient(context: Context, unit: Unit): void {
  const node = unit.node as PoolNode;
  const dy = context.gradient(node.name)!;
  const dx = context.gradientSum(node.inputs[0]);
  if (dx) context.call(Op.PoolGradient, context.map(node.inputs[0]), dx, ...poolWords(context, node), dy);
}

function resizeWords(context: Context, node: ResizeNode) {
  const [T, F, C] = context.shape(node.inputs[0]);
  return [T, F, C, node.shape[0], node.shape[1], node.mode === 'bilinear' ? 1 : 0];
}

export function emitResize(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as ResizeNode;
  const x = context.map(node.inputs[0]);
  context.call(Op.Resize, x, context.define(node.name, needsGradient), ...resizeWords(context, node));
}

export function emitResizeGradient(context: Context, unit: Unit): void {
  const node = unit.node as ResizeNode;
  const dy = context.gradient(node.name)!;
  const dx = context.gradientSum(node.inputs[0]);
  if (dx) context.call(Op.ResizeGradient, 0, dx, ...resizeWords(context, node), dy);
}

function meanWords(context: Context, node: MeanNode) {
  const over = (axis: 'time' | 'frequency') => (node.axes.includes(axis) ? 1 : 0);
  return [...context.shape(node.inputs[0]), over('time'), over('frequency')];
}

export function emitMean(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as MeanNode;
  const x = context.map(node.inputs[0]);
  context.call(Op.Mean, x, context.define(node.name, needsGradient), ...meanWords(context, node));
}

export function emitMeanGradient(context: Context, unit: Unit): void {
  const node = unit.node as MeanNode;
  const dy = context.gradient(node.name)!;
  const target = context.gradientTarget(node.inputs[0]);
  if (target) context.call(Op.MeanGradient, dy, target.place, ...meanWords(context, node), target.accumulate);
}
