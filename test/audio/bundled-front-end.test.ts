import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { rolldown } from 'rolldown';
import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createWasmFrontEnd } from '../../src/audio/wasm-front-end.js';
import { speechLike } from './clips.js';

const SOURCE = fileURLToPath(new URL('../../src/audio/wasm-front-end.ts', import.meta.url));

/** The front end bundled for a browser, with a worker around it that answers clips with maps. */
async function bundledWorker(): Promise<string> {
  const entry = '\0worker';
  const code = `
    import { parentPort } from 'node:worker_threads';
    import { createWasmFrontEnd } from ${JSON.stringify(SOURCE)};
    parentPort.on('message', async ({ config, clip }) => {
      delete globalThis.Buffer;
      parentPort.postMessage((await createWasmFrontEnd(config)).compute(clip));
    });`;
  const plugin = {
    name: 'entry',
    resolveId: (id: string) => (id === entry ? id : undefined),
    load: (id: string) => (id === entry ? code : undefined),
  };
  const build = await rolldown({
    input: entry,
    plugins: [plugin],
    platform: 'browser',
    external: ['node:worker_threads'],
  });
  const { output } = await build.generate({ format: 'esm', minify: true });
  await build.close();
  return output[0].code;
}

describe('createWasmFrontEnd in a bundle', () => {
  it('runs in a worker, without Buffer, Meyda or an asset beside it', async () => {
    const code = await bundledWorker();
    expect(code).not.toContain('Meyda');
    expect(code.match(/from\s*["'][^"']+["']/g)).toEqual(['from"node:worker_threads"']);
    expect(code.length).toBeLessThan(16_000);

    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    try {
      const clip = speechLike(8000, 0.5);
      const map = new Promise((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      worker.postMessage({ config: DEFAULT_FRONT_END, clip });
      expect(await map).toEqual((await createWasmFrontEnd(DEFAULT_FRONT_END)).compute(clip));
    } finally {
      await worker.terminate();
    }
  });
});
