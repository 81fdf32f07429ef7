/** Worker threads under Node, started from text; imported as `#start-worker`. */
import { Worker } from 'node:worker_threads';
import { EngineError } from '../../../errors.js';
import type { WorkerHandle, WorkerOptions } from './worker-handle.js';

/**
 * Gives a worker thread the three names of a web worker: `self`, `postMessage`, `onmessage`. Messages wait until
 * `onmessage` is set. One line, so that line numbers stay right; in a block, so that no name can clash.
 */
const WEB_WORKER_NAMES = [
  `import { parentPort as hearkenParentPort } from 'node:worker_threads';`,
  `{ let handler = null;`,
  `const define = (name, rest) => Object.defineProperty(globalThis, name, { configurable: true, ...rest });`,
  `define('self', { value: globalThis, writable: true });`,
  `define('postMessage', { value: (message, transfer) => hearkenParentPort.postMessage(message, transfer) });`,
  `define('onmessage', { get: () => handler, set: (next) => {`,
  `if (handler === null) hearkenParentPort.on('message', (data) => handler({ data })); handler = next; } }); } `,
].join(' ');

/**
 * Starts a worker from the text of an ES module (or from its URL) that is written as a web worker: it sets
 * `self.onmessage = ({ data }) => …` and answers with `self.postMessage(message, transfer)`.
 */
export function startWorker(source: string | URL, options: WorkerOptions): WorkerHandle {
  const body = typeof source === 'string' ? source : `await import(${JSON.stringify(source.href)});`;
  const text = Buffer.from(WEB_WORKER_NAMES + body).toString('base64');
  // A data: URL and not `eval`, which would read the text as CommonJS. execArgv: flags of the parent are not its.
  const worker = new Worker(new URL(`data:text/javascript;base64,${text}`), { execArgv: [] });
  let over = false;
  const fail = (error: Error) => {
    if (over) return;
    over = true;
    options.onError(error);
  };
  worker.on('message', (message) => {
    if (!over) options.onMessage(message);
  });
  worker.on('messageerror', (error) => fail(error));
  worker.on('error', (error) => fail(withoutDataUrl(error)));
  worker.on('exit', (code) => {
    fail(
      new EngineError(
        'worker-ended',
        `Cannot go on: expected a running worker, got one that ended with ${code}`,
      ),
    );
  });
  worker.unref();
  if (options.data !== undefined) worker.postMessage(options.data);
  return {
    post: (message, transfer) => worker.postMessage(message, transfer as ArrayBuffer[] | undefined),
    hold: (busy) => void (busy ? worker.ref() : worker.unref()),
    terminate: async () => {
      over = true;
      await worker.terminate();
    },
  };
}

/** The URL of such a worker is its whole text: stack traces name it `worker` instead. */
function withoutDataUrl(thrown: unknown): Error {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const stack = error.stack?.replaceAll(/data:text\/javascript;base64,[\w+/=]*/g, 'worker');
  // Defined, not assigned: Node 22 and newer hand such a stack out read-only.
  Object.defineProperty(error, 'stack', { value: stack, writable: true, configurable: true });
  return error;
}
