/** The instructions of a training step: forward, then backward, on one shard. */
import { Op } from '../../../assembly/op.js';
import type { Graph } from '../../graph/graph.js';
import { sizeOf } from '../../graph/graph.js';
import { at, type Region } from './assembler.js';
import { Context } from './emit/context.js';
import { emitBackward, emitForward } from './emit/emit.js';
import { fuse } from './fuse.js';

/** Regions of the whole batch, read or written by shards at their own clips. */
export interface BatchRegions {
  readonly inputs: Map<string, Region>;
  readonly outputs: Map<string, Region>;
  readonly outputGradients: Map<string, Region>;
  readonly inputGradients: Map<string, Region>;
  readonly losses: Region[];
  readonly weights: Region;
  readonly gradientSlots: Region;
  readonly momentSlots: Region;
}

export interface Plan {
  readonly context: Context;
  readonly regions: BatchRegions;
  /** Instructions before this one are the forward pass. */
  readonly forwardLength: number;
}

/** Plans batches of up to `maxBatch` clips in so many shards. */
export function planTraining(
  graph: Graph,
  maxBatch: number,
  shards: number,
  gradientsOf: readonly string[],
): Plan {
  const context = new Context(graph, true);
  const { assembler } = context;
  const units = fuse(graph, true);
  const whole = (label: string, floats: number) =>
    assembler.region(label, floats * maxBatch, { perClip: false, keep: 'shared' });
  const wholeMaps = (label: string, names: readonly string[]) =>
    new Map(names.map((name) => [name, whole(`${label} ${name}`, sizeOf(context.shape(name)))]));
  const regions: BatchRegions = {
    inputs: wholeMaps('batch', graph.inputs),
    outputs: wholeMaps('outputs', graph.outputs),
    outputGradients: wholeMaps('seeds', graph.outputs),
    inputGradients: wholeMaps('input gradients', gradientsOf),
    losses: graph.losses.map((name) => whole(`loss ${name}`, 1)),
    weights: whole('clip weights', 1),
    gradientSlots: assembler.region('gradient slots', shards * context.gradients.floats, {
      perClip: false,
      keep: 'shared',
    }),
    momentSlots: assembler.region('moment slots', shards * context.moments.floats, {
      perClip: false,
      keep: 'shared',
    }),
  };
  const weights = at(regions.weights);
  for (const [name, region] of regions.inputs) {
    const own = context.define(name, gradientsOf.includes(name));
    assembler.call(Op.LoadBatch, at(region), own, sizeOf(context.shape(name)));
  }
  emitForward(context, units);
  for (const [name, region] of regions.outputs) {
    assembler.call(Op.StoreBatch, context.map(name), at(region), sizeOf(context.shape(name)));
  }
  for (const [i, name] of graph.losses.entries())
    assembler.call(Op.StoreBatch, context.map(name), at(regions.losses[i]), 1);
  assembler.call(Op.StoreShard, at(context.moments), at(regions.momentSlots), 4 * context.moments.floats);
  const forwardLength = assembler.instructions.length;

  assembler.call(Op.Fill, at(context.gradients), 4 * context.gradients.floats, 0);
  for (const [name, region] of regions.outputGradients) {
    const target = context.gradientTarget(name);
    if (!target) continue;
    const own = target.accumulate ? context.gradientSum(name)! : target.place;
    assembler.call(Op.LoadBatch, at(region), own, sizeOf(context.shape(name)));
  }
  emitBackward(context, units, weights);
  for (const [name, region] of regions.inputGradients) {
    const gradient = context.gradient(name);
    if (gradient) assembler.call(Op.StoreBatch, gradient, at(region), sizeOf(context.shape(name)));
  }
  assembler.call(
    Op.StoreShard,
    at(context.gradients),
    at(regions.gradientSlots),
    4 * context.gradients.floats,
  );
  return { context, regions, forwardLength };
}
