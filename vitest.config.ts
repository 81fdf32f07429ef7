import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      '#start-worker': source('./src/engine/wasm/threads/start-worker.node.ts'),
      '#read-file': source('./src/formats/files/read-file.node.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/parity/**'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
