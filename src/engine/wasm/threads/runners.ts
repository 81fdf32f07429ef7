/** Runs shards: on this thread, or shared out among workers that hold the same memory. */
import { startWorker } from '#start-worker';
import { EngineError } from '../../../errors.js';
import { type KernelSource, kernelModule, startKernels } from '../binaries.js';
import type { WorkerHandle } from './worker-handle.js';
import { WORKER_SOURCE } from './worker-source.js';

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
  readonly kernels: KernelSource;
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

async function createPool({ kernels, threads, memory, programs }: RunnerOptions): Promise<Runner> {
  const module = await kernelModule('training-shared', kernels);
  const source = kernels.locate?.('worker.js') ?? WORKER_SOURCE;
  const members = programs
    .slice(0, threads)
    .map((program) => new Member(source, { module, memory, program }));
  try {
    await Promise.all(members.map((member) => member.ready()));
  } catch (error) {
    for (const member of members) member.terminate();
    throw error;
  }
  return {
    async run(job) {
      // Where one has failed, others may still be at work on the step that failed with it.
      const failed = members.find((member) => member.failure);
      if (failed) throw failed.failure;
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

  constructor(
    source: string | URL,
    data: { module: WebAssembly.Module; memory: WebAssembly.Memory; program: ThreadProgram },
  ) {
    this.#ready = this.#expect();
    this.#worker = startWorker(source, {
      data,
      onMessage: (message) => this.#hear(message),
      onError: (error) => this.#fail(error),
    });
    // What no one waits for must not end the process as an unhandled rejection.
    this.#ready.catch(() => {});
  }

  /** Why this worker answers nothing any more. */
  get failure(): Error | undefined {
    return this.#failure;
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

  #hear(message: unknown): void {
    const failure = typeof message === 'object' && message && 'failure' in message && message.failure;
    if (failure) this.#fail(new Error(`${failure}`));
    else this.#finish();
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
