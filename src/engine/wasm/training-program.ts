/**
 * A graph compiled for training. The batch is cut into shards of `normShard` clips; a shard runs forward and backward
 * on one thread in that thread's own memory and leaves gradients, moments and outputs in its slot; slots are summed in
 * shard order, so that the number of threads changes no bit.
 */
import { EngineError, ShapeError } from '../../errors.js';
import type { Graph, Tensors } from '../../graph/graph.js';
import { sizeOf } from '../../graph/graph.js';
import { checkCount, checkMaps, checkNames } from '../check-arguments.js';
import type { TrainingOptions, TrainingProgram, TrainingResult, TrainingStep } from '../engine.js';
import type { Region } from './assembler.js';
import type { KernelSource } from './binaries.js';
import { checkBatch } from './inference-program.js';
import { layoutTraining, placeTraining, type TrainingSizes } from './place-training.js';
import { type Plan, planTraining } from './plan-training.js';
import { createRunners, type Runner, type Shard } from './threads/runners.js';

const DEFAULT_NORM_SHARD = 32;
const MAX_THREADS = 256;

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
  checkBatch(options.normShard ?? DEFAULT_NORM_SHARD);
  const gradientsOf = options.gradientsOf ?? [];
  checkNames('input', graph.inputs, gradientsOf);
  const planFor = (clips: number) => {
    const sizes = sizesFor(clips, options);
    return { sizes, plan: planTraining(graph, clips, Math.ceil(clips / sizes.normShard), gradientsOf) };
  };
  const { plan, sizes } = planFor(maxBatch);
  const bytesFor = (clips: number) => {
    const other = planFor(clips);
    return layoutTraining(other.plan, other.sizes).bytes;
  };
  const { memory, programs, view } = placeTraining(plan, sizes, bytesFor);
  const runners = await createRunners({ kernels, threads: sizes.threads, memory, programs });
  return new WasmTrainingProgram({ plan, maxBatch, normShard: sizes.normShard, runners, view });
}

/** No shard is larger than the batch, and no thread is there without a shard. */
function sizesFor(
  maxBatch: number,
  { normShard = DEFAULT_NORM_SHARD, threads = 1 }: TrainingOptions,
): TrainingSizes {
  const shard = Math.min(normShard, maxBatch);
  const alone = typeof SharedArrayBuffer === 'undefined';
  return {
    maxBatch,
    normShard: shard,
    threads: alone ? 1 : Math.min(threads, Math.ceil(maxBatch / shard)),
  };
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
