/** What `#start-worker` hands out, the same in Node and in a browser. */

export interface WorkerOptions {
  /** Posted as the worker's first message. */
  readonly data?: unknown;
  /** Receives what the worker posts, already cloned. */
  readonly onMessage: (message: unknown) => void;
  /** Called at most once: the worker threw, could not start or ended by itself. It answers nothing from then on. */
  readonly onError: (error: Error) => void;
}

export interface WorkerHandle {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /**
   * `true`: keep the process alive for this worker; `false`: let it end although the worker waits. A worker starts out
   * not held, so hold it while an answer is awaited. Does nothing in a browser.
   */
  hold(busy: boolean): void;
  /** Ends the worker, whatever it is doing; `onError` is not called. */
  terminate(): Promise<void>;
}
