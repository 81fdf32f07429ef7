import { describe, expect, it } from 'vitest';
import { startWorker } from '../../../../src/engine/wasm/threads/start-worker.node.js';
import { WORKER_SOURCE } from '../../../../src/engine/wasm/threads/worker-source.js';

/** `(module (func (export "run") (param i32 i32 i32 i32) unreachable))` */
const TRAP = Uint8Array.from(
  '0061736d01000000010801600 47f7f7f7f00 03020100 070701 0372756e0000 0a05010300000b'
    .replaceAll(' ', '')
    .match(/../g)!,
  (byte) => Number.parseInt(byte, 16),
);

describe('the worker', () => {
  it('posts a fault of the kernels, which a browser would not report', async () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const module = await WebAssembly.compile(TRAP);
    const program = { registers: 0, start: 64, middle: 64, end: 64 };
    const messages: unknown[] = [];
    await new Promise<void>((resolve, reject) => {
      const worker = startWorker(WORKER_SOURCE, {
        data: { module, memory, program },
        onError: reject,
        onMessage: (message) => {
          if (messages.push(message) === 1)
            worker.post({ shards: [{ index: 0, first: 0, clips: 1 }], seed: 1 });
          else resolve(worker.terminate());
        },
      });
      worker.hold(true);
    });
    expect(messages).toEqual(['ready', { failure: 'RuntimeError: unreachable' }]);
  });
});
