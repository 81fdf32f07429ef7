/** Web workers in a browser (or Deno), started from text; imported as `#start-worker`. */
import { EngineError } from '../../../errors.js';
import type { WorkerHandle, WorkerOptions } from './worker-handle.js';

/**
 * Starts a module worker from its text, or from a URL where the page's content-security policy forbids `blob:`.
 * The text is written as a web worker: it sets `self.onmessage` and answers with `self.postMessage`.
 */
export function startWorker(source: string | URL, options: WorkerOptions): WorkerHandle {
  const blobUrl =
    typeof source === 'string'
      ? URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
      : undefined;
  const worker = new Worker(blobUrl ?? source, { type: 'module' });
  let over = false;
  // Browsers fetch the text before they report anything; only then may the URL be let go.
  const release = () => {
    if (blobUrl !== undefined) URL.revokeObjectURL(blobUrl);
  };
  const fail = (error: Error) => {
    if (over) return;
    over = true;
    release();
    options.onError(error);
  };
  worker.onmessage = ({ data }) => {
    release();
    if (!over) options.onMessage(data);
  };
  worker.onmessageerror = () => fail(workerFault('an unreadable message'));
  worker.onerror = (event) => {
    event.preventDefault?.();
    fail(
      workerFault(
        event.message ||
          'one that did not load (the page may forbid blob: workers: then serve the files of dist/kernels and name their address as `assets`)',
        event.error,
      ),
    );
  };
  if (options.data !== undefined) worker.postMessage(options.data);
  return {
    post: (message, transfer) => worker.postMessage(message, (transfer ?? []) as ArrayBuffer[]),
    hold: () => {},
    terminate: async () => {
      over = true;
      release();
      worker.terminate();
    },
  };
}

function workerFault(got: string, cause?: unknown): EngineError {
  return new EngineError('worker-failed', `Cannot go on: expected a running worker, got ${got}`, { cause });
}
