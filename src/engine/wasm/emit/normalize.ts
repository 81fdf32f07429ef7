/** BatchNorm with its activation and residual, in training by batch moments, else as one multiply-add. */
import { Norm, Op } from '../../../../assembly/op.js';
import type { BatchNormNode } from '../../../graph/graph.js';
import { at, type Place, real } from '../assembler.js';
import type { Unit } from '../fuse.js';
import { normScale, normShift } from './constants.js';
import { actArguments, type Context } from './context.js';

interface Saved {
  readonly mean: Place;
  readonly scale: Place;
  readonly shift: Place;
  readonly inverse: Place;
}

/** What the forward pass of each unit leaves for its gradient. */
const saved = new WeakMap<Unit, Saved>();

/** Rows that belong together: outer a clip, rows, channels, bands. */
function rowWords(node: BatchNormNode): [number, number, number, number] {
  const [T, F, C] = node.shape;
  return node.bands > 1 ? [T, F / node.bands, C, node.bands] : [1, T * F, C, 1];
}

export function emitNorm(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as BatchNormNode;
  const channels = node.bands * node.shape[2];
  const x = context.map(node.inputs[0]);
  const { scale, shift } = context.training
    ? emitMoments(context, unit, x)
    : foldedNorm(context, node, channels);
  const residual = unit.residual === undefined ? 0 : context.map(unit.residual);
  const y = context.define(unit.output.name, needsGradient);
  context.call(
    Op.ScaleShift,
    x,
    scale,
    shift,
    y,
    ...rowWords(node),
    ...actArguments(unit.activation),
    residual,
    lineRoom(context, node),
  );
}

/** Room for six lines of what rows share, and of sums. */
function lineRoom(context: Context, { bands, shape: [, F, C] }: BatchNormNode): Place {
  return context.scratch('lines', 6 * C * (bands > 1 ? F : Math.ceil(Norm.Line / C)));
}

function foldedNorm(context: Context, node: BatchNormNode, channels: number) {
  return {
    scale: context.constant(`scale ${node.name}`, channels, (tensors) => normScale(tensors, node)),
    shift: context.constant(`shift ${node.name}`, channels, (tensors) => normShift(tensors, node)),
  };
}

function emitMoments(context: Context, unit: Unit, x: Place): Saved {
  const node = unit.node as BatchNormNode;
  const channels = node.bands * node.shape[2];
  const statistic = (name: string) => at(context.moments, context.momentOffsets.get(name));
  const places: Saved = {
    mean: statistic(node.mean),
    scale: context.scratch(`scale ${node.name}`, channels),
    shift: context.scratch(`shift ${node.name}`, channels),
    inverse: context.scratch(`inverse ${node.name}`, channels),
  };
  saved.set(unit, places);
  const sums = context.scratch('sums', 4 * channels);
  const { mean, scale, shift, inverse } = places;
  const affine = [context.parameter(node.gamma), context.parameter(node.beta), real(node.epsilon)] as const;
  context.call(
    Op.Moments,
    x,
    sums,
    mean,
    statistic(node.variance),
    scale,
    shift,
    inverse,
    ...affine,
    ...rowWords(node),
  );
  return places;
}

export function emitNormGradient(context: Context, unit: Unit): void {
  const node = unit.node as BatchNormNode;
  const channels = node.bands * node.shape[2];
  const { mean, scale, shift, inverse } = saved.get(unit)!;
  const x = context.map(node.inputs[0]);
  const dy = context.gradient(unit.output.name)!;
  const kind = unit.activation?.kind;
  // With a residual the sum is not at hand again, but the sign of a ReLU's result tells its slope.
  const mask = kind === 'relu' && unit.residual !== undefined ? context.map(unit.output.name) : 0;
  const k0 = context.scratch('k0', channels);
  const k1 = context.scratch('k1', channels);
  const sums = context.scratch('sums', 4 * channels);
  const affine = [context.parameterGradient(node.gamma), context.parameterGradient(node.beta)] as const;
  const rows = rowWords(node);
  const act = actArguments(unit.activation);
  context.call(
    Op.NormalizeReduce,
    x,
    dy,
    mask,
    mean,
    inverse,
    scale,
    shift,
    sums,
    ...affine,
    k0,
    k1,
    ...rows,
    ...act,
    lineRoom(context, node),
  );
  const dx = context.gradientTarget(node.inputs[0]);
  const dr = unit.residual === undefined ? undefined : context.gradientTarget(unit.residual);
  if (!dx && !dr) return;
  const targets = [dx?.place ?? 0, dx?.accumulate ?? 0, dr?.place ?? 0, dr?.accumulate ?? 0] as const;
  const slope = kind === 'relu' ? act[0] : 0;
  context.call(
    Op.NormalizeGradient,
    x,
    dy,
    mask,
    mean,
    scale,
    shift,
    k0,
    k1,
    ...targets,
    ...rows,
    slope,
    lineRoom(context, node),
  );
}
