/** Depthwise convolutions: which kernel, folded normalisation, gradients. */
import { Op } from '../../../../assembly/op.js';
import type { DepthwiseConv2dNode } from '../../../graph/graph.js';
import type { Place } from '../assembler.js';
import type { Unit } from '../fuse.js';
import { foldedWeight } from './constants.js';
import { actArguments, type Context } from './context.js';
import { biasOf } from './convolution.js';
import { emitDirectDepthwise } from './direct.js';
import {
  type DepthwiseSizes,
  emitSliding,
  emitSlidingBack,
  emitSlidingGradient,
  slides,
  slidesBack,
} from './sliding.js';

function sizesOf(context: Context, node: DepthwiseConv2dNode): DepthwiseSizes {
  const { kernel, stride, dilation, padding, multiplier, shape } = node;
  const before = [padding[0][0], padding[1][0]] as const;
  return {
    shape: context.shape(node.inputs[0]),
    output: shape,
    kernel,
    stride,
    dilation,
    before,
    multiplier,
  };
}

/** The dimension words of the kernels that know all depthwise convolutions, without activation and accumulation. */
function wordsOf({ shape, output, kernel, stride, dilation, before, multiplier }: DepthwiseSizes) {
  const [T, F, C] = shape;
  const [To, Fo] = output;
  return [T, F, C, To, Fo, ...kernel, ...stride, ...dilation, ...before, multiplier] as const;
}

/** Room for one clip with the zeros around it that windows reach into. */
function frameOf(context: Context, { shape, output, kernel, stride, dilation }: DepthwiseSizes): Place {
  const along = (axis: 0 | 1) => (output[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
  return context.scratch('frame', along(0) * along(1) * shape[2]);
}

/** Emits a unit led by a depthwise convolution. */
export function emitDepthwise(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as DepthwiseConv2dNode;
  const outputs = node.shape[2];
  const taps = node.kernel[0] * node.kernel[1];
  const weight = context.training
    ? context.parameter(node.weight)
    : context.constant(`weight ${node.name}`, taps * outputs, (tensors) =>
        foldedWeight(tensors, node.weight, unit.norm, outputs, (i) => i % outputs),
      );
  const bias = biasOf(context, unit, node, outputs) ?? (0 as const);
  const sizes = sizesOf(context, node);
  const act = actArguments(unit.activation);
  const x = context.map(node.inputs[0]);
  const { name } = unit.output;
  if (slides(sizes)) {
    const y = context.training ? context.define(name, needsGradient) : context.defineJoined(name);
    const maps = { x, weight, bias, y, xStep: context.step(node.inputs[0]), yStep: context.step(name) };
    emitSliding(context, sizes, maps, act);
  } else if (!context.training && node.multiplier === 1) {
    emitDirectDepthwise(context, unit, weight, bias);
  } else {
    const y = context.define(name, needsGradient);
    const isPlain = node.multiplier === 1;
    const [op, frame] = isPlain
      ? [Op.Depthwise, frameOf(context, sizes)]
      : [Op.MultipliedDepthwise, 0 as const];
    context.call(op, x, weight, bias, y, frame, ...wordsOf(sizes), ...act, 0);
  }
}

/** Emits the gradients of its weights, bias and input. */
export function emitDepthwiseGradient(context: Context, unit: Unit): void {
  const node = unit.node as DepthwiseConv2dNode;
  const x = context.map(node.inputs[0]);
  const dy = context.gradient(node.name)!;
  const sizes = sizesOf(context, node);
  const dWeight = context.parameterGradient(node.weight);
  if (slides(sizes)) emitSlidingGradient(context, sizes, { x, dy, dWeight });
  else {
    const frame = frameOf(context, sizes);
    context.call(Op.DepthwiseWeightGradient, x, dy, 0, dWeight, frame, ...wordsOf(sizes));
  }
  const [To, Fo, outputs] = node.shape;
  if (node.bias) context.call(Op.ColumnSums, dy, context.parameterGradient(node.bias), To * Fo, outputs);
  emitDataGradient(context, node, dy, sizes);
}

function emitDataGradient(
  context: Context,
  node: DepthwiseConv2dNode,
  dy: Place,
  sizes: DepthwiseSizes,
): void {
  const { kernel, stride, dilation, multiplier, shape, output } = sizes;
  const weight = context.parameter(node.weight);
  const back = (axis: 0 | 1) => dilation[axis] * (kernel[axis] - 1) - sizes.before[axis];
  const before = [back(0), back(1)] as const;
  // With stride 1 the gradient is the same convolution with its taps turned round; over a frame that would be zeros for the most part it is not worth it.
  const isDense = 2 * output[0] * output[1] >= sizes.shape[0] * sizes.shape[1];
  const plain =
    isDense && stride.every((size) => size === 1) && multiplier === 1 && before.every((size) => size >= 0);
  if (!plain) {
    const dx = context.gradientSum(node.inputs[0]);
    if (!dx) return;
    if (slidesBack(sizes)) emitSlidingBack(context, sizes, { dx, weight, dy });
    else context.call(Op.DepthwiseDataGradient, dx, weight, 0, dy, 0, ...wordsOf(sizes));
    return;
  }
  const target = context.gradientTarget(node.inputs[0]);
  if (!target) return;
  const { place, accumulate } = target;
  const channels = shape[2];
  const taps = kernel[0] * kernel[1];
  const flipped = context.scratch(`flipped ${node.weight}`, taps * channels);
  context.call(Op.FlipTaps, weight, flipped, taps, channels);
  const turned: DepthwiseSizes = { ...sizes, shape: output, output: shape, before };
  const none = actArguments(undefined);
  if (slides(turned)) {
    const maps = { x: dy, weight: flipped, bias: 0, y: place, xStep: channels, yStep: channels } as const;
    emitSliding(context, turned, maps, none, accumulate);
  } else {
    const frame = frameOf(context, turned);
    context.call(Op.Depthwise, dy, flipped, 0, place, frame, ...wordsOf(turned), ...none, accumulate);
  }
}
