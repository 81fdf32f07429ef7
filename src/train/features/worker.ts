/** A worker that fills batches; bundled into generated/feature-worker.ts and started from that text. */
import { type BatchArrays, type BatchJobs, type BatchMaker, createBatchMaker } from './make-batches.js';

/** The first message. */
export interface FeatureWorkerStart {
  readonly jobs: BatchJobs;
  /** Shared memory that batches are written to. */
  readonly slots: readonly BatchArrays[];
}

/** The other messages: fill a slot. */
export interface FeatureJob {
  readonly id: number;
  readonly epoch: number;
  readonly batch: number;
  readonly slot: number;
}

export interface FeatureAnswer {
  readonly id: number;
  readonly count: number;
}

interface WorkerScope {
  onmessage: ((event: { data: FeatureWorkerStart | FeatureJob }) => void) | null;
  postMessage(message: FeatureAnswer): void;
}

const scope = globalThis as unknown as WorkerScope;
let slots: readonly BatchArrays[];
let starting: Promise<BatchMaker> | undefined;

scope.onmessage = ({ data }) => {
  if ('jobs' in data) {
    slots = data.slots;
    starting = createBatchMaker(data.jobs);
    return;
  }
  const answering = starting!.then((maker) => {
    scope.postMessage({ id: data.id, count: maker.make(data.epoch, data.batch, slots[data.slot]) });
  });
  // Thrown outside of the promise, because browsers tell a page of a worker's uncaught errors only, not of its rejections.
  answering.catch((error: unknown) =>
    queueMicrotask(() => {
      throw error;
    }),
  );
};
