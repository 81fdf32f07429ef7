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
  const measure = (done: number): Measured => measureRate(options, done, io.nowMs() - startedMs);
  return io.stderr.isTTY ? createBar(io, options, measure) : createLines(io, options, measure);
}

/** Texts, empty where not known yet. */
interface Measured {
  readonly rate: string;
  readonly left: string;
}

function measureRate(options: ProgressOptions, done: number, elapsedMs: number): Measured {
  const fresh = done - (options.start ?? 0);
  if (!(elapsedMs > 0 && fresh > 0)) return { rate: '', left: '' };
  const perSecond = (1000 * fresh) / elapsedMs;
  const isOver = done >= options.total;
  return {
    rate: formatRate(perSecond),
    left: isOver ? '' : `${formatDuration((options.total - done) / perSecond)} left`,
  };
}

type Measure = (done: number) => Measured;

function createBar(io: Io, options: ProgressOptions, measure: Measure): Progress {
  const bar = new SingleBar({
    stream: io.stderr as NodeJS.WritableStream,
    format: '{label} {bar} {percentage}%{status}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 20,
    hideCursor: true,
    // The signal of Ctrl-C is ours; a listener of the bar's would swallow it.
    gracefulExit: false,
    fps: 8,
  });
  let last = options.start ?? 0;
  // What matters most stands first: a narrow terminal cuts the end off.
  const payload = (details: string) => {
    const { rate, left } = measure(last);
    const parts = [left, details, rate && `${rate} ${options.unit}/s`].filter(Boolean);
    return { label: options.label, status: parts.map((part) => ` · ${part}`).join('') };
  };
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

function createLines(io: Io, options: ProgressOptions, measure: Measure): Progress {
  let last = options.start ?? 0;
  let lineMs = io.nowMs();
  let written = '';
  const line = (details: string) => {
    const { rate, left } = measure(last);
    const count = `${last}/${options.total} ${options.unit}`;
    const parts = [count, rate && `${rate}/s`, details, left].filter(Boolean);
    const text = `${options.label}: ${parts.join(' · ')}\n`;
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

/** Two figures below a hundred, whole numbers above: "0.31", "23", "1480". */
export function formatRate(perSecond: number): string {
  return perSecond >= 100 ? perSecond.toFixed(0) : perSecond.toPrecision(2);
}

/** "8 s", "3 min 20 s", "2 h 5 min". */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
