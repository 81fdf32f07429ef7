/** The binary of quantised networks: products of whole numbers beside inference's kernels, which never fuse here. */
import { infer, inferDirectly } from './inference';
import { int8Convolution, int8Gemm, quantize } from './kernels/int8';
import { Op } from './op';

/** Runs the instructions from `at` to `end`. */
export function run(at: usize, end: usize, clips: i32): void {
  while (at < end) {
    const op = load<i32>(at);
    const a = at + 8;
    if (op == Op.Quantize) quantize(a, clips);
    else if (op == Op.Int8Gemm) int8Gemm(a, clips);
    else if (op == Op.Int8Convolution) int8Convolution(a, clips);
    else if (!inferDirectly(op, a, clips) && !infer(op, a, clips)) unreachable();
    at += <usize>load<i32>(at, 4) << 2;
  }
}
