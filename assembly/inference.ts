/** The inference binary: runs a list of instructions over `clips` clips. */
import { convolution } from './kernels/convolution';
import { directConvolution, directGemm } from './kernels/direct';
import { directDepthwise } from './kernels/direct-depthwise';
import { activate, binary, copyBox, maxout, shuffle, weightedSum } from './kernels/elementwise';
import { gemm } from './kernels/gemm';
import { multipliedDepthwise } from './kernels/multiplied-depthwise';
import { scaleShift } from './kernels/normalize';
import { mean, pool, resize } from './kernels/pooling';
import { argmaxOneHot, crossEntropy, softmax } from './kernels/probability';
import { slidingDepthwise } from './kernels/sliding-depthwise';
import { winograd } from './kernels/winograd';
import { Op } from './op';

/** Runs one instruction that training does not know; false if the op is none of those. */
// @ts-ignore: decorator
@inline
export function inferDirectly(op: i32, a: usize, clips: i32): bool {
  switch (op) {
    case Op.DirectGemm: directGemm(a, clips); return true;
    case Op.DirectConvolution: directConvolution(a, clips); return true;
    case Op.DirectDepthwise: directDepthwise(a, clips); return true;
  }
  return false;
}

/** Runs one instruction; false if the op is none of inference. */
// @ts-ignore: decorator
@inline
export function infer(op: i32, a: usize, clips: i32): bool {
  switch (op) {
    case Op.Gemm: gemm(a, clips); return true;
    case Op.Convolution: convolution(a, clips); return true;
    case Op.MultipliedDepthwise: multipliedDepthwise(a, clips); return true;
    case Op.SlidingDepthwise: slidingDepthwise(a, clips); return true;
    case Op.ScaleShift: scaleShift(a, clips); return true;
    case Op.Activate: activate(a, clips); return true;
    case Op.Binary: binary(a, clips); return true;
    case Op.CopyBox: copyBox(a, clips); return true;
    case Op.Pool: pool(a, clips); return true;
    case Op.Resize: resize(a, clips); return true;
    case Op.Mean: mean(a, clips); return true;
    case Op.Softmax: softmax(a, clips); return true;
    case Op.WeightedSum: weightedSum(a, clips); return true;
    case Op.Maxout: maxout(a, clips); return true;
    case Op.Shuffle: shuffle(a, clips); return true;
    case Op.ArgmaxOneHot: argmaxOneHot(a, clips); return true;
    case Op.CrossEntropy: crossEntropy(a, clips); return true;
  }
  return false;
}

/** Runs the instructions from `at` to `end`. */
export function run(at: usize, end: usize, clips: i32): void {
  while (at < end) {
    const op = load<i32>(at);
    if (op == Op.Winograd) winograd(at + 8, clips);
    else if (!inferDirectly(op, at + 8, clips) && !infer(op, at + 8, clips)) unreachable();
    at += <usize>load<i32>(at, 4) << 2;
  }
}
