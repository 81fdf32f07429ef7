/**
 * A graph compiled for training. The batch is cut into shards of `normShard` clips; a shard runs forward and backward
 * on one thread in that thread's own memory and leaves gradients, moments and outputs in its slot; slots are summed in
 * shard order, so that the number of threads changes no bit.
 */
import { Op } from '../../../assembly/op.js';
import { EngineError, ShapeError } from '../../errors.js';
import type { Graph, Tensors } from '../../graph/graph.js';
import { sizeOf } from '../../graph/graph.js';
import { checkCount, checkMaps, checkNames } from '../check-arguments.js';
import type { TrainingOptions, TrainingProgram, TrainingResult, TrainingStep } from '../engine.js';
import { at, encode, layoutShared, layoutThread, PAGE_BYTES, pagesFor, type Region } from './assembler.js';
import type { KernelSource } from './binaries.js';
import { Context } from './emit/context.js';
import { emitBackward, emitForward } from './emit/emit.js';
import { fuse } from './fuse.js';
import { checkBatch } from './inference-program.js';
import { createRunners, type Runner, type Shard } from './threads/runners.js';

const DEFAULT_NORM_SHARD = 32;
const MAX_THREADS = 256;
const REGISTER_BYTES = 64;

/** Regions of the whole batch, read or written by shards at their own clips. */
interface BatchRegions {
  readonly inputs: Map<string, Region>;
  readonly outputs: Map<string, Region>;
  readonly outputGradients: Map<string, Region>;
  readonly inputGradients: Map<string, Region>;
  readonly losses: Region[];
  readonly weights: Region;
  readonly gradientSlots: Region;
  readonly momentSlots: Region;
}

interface Plan {
  readonly context: Context;
  readonly regions: BatchRegions;
  /** Instructions before this one are the forward pass. */
  readonly forwardLength: number;
}

export async function compileTraining(
  graph: Graph,
  options: TrainingOptions,
  kernels: KernelSource,
): Promise<TrainingProgram> {
  const { maxBatch, threads = 1 } = options;
  checkBatch(maxBatch);
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new EngineError('threads', `Cannot compile: expected 1 to ${MAX_THREADS} threads, got ${threads}`, {
      value: threads,
    });
  }
  const normShard = Math.min(options.normShard ?? DEFAULT_NORM_SHARD, maxBatch);
  checkBatch(normShard);
  checkNames('input', graph.inputs, options.gradientsOf ?? []);
  const shards = Math.ceil(maxBatch / normShard);
  const plan = planTraining(graph, maxBatch, shards, options.gradientsOf ?? []);
  const parallel = typeof SharedArrayBuffer === 'undefined' ? 1 : Math.min(threads, shards);
  const memory = placeTraining(plan, { maxBatch, normShard, threads: parallel });
  const runners = await createRunners({
    kernels,
    threads: parallel,
    memory: memory.memory,
    programs: memory.programs,
  });
  return new WasmTrainingProgram({ plan, maxBatch, normShard, runners, view: memory.view });
}

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

/** Lays out memory for all threads and writes each thread's program into it. */
export function placeTraining(plan: Plan, sizes: { maxBatch: number; normShard: number; threads: number }) {
  const { assembler } = plan.context;
  const shared = layoutShared(assembler, sizes.normShard);
  const thread = layoutThread(assembler, sizes.normShard);
  const words = encode(assembler.instructions, () => 0).length;
  const forwardWords = encode(assembler.instructions.slice(0, plan.forwardLength), () => 0).length;
  const programBytes = Math.ceil(words / 16) * 64 + REGISTER_BYTES;
  const sharedBase = PAGE_BYTES + sizes.threads * programBytes;
  const threadBase = sharedBase + shared.bytes;
  const bytes = threadBase + sizes.threads * thread.bytes;
  const pages = pagesFor(bytes, PAGE_BYTES, sizes.maxBatch);
  const several = sizes.threads > 1;
  const memory = new WebAssembly.Memory(
    several ? { initial: pages, maximum: 65536, shared: true } : { initial: pages },
  );
  const addressOn = (index: number) => (region: Region) =>
    region.keep === 'shared'
      ? sharedBase + shared.offsets.get(region)!
      : threadBase + index * thread.bytes + thread.offsets.get(region)!;
  const programs = Array.from({ length: sizes.threads }, (_, index) => {
    const registers = PAGE_BYTES + index * programBytes;
    const start = registers + REGISTER_BYTES;
    new Int32Array(memory.buffer, start, words).set(encode(assembler.instructions, addressOn(index)));
    return { registers, start, middle: start + 4 * forwardWords, end: start + 4 * words };
  });
  const view = (region: Region, floats: number) =>
    new Float32Array(memory.buffer, addressOn(0)(region), floats);
  for (const region of assembler.regions) {
    if (region.data) view(region, region.data.length).set(region.data);
  }
  return { memory, programs, view };
}

interface Parts {
  readonly plan: Plan;
  readonly maxBatch: number;
  readonly normShard: number;
  readonly runners: Runner;
  readonly view: (region: Region, floats: number) => Float32Array;
}

class WasmTrainingProgram implements TrainingProgram {
  readonly parameters: Tensors;
  readonly #parts: Parts;
  readonly #gradients: Tensors;
  readonly #moments: Tensors;
  #busy = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { context } = parts.plan;
    const all = parts.view(context.parameters, context.parameters.floats);
    this.parameters = split(all, context.parameterOffsets, context.graph.parameters);
    this.#gradients = split(
      new Float32Array(context.gradients.floats),
      context.parameterOffsets,
      context.graph.parameters,
    );
    this.#moments = split(
      new Float32Array(context.moments.floats),
      context.momentOffsets,
      context.graph.statistics,
    );
  }

  async step(step: TrainingStep): Promise<TrainingResult> {
    const { maxBatch, normShard, runners } = this.#parts;
    checkCount(step.count, maxBatch);
    this.#check(step);
    if (this.#busy)
      throw new EngineError('busy', 'Cannot step: expected the last step to be over, got one still running');
    this.#load(step);
    const shards: Shard[] = [];
    for (let first = 0; first < step.count; first += normShard) {
      shards.push({ index: shards.length, first, clips: Math.min(normShard, step.count - first) });
    }
    this.#busy = true;
    try {
      await runners.run({
        shards,
        seed: step.seed,
        inverseCount: 1 / step.count,
        backward: step.backward ?? true,
      });
    } finally {
      this.#busy = false;
    }
    return this.#result(step, shards);
  }

  dispose(): void {
    this.#parts.runners.dispose();
  }

  #check({ inputs, outputGradients, sampleWeights, count }: TrainingStep): void {
    const { graph } = this.#parts.plan.context;
    checkMaps(graph, graph.inputs, inputs, count);
    const seeds = Object.keys(outputGradients ?? {});
    checkNames('output', graph.outputs, seeds);
    checkMaps(graph, seeds, outputGradients ?? {}, count);
    if (sampleWeights && sampleWeights.length < count) {
      const found = `${sampleWeights.length}`;
      throw new ShapeError(
        'map-size',
        `Cannot run sampleWeights: expected at least ${count} numbers, got ${found}`,
      );
    }
  }

  #load(step: TrainingStep): void {
    const { plan, view } = this.#parts;
    const { context, regions } = plan;
    for (const [name, region] of regions.inputs) {
      const floats = step.count * sizeOf(context.shape(name));
      view(region, floats).set(step.inputs[name].subarray(0, floats));
    }
    const weights = view(regions.weights, step.count);
    if (step.sampleWeights) weights.set(step.sampleWeights.subarray(0, step.count));
    else weights.fill(1);
    for (const [name, region] of regions.outputGradients) {
      const floats = step.count * sizeOf(context.shape(name));
      const given = step.outputGradients?.[name];
      if (given) view(region, floats).set(given.subarray(0, floats));
      else view(region, floats).fill(0);
    }
  }

  #result(step: TrainingStep, shards: readonly Shard[]): TrainingResult {
    const { plan, view } = this.#parts;
    const { context, regions } = plan;
    const maps = (from: Map<string, Region>): Tensors =>
      Object.fromEntries(
        [...from].map(([name, region]) => [name, view(region, step.count * sizeOf(context.shape(name)))]),
      );
    const backward = step.backward ?? true;
    if (backward)
      sumSlots(this.#gradients, view(regions.gradientSlots, regions.gradientSlots.floats), shards, () => 1);
    else for (const gradient of Object.values(this.#gradients)) gradient.fill(0);
    const share = (shard: Shard) => shard.clips / step.count;
    sumSlots(this.#moments, view(regions.momentSlots, regions.momentSlots.floats), shards, share);
    return {
      loss: this.#loss(step.count),
      outputs: maps(regions.outputs),
      gradients: { ...this.#gradients, ...maps(regions.inputGradients) },
      moments: this.#moments,
    };
  }

  /** (1 / count) Σ clip weight × losses, in float64 and in the order of the clips. */
  #loss(count: number): number {
    const { plan, view } = this.#parts;
    const weights = view(plan.regions.weights, count);
    let sum = 0;
    for (const region of plan.regions.losses) {
      const losses = view(region, count);
      for (let i = 0; i < count; i++) sum += weights[i] * losses[i];
    }
    return sum / count;
  }
}

/** Views of tensors that lie one after the other. */
function split(
  all: Float32Array,
  offsets: ReadonlyMap<string, number>,
  specs: Readonly<Record<string, { readonly shape: readonly number[] }>>,
): Tensors {
  const result: Tensors = {};
  for (const [name, { shape }] of Object.entries(specs)) {
    const offset = offsets.get(name)!;
    result[name] = all.subarray(offset, offset + sizeOf(shape));
  }
  return result;
}

/** Sums what the shards left in their slots, in shard order, into tensors that share one buffer. */
function sumSlots(
  into: Tensors,
  slots: Float32Array,
  shards: readonly Shard[],
  weight: (shard: Shard) => number,
): void {
  const first = Object.values(into)[0];
  if (!first) return;
  const total = new Float32Array(first.buffer);
  total.fill(0);
  for (const shard of shards) {
    const factor = weight(shard);
    const slot = slots.subarray(shard.index * total.length, (shard.index + 1) * total.length);
    for (let i = 0; i < total.length; i++) total[i] += factor * slot[i];
  }
}
