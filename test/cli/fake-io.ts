import type { Io } from '../../src/cli/io.js';
import { run } from '../../src/cli/run.js';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface FakeIo extends Io {
  readonly written: { stdout: string; stderr: string };
  /** Moves the clock. */
  pass(ms: number): void;
}

/** Streams that keep what is written, and a clock that stands still unless moved. */
export function createFakeIo(argv: readonly string[], signal = new AbortController().signal): FakeIo {
  const written = { stdout: '', stderr: '' };
  let ms = 0;
  return {
    written,
    argv,
    signal,
    stdout: { write: (text: string) => void (written.stdout += text) },
    stderr: { write: (text: string) => void (written.stderr += text) },
    nowMs: () => ms,
    pass: (more) => void (ms += more),
  };
}

/** Runs one command line in this process. */
export async function hearken(...argv: string[]): Promise<Ran> {
  const io = createFakeIo(argv);
  const code = await run(io);
  return { code, ...io.written };
}
