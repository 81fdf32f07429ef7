/** Depthwise convolutions of 3 × 3 or 1 × 3 taps that assembly/kernels/sliding-depthwise.ts computes. */
import { Act, Op } from '../../../../assembly/op.js';
import type { Shape } from '../../../graph/graph.js';
import type { Place } from '../assembler.js';
import type { actArguments, Context } from './context.js';

/** Numbers of a map's lines that pass all channels before the next: what the first cache holds beside the results. */
const STRIP_FLOATS = 4096;

/** How many of `lines` lines of results a strip has, each of which reads so many numbers anew. */
export function stripOf(lines: number, floats: number): number {
  return Math.max(1, Math.min(lines, Math.floor(STRIP_FLOATS / floats)));
}

/** A depthwise convolution's sizes, each `[time, frequency]`; `shape` and `output` are those of its maps. */
export interface DepthwiseSizes {
  readonly shape: Shape;
  readonly output: Shape;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  /** Zeros before the map. */
  readonly before: readonly [number, number];
  readonly multiplier: number;
}

/** Whether windows slide: no more than one column of them lies outside the map on either side. */
export function slides(sizes: DepthwiseSizes): boolean {
  const { shape, output, kernel, stride, dilation, before, multiplier } = sizes;
  return (
    multiplier === 1 &&
    (kernel[0] === 3 || kernel[0] === 1) &&
    kernel[1] === 3 &&
    dilation[1] === 1 &&
    stride[1] <= 2 &&
    before[0] >= 0 &&
    (before[1] === 0 || before[1] === 1) &&
    (output[1] - 1) * stride[1] - before[1] + 2 <= shape[1]
  );
}

/** Whether assembly/kernels/depthwise-1x3.ts, in the training binary alone, computes it: rows of three taps, results as wide as the map. */
function isRowOfThree(context: Context, { shape, output, kernel, stride, before }: DepthwiseSizes): boolean {
  const keepsSize = stride.every((size) => size === 1) && before[1] === 1 && output[1] === shape[1];
  return context.training && kernel[0] === 1 && keepsSize && output[1] >= 2 && shape[2] % 4 === 0;
}

/** The words of both kernels, from the line of zeros on; steps: numbers from position to position of x and of y. */
function words(context: Context, sizes: DepthwiseSizes, xStep: number, yStep: number) {
  const { shape, output, kernel, stride, dilation, before } = sizes;
  const [T, F, C] = shape;
  const [To, Fo] = output;
  const zeros = context.assembler.zeros(F * xStep);
  const strip = stripOf(To, F * C * stride[0]);
  return [zeros, T, F, C, To, Fo, kernel[0], ...stride, dilation[0], ...before, strip, xStep, yStep] as const;
}

export interface SlidingMaps {
  readonly x: Place;
  readonly weight: Place;
  readonly bias: Place | 0;
  readonly y: Place;
  /** Numbers from position to position. */
  readonly xStep: number;
  readonly yStep: number;
}

/** y = act(bias + w ∗ x), or y + w ∗ x. */
export function emitSliding(
  context: Context,
  sizes: DepthwiseSizes,
  { x, weight, bias, y, xStep, yStep }: SlidingMaps,
  act: ReturnType<typeof actArguments>,
  accumulate = 0,
): void {
  const [T, F, C] = sizes.shape;
  if (isRowOfThree(context, sizes) && bias === 0 && act[0] === Act.None && xStep === C && yStep === C) {
    context.call(Op.Depthwise1x3, x, weight, y, T, F, C, accumulate);
    return;
  }
  context.call(
    Op.SlidingDepthwise,
    x,
    weight,
    bias,
    y,
    ...words(context, sizes, xStep, yStep),
    ...act,
    accumulate,
  );
}

/** Adds to `dWeight` what `dy` says. */
export function emitSlidingGradient(
  context: Context,
  sizes: DepthwiseSizes,
  { x, dy, dWeight }: { x: Place; dy: Place; dWeight: Place },
): void {
  const [T, F, channels] = sizes.shape;
  if (isRowOfThree(context, sizes)) {
    context.call(Op.Depthwise1x3WeightGradient, x, dy, dWeight, T, F, channels);
    return;
  }
  context.call(Op.SlidingWeightGradient, x, dy, 0, dWeight, ...words(context, sizes, channels, channels));
}

/** Whether the gradient of its map slides, too: windows two columns apart, channels in fours. */
export function slidesBack(sizes: DepthwiseSizes): boolean {
  return slides(sizes) && sizes.stride[1] === 2 && sizes.shape[2] % 4 === 0;
}

/** Adds to `dx` what `dy` says. */
export function emitSlidingBack(
  context: Context,
  sizes: DepthwiseSizes,
  { dx, weight, dy }: { dx: Place; weight: Place; dy: Place },
): void {
  const channels = sizes.shape[2];
  context.call(Op.SlidingDataGradient, dx, weight, 0, dy, ...words(context, sizes, channels, channels));
}
