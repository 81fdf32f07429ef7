/** Convolutions and dense layers: which kernel, packed weights, folded normalisation, gradients. */
import { Op } from '../../../../assembly/op.js';
import type { Conv2dNode, DenseNode, DepthwiseConv2dNode, Tensors } from '../../../graph/graph.js';
import { type Place, real } from '../assembler.js';
import type { Unit } from '../fuse.js';
import { foldedBias, foldedWeight, packColumns, packedFloats } from './constants.js';
import { actArguments, type Context } from './context.js';
import { emitDirect } from './direct.js';
import {
  emitTrainedWinograd,
  emitWinograd,
  emitWinogradBack,
  emitWinogradWeightGradient,
  suitsWinograd,
  suitsWinogradBack,
  winogradFloats,
  winogradWeight,
} from './winograd.js';

type Matrix = Conv2dNode | DenseNode;

/** Numbers of a convolution seen as a product of matrices, for one group. */
function dimensions(context: Context, node: Matrix) {
  const [T, F, C] = context.shape(node.inputs[0]);
  const [To, Fo, N] = node.shape;
  if (node.op === 'dense') return { T, F, C, To, Fo, N, groups: 1, patch: C, pointwise: true };
  const { kernel, stride, padding, groups } = node;
  const plain =
    [...kernel, ...stride].every((size) => size === 1) && padding.flat().every((size) => size === 0);
  return {
    T,
    F,
    C,
    To,
    Fo,
    N,
    groups,
    patch: (kernel[0] * kernel[1] * C) / groups,
    pointwise: plain && groups === 1,
  };
}

/** The dimension words of the convolution kernels. */
function convolutionWords(context: Context, node: Conv2dNode, act: ReturnType<typeof actArguments>) {
  const { T, F, C, To, Fo, N } = dimensions(context, node);
  const { kernel, stride, dilation, padding, groups } = node;
  return [
    T,
    F,
    C,
    To,
    Fo,
    N,
    ...kernel,
    ...stride,
    ...dilation,
    padding[0][0],
    padding[1][0],
    groups,
    ...act,
  ] as const;
}

/** Numbers of patches held at once; the kernels compute the same. */
function scratchFloats(patch: number): number {
  return (patch * 96 <= 8192 ? 96 : 48) * patch;
}

export function emitMatrix(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as Matrix;
  if (!context.training && dimensions(context, node).groups === 1) {
    const bias = biasOf(context, unit, node, node.shape[2]);
    const channels = context.shape(node.inputs[0])[2];
    if (node.op === 'conv2d' && context.direct && suitsWinograd(node, channels)) {
      emitWinograd(context, unit, transformedWeight(context, unit, node, channels), bias);
    } else emitDirect(context, unit, packedWeight(context, unit, node), bias);
    return;
  }
  if (context.training && node.op === 'conv2d' && suitsWinograd(node, context.shape(node.inputs[0])[2])) {
    emitTrainedWinograd(context, unit, needsGradient);
    return;
  }
  const { To, Fo, N, patch, pointwise } = dimensions(context, node);
  const x = context.map(node.inputs[0]);
  const weight = packedWeight(context, unit, node);
  const bias = biasOf(context, unit, node, N) ?? context.assembler.zeros(N);
  const act = actArguments(unit.activation);
  const y = context.define(unit.output.name, needsGradient);
  if (pointwise) context.call(Op.Gemm, x, weight, bias, y, To * Fo, patch, N, ...act, 0);
  else {
    const scratch = context.scratch('patches', scratchFloats(patch));
    context.call(
      Op.Convolution,
      x,
      weight,
      bias,
      y,
      scratch,
      ...convolutionWords(context, node as Conv2dNode, act),
    );
  }
}

function transformedWeight(context: Context, unit: Unit, node: Conv2dNode, channels: number): Place {
  const N = node.shape[2];
  return context.constant(`winograd ${node.weight}`, winogradFloats(channels, N), (tensors: Tensors) =>
    winogradWeight(
      foldedWeight(tensors, node.weight, unit.norm, N, (i) => i % N),
      channels,
      N,
    ),
  );
}

function packedWeight(context: Context, unit: Unit, node: Matrix): Place {
  const { N, groups, patch } = dimensions(context, node);
  const n = N / groups;
  const floats = packedFloats(patch, n);
  if (!context.training) {
    return context.constant(`packed ${node.weight}`, groups * floats, (tensors: Tensors) => {
      const weight = foldedWeight(tensors, node.weight, unit.norm, N, (i) => i % N);
      const packed = new Float32Array(groups * floats);
      for (let g = 0; g < groups; g++)
        packColumns(weight, packed.subarray(g * floats), { k: patch, n, row: N, from: g * n });
      return packed;
    });
  }
  const packed = context.scratch(`packed ${node.weight}`, groups * floats);
  const source = context.parameter(node.weight);
  for (let g = 0; g < groups; g++) {
    context.call(Op.Pack, shift(source, g * n), shift(packed, g * floats), patch, n, N, 1);
  }
  return packed;
}

/** Where the bias of a convolution or dense layer is, a folded normalisation in it; undefined if there is neither. */
export function biasOf(
  context: Context,
  unit: Unit,
  node: Matrix | DepthwiseConv2dNode,
  outputs: number,
): Place | undefined {
  if (context.training) return node.bias ? context.parameter(node.bias) : undefined;
  if (!node.bias && !unit.norm) return undefined;
  return context.constant(`bias ${node.name}`, outputs, (tensors) =>
    foldedBias(tensors, node.bias, unit.norm, outputs),
  );
}

function shift(place: Place, floats: number): Place {
  return { region: place.region, offset: place.offset + floats };
}

export function emitMatrixGradient(context: Context, unit: Unit): void {
  const node = unit.node as Matrix;
  const { To, Fo, N, groups, patch, pointwise } = dimensions(context, node);
  const x = context.map(node.inputs[0]);
  const dy = context.gradient(node.name)!;
  const dWeight = context.parameterGradient(node.weight);
  const rows = To * Fo;
  if (pointwise) context.call(Op.GemmWeightGradient, x, dy, dWeight, rows, patch, N);
  else if (node.op === 'conv2d' && suitsWinograd(node, context.shape(node.inputs[0])[2]))
    emitWinogradWeightGradient(context, node, dy);
  else {
    const scratch = context.scratch('patches', scratchFloats(patch));
    const words = convolutionWords(context, node as Conv2dNode, actArguments(undefined));
    context.call(Op.ConvolutionWeightGradient, x, dy, 0, dWeight, scratch, ...words);
  }
  if (node.bias) context.call(Op.ColumnSums, dy, context.parameterGradient(node.bias), rows, N);
  if (node.op === 'conv2d' && suitsWinogradBack(node, context.shape(node.inputs[0]))) {
    emitWinogradBack(context, node, dy);
    return;
  }
  const target = pointwise ? context.gradientTarget(node.inputs[0]) : undefined;
  const sum = pointwise ? undefined : context.gradientSum(node.inputs[0]);
  if (!target && !sum) return;
  const n = N / groups;
  const floats = packedFloats(n, patch);
  const transposed = context.scratch(`transposed ${node.weight}`, groups * floats);
  for (let g = 0; g < groups; g++) {
    const source = shift(context.parameter(node.weight), g * n);
    context.call(Op.Pack, source, shift(transposed, g * floats), n, patch, 1, N);
  }
  const zeros = context.assembler.zeros(patch);
  if (target) {
    context.call(Op.Gemm, dy, transposed, zeros, target.place, rows, N, patch, 0, real(0), target.accumulate);
  } else if (sum) {
    const scratch = context.scratch('patches', scratchFloats(patch));
    const words = convolutionWords(context, node as Conv2dNode, actArguments(undefined));
    context.call(Op.ConvolutionDataGradient, sum, transposed, zeros, dy, scratch, ...words);
  }
}
