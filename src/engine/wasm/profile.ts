/** Where a training step's time goes: each instruction timed by itself on one thread. */

import { Op } from '../../../assembly/op.js';
import type { Graph } from '../../graph/graph.js';
import { initializeParameters } from '../../graph/initialize.js';
import { hashText, Random } from '../../numerics/random.js';
import { encode } from './assembler.js';
import { type KernelSet, startKernels } from './binaries.js';
import { placeTraining } from './place-training.js';
import { planTraining } from './plan-training.js';

export interface InstructionTime {
  readonly node: string;
  readonly op: string;
  readonly backward: boolean;
  /** The least of the rounds, for one shard. */
  readonly microseconds: number;
}

export interface ProfileOptions {
  readonly kernels: KernelSet;
  /** Clips of the shard that is timed. */
  readonly clips: number;
  readonly rounds: number;
  /** A clock in milliseconds: `performance.now`. */
  readonly now: () => number;
}

/** Runs a shard of random numbers instruction by instruction, `rounds` times. */
export async function profileTraining(graph: Graph, options: ProfileOptions): Promise<InstructionTime[]> {
  const { clips, rounds, now } = options;
  const plan = planTraining(graph, clips, 1, []);
  const { memory, programs, view } = placeTraining(plan, { maxBatch: clips, normShard: clips, threads: 1 });
  const kernels = await startKernels('training', { set: options.kernels }, memory);
  fillRandomly(graph, plan, view);
  const { instructions } = plan.context.assembler;
  const least = new Float64Array(instructions.length).fill(Number.POSITIVE_INFINITY);
  const lengths = instructions.map((instruction) => 4 * encode([instruction], () => 0).length);
  for (let round = 0; round < rounds; round++) {
    let at = programs[0].start;
    for (const [i, length] of lengths.entries()) {
      const before = now();
      kernels.run(at, at + length, clips, programs[0].registers);
      least[i] = Math.min(least[i], 1000 * (now() - before));
      at += length;
    }
  }
  return instructions.map(({ op, node }, i) => ({
    node,
    op: Op[op],
    backward: i >= plan.forwardLength,
    microseconds: least[i],
  }));
}

function fillRandomly(
  graph: Graph,
  { context, regions }: ReturnType<typeof planTraining>,
  view: ReturnType<typeof placeTraining>['view'],
): void {
  const parameters = initializeParameters(graph, 1);
  const all = view(context.parameters, context.parameters.floats);
  for (const [name, values] of Object.entries(parameters))
    all.set(values, context.parameterOffsets.get(name));
  for (const [name, region] of [...regions.inputs, ...regions.outputGradients]) {
    const random = new Random(1, hashText(name));
    const map = view(region, region.floats);
    for (let i = 0; i < map.length; i++) map[i] = random.normal();
  }
}
