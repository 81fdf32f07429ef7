/** Progress on stderr: a bar on a terminal, a plain line every few seconds elsewhere. */
import { SingleBar } from 'cli-progress';
import type { Io } from './io.js';

export interface Progress {
  /** `done` of the total so far, and what else to show, such as `loss 0.71`. */
  update(done: number, details?: string): void;
  /** Ends the bar or writes the last line. */
  finish(details?: string): void;
}

export interface ProgressOptions {
  /** What is going on: "reading", "epoch 3/30". */
  readonly label: string;
  readonly total: number;
  /** What is counted, in the plural: "clips". */
  readonly unit: string;
  /** Where a resumed piece of work begins; the rate leaves it out. Default 0. */
  readonly start?: number;
}

const PLAIN_LINE_EVERY_MS = 5000;

/** Starts showing progress; every `createProgress` needs one `finish`. */
export function createProgress(io: Io, options: ProgressOptions): Progress {
  const startedMs = io.nowMs();
  const status = (done: number, details: string): string =>
    statusOf(options, done, io.nowMs() - startedMs, details);
  return io.stderr.isTTY ? createBar(io, options, status) : createLines(io, options, status);
}

function statusOf(options: ProgressOptions, done: number, elapsedMs: number, details: string): string {
  const fresh = done - (options.start ?? 0);
  const perSecond = elapsedMs > 0 ? (1000 * fresh) / elapsedMs : 0;
  const parts = [`${done}/${options.total} ${options.unit}`];
  if (perSecond > 0) parts.push(`${formatRate(perSecond)}/s`);
  if (details) parts.push(details);
  if (perSecond > 0 && done < options.total)
    parts.push(`${formatDuration((options.total - done) / perSecond)} left`);
  return parts.join(' · ');
}

type Status = (done: number, details: string) => string;

function createBar(io: Io, options: ProgressOptions, status: Status): Progress {
  const bar = new SingleBar({
    stream: io.stderr as NodeJS.WritableStream,
    format: '{label} {bar} {percentage}% · {status}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    // The signal of Ctrl-C is ours; a listener of the bar's would swallow it.
    gracefulExit: false,
    fps: 8,
  });
  let last = options.start ?? 0;
  const payload = (details: string) => ({ label: options.label, status: status(last, details) });
  bar.start(options.total, last, payload(''));
  return {
    update(done, details = '') {
      last = done;
      bar.update(done, payload(details));
    },
    finish(details = '') {
      bar.update(last, payload(details));
      bar.stop();
    },
  };
}

function createLines(io: Io, options: ProgressOptions, status: Status): Progress {
  let last = options.start ?? 0;
  let lineMs = io.nowMs();
  let written = '';
  const line = (details: string) => {
    const text = `${options.label}: ${status(last, details)}\n`;
    if (text !== written) io.stderr.write((written = text));
  };
  return {
    update(done, details = '') {
      last = done;
      if (io.nowMs() - lineMs < PLAIN_LINE_EVERY_MS) return;
      lineMs = io.nowMs();
      line(details);
    },
    finish(details = '') {
      line(details);
    },
  };
}

function formatRate(perSecond: number): string {
  return perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toPrecision(2);
}

/** "8 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
