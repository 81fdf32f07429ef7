/** What a verb may touch of the world outside: two streams, the signal of Ctrl-C and a clock. Tests hand in their own. */

/** A place to write text; `isTTY` and `columns` as Node's terminal streams have them. */
export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface Io {
  /** Results, and nothing else. */
  readonly stdout: TextStream;
  /** Progress, warnings, errors. */
  readonly stderr: TextStream;
  /** Aborted by the first Ctrl-C: stop at the next safe point, keep what can be resumed. */
  readonly signal: AbortSignal;
  /** Milliseconds since some fixed moment; for rates and durations only. */
  nowMs(): number;
  /** The arguments after `hearken`, for the report's exact command. */
  readonly argv: readonly string[];
}

/** A line for people on stderr. */
export function note(io: Io, line: string): void {
  io.stderr.write(`${line}\n`);
}

/** The result of a verb on stdout: with `--json` exactly one JSON value, else the text made for people. */
export function printResult(io: Io, options: { json?: boolean }, value: unknown, text: () => string): void {
  io.stdout.write(`${options.json ? JSON.stringify(value) : text()}\n`);
}
