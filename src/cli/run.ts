/** Runs one command line and says how it ended. */
import { CommanderError } from 'commander';
import { ConfigError, HearkenError } from '../errors.js';
import { type Io, note } from './io.js';
import { createProgram } from './program.js';
import { UsageError } from './usage-error.js';

/** Done · the work failed · misuse · stopped by Ctrl-C. */
export const EXIT = { done: 0, failed: 1, misuse: 2, interrupted: 130 } as const;

/** Which flag helps, by the code of the error, and the verbs that take it. */
const HINTS: Readonly<Record<string, { readonly hint: string; readonly verbs: readonly string[] }>> = {
  'unusable-files': { hint: '--max-unreadable-share allows more', verbs: ['train', 'evaluate'] },
};

/**
 * Runs `io.argv` and returns the exit code: 0 done, 1 the work failed (one line; the stack only of faults of ours),
 * 2 misuse, 130 stopped by `io.signal`. Never throws.
 */
export async function run(io: Io): Promise<number> {
  try {
    await createProgram(io).parseAsync([...io.argv], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    return explain(error, io);
  }
}

function explain(error: unknown, io: Io): number {
  // Help and version come as errors with exit code 0; everything else of commander's is misuse, told by itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.misuse;
  if (io.signal.aborted) {
    note(io, 'Stopped');
    return EXIT.interrupted;
  }
  if (error instanceof UsageError || isUnknownName(error)) {
    note(io, `error: ${error.message}`);
    return EXIT.misuse;
  }
  if (error instanceof HearkenError) note(io, `error: ${error.message}${hintOn(error, io)}`);
  else note(io, isSystemError(error) ? `error: ${error.message}` : stackOf(error));
  return EXIT.failed;
}

/** A network that does not exist: what commander would refuse if the names were choices of an option. */
function isUnknownName(error: unknown): error is ConfigError {
  return error instanceof ConfigError && error.code === 'model-name';
}

function hintOn({ code }: HearkenError, { argv }: Io): string {
  if (!Object.hasOwn(HINTS, code)) return '';
  const { hint, verbs } = HINTS[code];
  return verbs.includes(argv[0]) ? ` (${hint})` : '';
}

/** A failure of the operating system (no such file, no permission, disk full): its message names call and path. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'errno' in error;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : `Thrown: ${String(error)}`;
}
