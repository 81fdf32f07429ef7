/** Where a training program's instructions and maps lie in memory, shared or each thread's own. */
import { encode, layoutShared, layoutThread, type Region } from './assembler.js';
import { allocateMemory, type BytesFor, PAGE_BYTES } from './memory.js';
import type { Plan } from './plan-training.js';

const REGISTER_BYTES = 64;

export interface TrainingSizes {
  readonly maxBatch: number;
  readonly normShard: number;
  readonly threads: number;
}

/** Where each part of the memory of all threads begins. */
export function layoutTraining(plan: Plan, sizes: TrainingSizes) {
  const { assembler } = plan.context;
  const shared = layoutShared(assembler, sizes.normShard);
  const thread = layoutThread(assembler, sizes.normShard);
  const words = encode(assembler.instructions, () => 0).length;
  const programBytes = Math.ceil(words / 16) * 64 + REGISTER_BYTES;
  const sharedBase = PAGE_BYTES + sizes.threads * programBytes;
  const threadBase = sharedBase + shared.bytes;
  const bytes = threadBase + sizes.threads * thread.bytes;
  return { shared, thread, words, programBytes, sharedBase, threadBase, bytes };
}

/**
 * Lays out memory for all threads and writes each thread's program into it.
 * @param bytesFor what another batch would take, for the advice where this one is too large
 */
export function placeTraining(
  plan: Plan,
  sizes: TrainingSizes,
  bytesFor: BytesFor = () => Number.POSITIVE_INFINITY,
) {
  const { assembler } = plan.context;
  const layout = layoutTraining(plan, sizes);
  const { shared, thread, words, programBytes, sharedBase, threadBase } = layout;
  const forwardWords = encode(assembler.instructions.slice(0, plan.forwardLength), () => 0).length;
  const memory = allocateMemory(layout.bytes, {
    clips: sizes.maxBatch,
    bytesFor,
    shared: sizes.threads > 1,
  });
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
