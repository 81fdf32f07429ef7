/** Runs shards: on this thread, or shared out among workers that hold the same memory. */
import { startWorker } from '#start-worker';
import { EngineError } from '../../../errors.js';
import { type KernelSet, kernelModule, startKernels } from '../binaries.js';
import type { WorkerHandle } from './worker-handle.js';

/** Addresses of one thread's program: its registers, forward from start to middle, backward from there to end. */
export interface ThreadProgram {
  readonly registers: number;
  readonly start: number;
  readonly middle: number;
  readonly end: number;
}

export interface Shard {
  readonly index: number;
  readonly first: number;
  readonly clips: number;
}

export interface Job {
  readonly shards: readonly Shard[];
  readonly seed: number;
  readonly inverseCount: number;
  readonly backward: boolean;
}

export interface Runner {
  run(job: Job): Promise<void>;
  dispose(): void;
}

export interface RunnerOptions {
  readonly kernels: KernelSet;
  readonly threads: number;
  readonly memory: WebAssembly.Memory;
  readonly programs: readonly ThreadProgram[];
}

export async function createRunners(options: RunnerOptions): Promise<Runner> {
  return options.threads === 1 ? createSingle(options) : createPool(options);
}

async function createSingle({ kernels, memory, programs }: RunnerOptions): Promise<Runner> {
  const instance = await startKernels('training', kernels, memory);
  const [program] = programs;
  return {
    async run({ shards, seed, inverseCount, backward }) {
      const words = new Uint32Array(memory.buffer, program.registers, 4);
      const reals = new Float32Array(memory.buffer, program.registers, 4);
      for (const shard of shards) {
        words[0] = seed;
        words[1] = shard.first;
        reals[2] = inverseCount;
        words[3] = shard.index;
        instance.run(program.start, backward ? program.end : program.middle, shard.clips, program.registers);
      }
    },
    dispose() {},
  };
}

/** The worker's whole program, as text: it starts the kernels on the shared memory and runs the shards it is given. */
const WORKER_SOURCE = `
let kernels, memory, program;
self.onmessage = async ({ data }) => {
  if (data.module) {
    ({ memory, program } = data);
    kernels = (await WebAssembly.instantiate(data.module, { env: { memory } })).exports;
    self.postMessage('ready');
    return;
  }
  const words = new Uint32Array(memory.buffer, program.registers, 4);
  const reals = new Float32Array(memory.buffer, program.registers, 4);
  for (const shard of data.shards) {
    words[0] = data.seed;
    words[1] = shard.first;
    reals[2] = data.inverseCount;
    words[3] = shard.index;
    kernels.run(program.start, data.backward ? program.end : program.middle, shard.clips, program.registers);
  }
  self.postMessage('done');
};
`;

async function createPool({ kernels, threads, memory, programs }: RunnerOptions): Promise<Runner> {
  const module = await kernelModule('training-shared', kernels);
  const members = programs.slice(0, threads).map((program) => new Member({ module, memory, program }));
  try {
    await Promise.all(members.map((member) => member.ready()));
  } catch (error) {
    for (const member of members) member.terminate();
    throw error;
  }
  return {
    async run(job) {
      // Round robin: shards are of one size but the last, so this shares the work evenly and needs no queue.
      const lots = members.map((_, i) => job.shards.filter((shard) => shard.index % members.length === i));
      await Promise.all(
        members.map((member, i) => (lots[i].length ? member.send({ ...job, shards: lots[i] }) : undefined)),
      );
    },
    dispose() {
      for (const member of members) member.terminate();
    },
  };
}

/** One worker; at most one message is under way, and it ends with the worker's answer or its death. */
class Member {
  readonly #worker: WorkerHandle;
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #failure: Error | undefined;
  readonly #ready: Promise<void>;

  constructor(data: { module: WebAssembly.Module; memory: WebAssembly.Memory; program: ThreadProgram }) {
    this.#ready = this.#expect();
    this.#worker = startWorker(WORKER_SOURCE, {
      data,
      onMessage: () => this.#finish(),
      onError: (error) => this.#fail(error),
    });
    // What no one waits for must not end the process as an unhandled rejection.
    this.#ready.catch(() => {});
  }

  ready(): Promise<void> {
    this.#worker.hold(true);
    return this.#ready;
  }

  send(job: Job): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    const answer = this.#expect();
    this.#worker.hold(true);
    this.#worker.post(job);
    return answer;
  }

  terminate(): void {
    this.#fail(
      new EngineError('worker-ended', 'Cannot go on: the program was disposed of while a step was running'),
    );
    void this.#worker.terminate();
  }

  #expect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  #finish(): void {
    this.#worker.hold(false);
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve();
  }

  #fail(cause: Error): void {
    this.#failure ??=
      cause instanceof EngineError
        ? cause
        : new EngineError('worker-failed', `Cannot go on: a training thread failed (${cause.message})`, {
            cause,
          });
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.reject(this.#failure);
  }
}
