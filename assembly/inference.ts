/** The inference binary: runs a list of instructions over `clips` clips. */
import { convolution } from './kernels/convolution';
import { depthwise } from './kernels/depthwise';
import { activate, binary, copyBox, maxout, shuffle, weightedSum } from './kernels/elementwise';
import { gemm } from './kernels/gemm';
import { scaleShift } from './kernels/normalize';
import { mean, pool, resize } from './kernels/pooling';
import { argmaxOneHot, crossEntropy, softmax } from './kernels/probability';
import { Op } from './op';

/** Runs one instruction; false if the op is none of inference. */
// @ts-ignore: decorator
@inline
export function infer(op: i32, a: usize, clips: i32): bool {
  switch (op) {
    case Op.Gemm: gemm(a, clips); return true;
    case Op.Convolution: convolution(a, clips); return true;
    case Op.Depthwise: depthwise(a, clips); return true;
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
    if (!infer(load<i32>(at), at + 8, clips)) unreachable();
    at += <usize>load<i32>(at, 4) << 2;
  }
}
