/** The training binary: inference's kernels, their gradients and what a training step needs besides. */
import { infer } from './inference';
import { binaryGradient } from './kernels/binary-gradient';
import { convolutionDataGradient, convolutionWeightGradient } from './kernels/convolution';
import { depthwise } from './kernels/depthwise';
import { depthwise1x3, depthwise1x3WeightGradient } from './kernels/depthwise-1x3';
import { depthwiseDataGradient, depthwiseWeightGradient, flipTaps } from './kernels/depthwise-gradient';
import { activateGradient, maxoutGradient, shuffleGradient, weightedSumGradient } from './kernels/elementwise';
import { columnSums, gemmWeightGradient, pack } from './kernels/gemm';
import { moments } from './kernels/normalize';
import { normalizeGradient, normalizeReduce } from './kernels/normalize-gradient';
import { meanGradient, poolGradient, resizeGradient } from './kernels/pooling';
import { dropout, fill, gumbel, loadBatch, setRegisters, softmaxGradient, storeBatch, storeShard } from './kernels/probability';
import { slidingDataGradient, slidingWeightGradient } from './kernels/sliding-gradient';
import { winograd } from './kernels/winograd';
import { winogradWeightGradient } from './kernels/winograd-gradient';
import { winogradWeights } from './kernels/winograd-weights';
import { Op } from './op';

/** Runs the instructions from `at` to `end`; `registers`: seed, first clip, 1 / clips of the batch, shard. */
export function run(at: usize, end: usize, clips: i32, registers: usize): void {
  setRegisters(registers);
  while (at < end) {
    step(load<i32>(at), at + 8, clips);
    at += <usize>load<i32>(at, 4) << 2;
  }
}

function step(op: i32, a: usize, clips: i32): void {
  if (infer(op, a, clips)) return;
  switch (op) {
    case Op.Fill: fill(a, clips); return;
    case Op.LoadBatch: loadBatch(a, clips); return;
    case Op.StoreBatch: storeBatch(a, clips); return;
    case Op.StoreShard: storeShard(a, clips); return;
    case Op.Pack: pack(a, clips); return;
    case Op.Winograd: winograd(a, clips); return;
    case Op.WinogradWeights: winogradWeights(a, clips); return;
    case Op.WinogradWeightGradient: winogradWeightGradient(a, clips); return;
    case Op.GemmWeightGradient: gemmWeightGradient(a, clips); return;
    case Op.ConvolutionWeightGradient: convolutionWeightGradient(a, clips); return;
    case Op.ConvolutionDataGradient: convolutionDataGradient(a, clips); return;
    case Op.Depthwise: depthwise(a, clips); return;
    case Op.DepthwiseWeightGradient: depthwiseWeightGradient(a, clips); return;
    case Op.Depthwise1x3: depthwise1x3(a, clips); return;
    case Op.Depthwise1x3WeightGradient: depthwise1x3WeightGradient(a, clips); return;
    case Op.SlidingWeightGradient: slidingWeightGradient(a, clips); return;
    case Op.SlidingDataGradient: slidingDataGradient(a, clips); return;
    case Op.DepthwiseDataGradient: depthwiseDataGradient(a, clips); return;
    case Op.FlipTaps: flipTaps(a, clips); return;
    case Op.Moments: moments(a, clips); return;
    case Op.NormalizeReduce: normalizeReduce(a, clips); return;
    case Op.NormalizeGradient: normalizeGradient(a, clips); return;
    case Op.ActivateGradient: activateGradient(a, clips); return;
    case Op.BinaryGradient: binaryGradient(a, clips); return;
    case Op.PoolGradient: poolGradient(a, clips); return;
    case Op.ResizeGradient: resizeGradient(a, clips); return;
    case Op.MeanGradient: meanGradient(a, clips); return;
    case Op.SoftmaxGradient: softmaxGradient(a, clips); return;
    case Op.WeightedSumGradient: weightedSumGradient(a, clips); return;
    case Op.MaxoutGradient: maxoutGradient(a, clips); return;
    case Op.ShuffleGradient: shuffleGradient(a, clips); return;
    case Op.Dropout: dropout(a, clips); return;
    case Op.Gumbel: gumbel(a, clips); return;
    case Op.ColumnSums: columnSums(a, clips); return;
  }
  unreachable();
}
