import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';
import { afterEach, describe, expect, it } from 'vitest';
import { startWorker } from '../../../../src/engine/wasm/threads/start-worker.node.js';
import type { WorkerHandle } from '../../../../src/engine/wasm/threads/worker-handle.js';

const ECHO = `self.onmessage = ({ data }) => self.postMessage({ echo: data });`;
let running: WorkerHandle | undefined;

afterEach(() => running?.terminate());

/** The next `count` messages of a worker, or its error. */
function collect(source: string | URL, count: number, posts: unknown[], data?: unknown): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    const messages: unknown[] = [];
    const onMessage = (message: unknown) => {
      if (messages.push(message) === count) resolve(messages);
    };
    running = startWorker(source, { onMessage, onError: reject, ...(data === undefined ? {} : { data }) });
    running.hold(true);
    for (const post of posts) running.post(post);
  });
}

describe('startWorker', () => {
  it('posts `data` first, then the messages in order', async () => {
    expect(await collect(ECHO, 3, ['a', 'b'], 'first')).toEqual([
      { echo: 'first' },
      { echo: 'a' },
      { echo: 'b' },
    ]);
  });

  it('runs the text as an ES module and keeps messages until `onmessage` is set', async () => {
    const source = `const late = await new Promise((go) => setImmediate(go, 'late')); const hearken = 1, handler = 2;
      self.onmessage = ({ data }) => self.postMessage(late + data + typeof import.meta.url);`;
    expect(await collect(source, 1, ['!'])).toEqual(['late!string']);
  });

  it('shares memory and moves buffers both ways', async () => {
    const shared = new Int32Array(new SharedArrayBuffer(4));
    const source = `self.onmessage = ({ data }) => { Atomics.store(data.shared, 0, 7); self.postMessage(data.moved, [data.moved]); };`;
    const moved = new Uint8Array([1, 2, 3]).buffer;
    const answer = await new Promise((resolve, reject) => {
      running = startWorker(source, { onMessage: resolve, onError: reject });
      running.hold(true);
      running.post({ shared, moved }, [moved]);
    });
    expect(moved.byteLength).toBe(0);
    expect(new Uint8Array(answer as ArrayBuffer)).toEqual(new Uint8Array([1, 2, 3]));
    expect(shared[0]).toBe(7);
  });

  it('starts from a URL', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hearken-worker-'));
    try {
      writeFileSync(join(folder, 'echo worker.mjs'), ECHO);
      expect(await collect(pathToFileURL(join(folder, 'echo worker.mjs')), 1, [5])).toEqual([{ echo: 5 }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('reports what the worker throws, without its text in the stack', async () => {
    const failure = collect(`self.onmessage = () => { throw new RangeError('too far'); };`, 1, ['go']);
    await expect(failure).rejects.toThrow(new RangeError('too far'));
    const error = (await failure.catch((reason: unknown) => reason)) as Error;
    expect(error.stack).not.toContain('base64');
  });

  it('reports a worker that cannot be parsed', async () => {
    await expect(collect('this is no program', 1, [])).rejects.toThrow(SyntaxError);
  });

  it('reports a worker that ends by itself, as an EngineError', async () => {
    await expect(collect(`self.onmessage = () => process.exit(3);`, 1, ['go'])).rejects.toMatchObject({
      name: 'EngineError',
      code: 'worker-ended',
      message: 'Cannot go on: expected a running worker, got one that ended with 3',
    });
  });

  it('does not call onError when terminated', async () => {
    const errors: Error[] = [];
    const handle = startWorker('for (;;);', { onMessage: () => {}, onError: (error) => errors.push(error) });
    await handle.terminate();
    await new Promise((resolve) => setImmediate(resolve));
    expect(errors).toEqual([]);
  });

  it('lets the process end while it waits, not while it is held', async () => {
    // Bundled, as Node 20 cannot run the TypeScript source in a process of its own.
    const input = fileURLToPath(
      new URL('../../../../src/engine/wasm/threads/start-worker.node.ts', import.meta.url),
    );
    const bundle = await rolldown({ input, platform: 'node' });
    const { output } = await bundle.generate({ format: 'esm' });
    const run = (hold: boolean) => {
      const program = `${output[0].code}
        const worker = startWorker(${JSON.stringify(ECHO)}, { onError: console.error, onMessage: () => {
          console.log('answered'); worker.hold(false); } });
        worker.hold(${hold}); worker.post(1);`;
      return String(
        execFileSync(process.execPath, ['--input-type=module', '-e', program], { timeout: 20_000 }),
      );
    };
    expect(run(false)).toBe('');
    expect(run(true)).toBe('answered\n');
  });
});
