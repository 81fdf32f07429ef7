/** Puts the kernels and the workers' sources beside the code as files, for apps that serve them by their addresses. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'rolldown';
import { WORKER_SOURCE } from '../src/engine/wasm/threads/worker-source.ts';

/** The text that a module made by build-kernels.mjs holds. */
function textOf(name: string): string {
  const module = readFileSync(new URL(`../src/${name}.ts`, import.meta.url), 'utf8');
  const literal = module.match(/^const text: string = (".*");$/m);
  if (!literal) throw new Error(`Cannot read ${name}.ts: expected a text, got none; run "npm run kernels"`);
  return JSON.parse(literal[1]);
}

/** A plugin that adds the folder `kernels` to what is built; src/engine/wasm/assets.ts names its files. */
export function kernelFiles(): Plugin {
  return {
    name: 'kernel-files',
    generateBundle() {
      for (const kind of ['inference', 'inference-int8', 'training', 'training-shared']) {
        for (const set of ['strict', 'relaxed']) {
          const source = Buffer.from(textOf(`engine/wasm/generated/${kind}-${set}`), 'base64');
          this.emitFile({ type: 'asset', fileName: `kernels/${kind}-${set}.wasm`, source });
        }
      }
      this.emitFile({ type: 'asset', fileName: 'kernels/worker.js', source: WORKER_SOURCE });
      const source = textOf('train/generated/feature-worker');
      this.emitFile({ type: 'asset', fileName: 'kernels/feature-worker.js', source });
    },
  };
}
