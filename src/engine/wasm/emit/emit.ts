/** Which emitter does which op, forward and backward. */
import type { Place } from '../assembler.js';
import type { Unit } from '../fuse.js';
import type { Context } from './context.js';
import * as convolution from './convolution.js';
import * as depthwise from './depthwise.js';
import * as elementwise from './elementwise.js';
import { emitNorm, emitNormGradient } from './normalize.js';
import * as pooling from './pooling.js';
import * as probability from './probability.js';

interface Emitter {
  readonly forward: (context: Context, unit: Unit, needsGradient: boolean) => void;
  readonly backward: (context: Context, unit: Unit) => void;
}

const nothing = () => {};
const alias: Emitter = {
  forward: (context, { node }) => context.alias(node.name, node.inputs[0], node.op === 'stopGradient'),
  backward: nothing,
};
const matrix: Emitter = { forward: convolution.emitMatrix, backward: convolution.emitMatrixGradient };
const binary: Emitter = { forward: elementwise.emitBinary, backward: elementwise.emitBinaryGradient };
const pool: Emitter = { forward: pooling.emitPool, backward: pooling.emitPoolGradient };

type Op = Exclude<Unit['node']['op'], 'input' | 'softmaxCrossEntropy'>;

const EMITTERS: Readonly<Record<Op, Emitter>> = {
  conv2d: matrix,
  dense: matrix,
  depthwiseConv2d: { forward: depthwise.emitDepthwise, backward: depthwise.emitDepthwiseGradient },
  batchNorm: { forward: emitNorm, backward: emitNormGradient },
  activation: { forward: elementwise.emitActivation, backward: elementwise.emitActivationGradient },
  add: binary,
  multiply: binary,
  maximum: binary,
  weightedSum: { forward: elementwise.emitWeightedSum, backward: elementwise.emitWeightedSumGradient },
  concat: { forward: elementwise.emitConcat, backward: elementwise.emitConcatGradient },
  slice: { forward: elementwise.emitSlice, backward: elementwise.emitSliceGradient },
  padChannels: { forward: elementwise.emitPad, backward: elementwise.emitPadGradient },
  channelShuffle: { forward: elementwise.emitShuffle, backward: elementwise.emitShuffleGradient },
  maxout: { forward: elementwise.emitMaxout, backward: elementwise.emitMaxoutGradient },
  reshape: alias,
  stopGradient: alias,
  maxPool: pool,
  avgPool: pool,
  resize: { forward: pooling.emitResize, backward: pooling.emitResizeGradient },
  mean: { forward: pooling.emitMean, backward: pooling.emitMeanGradient },
  dropout: { forward: probability.emitDropout, backward: probability.emitDropoutGradient },
  softmax: { forward: probability.emitSoftmax, backward: probability.emitSoftmaxGradient },
  gumbelSoftmax: { forward: probability.emitGumbel, backward: probability.emitGumbelGradient },
};

/** Emits the forward pass of all units but inputs, whose maps must be there. */
export function emitForward(context: Context, units: readonly Unit[]): void {
  for (const unit of units) {
    const { node } = unit;
    context.assembler.node = unit.output.name;
    if (node.op === 'input') continue;
    if (node.op === 'softmaxCrossEntropy') probability.emitCrossEntropy(context, unit);
    else EMITTERS[node.op].forward(context, unit, needsGradient(context, unit));
  }
}

/** Emits the gradients, last unit first; units into which nothing flows are left out. */
export function emitBackward(context: Context, units: readonly Unit[], clipWeights: Place): void {
  for (const unit of [...units].reverse()) {
    const { node } = unit;
    context.assembler.node = unit.output.name;
    if (node.op === 'input') continue;
    if (node.op === 'softmaxCrossEntropy') probability.emitCrossEntropyGradient(context, unit, clipWeights);
    else if (context.gradient(unit.output.name)) EMITTERS[node.op].backward(context, unit);
  }
}

/** Whether a unit has parameters or reads something that wants a gradient. */
function needsGradient(context: Context, unit: Unit): boolean {
  if (!context.training) return false;
  if ('weight' in unit.node && unit.node.weight) return true;
  if (unit.norm) return true;
  return unit.node.inputs.some((input) => context.value(input).needsGradient);
}
