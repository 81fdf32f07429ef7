/** Where batches are computed: slots filled by workers over shared memory, or one at a time on the calling thread. */
import { startWorker } from '#start-worker';
import type { WorkerHandle } from '../../engine/wasm/threads/worker-handle.js';
import { EngineError } from '../../errors.js';
import workerSource from '../generated/feature-worker.js';
import { type BatchArrays, type BatchJobs, type BatchMaker, createBatchMaker } from './make-batches.js';
import type { FeatureAnswer, FeatureJob, FeatureWorkerStart } from './worker.js';

export interface BatchSlots {
  readonly slots: readonly BatchArrays[];
  /** Fills a slot that no unfinished call fills; resolves to the number of clips. @throws EngineError */
  fill(slot: number, epoch: number, batch: number): Promise<number>;
  dispose(): void;
}

export interface SlotSizes {
  readonly count: number;
  readonly batchSize: number;
  readonly featureSize: number;
  readonly labels: number;
}

/** Slots filled on the calling thread, when asked. */
export async function createInlineSlots(jobs: BatchJobs, sizes: SlotSizes): Promise<BatchSlots> {
  const maker: BatchMaker = await createBatchMaker(jobs);
  const slots = allocateSlots(sizes, (bytes) => new ArrayBuffer(bytes));
  return { slots, fill: async (slot, epoch, batch) => maker.make(epoch, batch, slots[slot]), dispose() {} };
}

interface Pending {
  resolve(count: number): void;
  reject(error: Error): void;
}

interface Lane {
  readonly handle: WorkerHandle;
  readonly pending: Map<number, Pending>;
}

/**
 * Slots filled by worker threads, batch n by worker n modulo `threads`.
 * `workerUrl`: where the worker's source is loaded from, instead of the text inside.
 */
export function createThreadedSlots(
  jobs: BatchJobs,
  sizes: SlotSizes,
  { threads, workerUrl }: { threads: number; workerUrl?: URL },
): BatchSlots {
  const slots = allocateSlots(sizes, (bytes) => new SharedArrayBuffer(bytes));
  const data: FeatureWorkerStart = { jobs, slots };
  let broken: EngineError | undefined;
  let nextId = 0;

  function stop(reason: EngineError): void {
    if (broken) return;
    broken = reason;
    for (const { handle, pending } of lanes) {
      for (const { reject } of pending.values()) reject(reason);
      pending.clear();
      void handle.terminate();
    }
  }

  function startLane(): Lane {
    const pending = new Map<number, Pending>();
    const handle = startWorker(workerUrl ?? workerSource, {
      data,
      onMessage(message) {
        const { id, count } = message as FeatureAnswer;
        const waiting = pending.get(id);
        pending.delete(id);
        if (pending.size === 0) handle.hold(false);
        waiting?.resolve(count);
      },
      onError: (cause) => stop(workerFault(cause)),
    });
    return { handle, pending };
  }
  const lanes = Array.from({ length: threads }, startLane);

  return {
    slots,
    fill(slot, epoch, batch) {
      if (broken) return Promise.reject(broken);
      const id = nextId++;
      const { handle, pending } = lanes[id % threads];
      return new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        handle.hold(true);
        handle.post({ id, epoch, batch, slot } satisfies FeatureJob);
      });
    },
    dispose() {
      stop(
        new EngineError(
          'disposed',
          'Cannot make a batch: expected a batch source in use, got a disposed one',
        ),
      );
    },
  };
}

function workerFault(cause: Error): EngineError {
  return new EngineError(
    'feature-worker',
    `Cannot make a batch: expected a running worker, got one that failed (${cause.message})`,
    { cause },
  );
}

function allocateSlots(sizes: SlotSizes, allocate: (bytes: number) => ArrayBufferLike): BatchArrays[] {
  const { count, batchSize, featureSize, labels } = sizes;
  return Array.from({ length: count }, () => ({
    features: new Float32Array(allocate(4 * batchSize * featureSize)),
    targets: new Float32Array(allocate(4 * batchSize * labels)),
    sampleWeights: new Float32Array(allocate(4 * batchSize)),
  }));
}
