#!/usr/bin/env node
/** The `hearken` command: wires the process to `run`. The only place that exits. */
import type { Io } from './io.js';
import { EXIT, run } from './run.js';

const controller = new AbortController();
let interrupts = 0;
process.on('SIGINT', () => {
  if (++interrupts > 1) process.exit(EXIT.interrupted);
  process.stderr.write('\nStopping (Ctrl-C again stops at once)\n');
  controller.abort();
});
process.on('SIGTERM', () => controller.abort());
// A reader that closes the pipe early (`| head`) ends the work; it is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed);
});

const io: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  signal: controller.signal,
  nowMs: () => performance.now(),
  argv: process.argv.slice(2),
};
const code = await run(io);
// Worker threads and timers must not hold the process; the empty write lets what was printed drain first.
process.stdout.write('', () => process.exit(code));
