/** Convolutions and dense layers of inference, which multiply windows where they lie. */
import { Op } from '../../../../assembly/op.js';
import type { Conv2dNode, DenseNode, DepthwiseConv2dNode } from '../../../graph/graph.js';
import type { Place } from '../assembler.js';
import type { Unit } from '../fuse.js';
import { actArguments, type Context } from './context.js';
import { stripOf } from './sliding.js';

/** Lines and columns that windows reach over, the zeros before the map counted; whether the map alone has them. */
function reachOf(context: Context, node: Conv2dNode | DepthwiseConv2dNode) {
  const [T, F] = context.shape(node.inputs[0]);
  const { kernel, stride, dilation, padding, shape } = node;
  const along = (axis: 0 | 1) => (shape[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
  const [lines, columns] = [along(0), along(1)];
  const isFramed = padding[0][0] > 0 || padding[1][0] > 0 || lines > T || columns > F;
  return { lines, columns, isFramed };
}

/** Emits a unit led by an ungrouped convolution or a dense layer; `weight` in panels, normalisation folded in. */
export function emitDirect(context: Context, unit: Unit, weight: Place, bias: Place | undefined): void {
  const node = unit.node as Conv2dNode | DenseNode;
  const [T, F, C] = context.shape(node.inputs[0]);
  const [To, Fo, N] = node.shape;
  const x = context.map(node.inputs[0]);
  const start = bias ?? context.assembler.zeros(N);
  const act = actArguments(unit.activation);
  const { name } = unit.output;
  if (node.op === 'dense' || isPointwise(node)) {
    const y = context.defineJoined(name);
    context.call(Op.DirectGemm, x, weight, start, y, To * Fo, C, N, ...act, C, context.step(name));
    return;
  }
  const y = context.define(name, false);
  const { kernel, stride, dilation, padding } = node;
  const { lines, columns, isFramed } = reachOf(context, node);
  const frame = isFramed ? context.scratch('frame', lines * columns * C) : 0;
  const windows = [...kernel, ...stride, ...dilation, padding[0][0], padding[1][0]] as const;
  const sizes = [T, F, C, To, Fo, N] as const;
  context.call(
    Op.DirectConvolution,
    x,
    weight,
    start,
    y,
    frame,
    ...sizes,
    ...windows,
    ...act,
    lines,
    columns,
  );
}

function isPointwise({ kernel, stride, padding }: Conv2dNode): boolean {
  return [...kernel, ...stride].every((size) => size === 1) && padding.flat().every((size) => size === 0);
}

/** Emits a unit led by a depthwise convolution of one output a channel. */
export function emitDirectDepthwise(context: Context, unit: Unit, weight: Place, bias: Place | 0): void {
  const node = unit.node as DepthwiseConv2dNode;
  const [T, F, C] = context.shape(node.inputs[0]);
  const [To, Fo] = node.shape;
  const { kernel, stride, dilation, padding } = node;
  const x = context.map(node.inputs[0]);
  const act = actArguments(unit.activation);
  const y = context.defineJoined(unit.output.name);
  const { columns, isFramed } = reachOf(context, node);
  const stripLines = (outputs: number) => (outputs - 1) * stride[0] + (kernel[0] - 1) * dilation[0] + 1;
  const width = isFramed ? columns : F;
  const strip = stripOf(To, width * C * stride[0]);
  const frame = isFramed ? context.scratch('strip', stripLines(strip) * columns * C) : 0;
  const windows = [...kernel, ...stride, ...dilation, padding[0][0], padding[1][0]] as const;
  const sizes = [T, F, C, To, Fo] as const;
  context.call(
    Op.DirectDepthwise,
    x,
    weight,
    bias,
    y,
    frame,
    ...sizes,
    ...windows,
    ...act,
    strip,
    width,
    context.step(node.inputs[0]),
    context.step(unit.output.name),
  );
}
