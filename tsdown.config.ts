import { existsSync } from 'node:fs';
import { defineConfig } from 'tsdown';
import { kernelFiles } from './scripts/kernel-files.ts';

/** One entry a public door, and one for each file that package.json's `imports` names by platform. */
const ENTRIES = {
  index: 'src/index.ts',
  train: 'src/train.ts',
  'train.browser': 'src/train.browser.ts',
  models: 'src/models.ts',
  'cli/main': 'src/cli/main.ts',
  'start-worker.node': 'src/engine/wasm/threads/start-worker.node.ts',
  'start-worker.browser': 'src/engine/wasm/threads/start-worker.browser.ts',
  'read-file.node': 'src/formats/files/read-file.node.ts',
  'read-file.browser': 'src/formats/files/read-file.browser.ts',
};

export default defineConfig({
  entry: Object.fromEntries(Object.entries(ENTRIES).filter(([, path]) => existsSync(path))),
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  plugins: [kernelFiles()],
  // Left in place: Node or the app's bundler chooses the file by platform.
  deps: { neverBundle: [/^node:/, '#start-worker', '#read-file'] },
  // The doors that apps import; the rest is reached through them or run.
  dts: { entry: ['src/index.ts', 'src/train.ts', 'src/models.ts'].filter((path) => existsSync(path)) },
  fixedExtension: false,
  hash: false,
  outputOptions: { chunkFileNames: 'shared/[name].js' },
  sourcemap: false,
});
