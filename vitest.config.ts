import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Where continuous integration wants machine-readable counts. */
const reports = process.env.HEARKEN_TEST_REPORTS;

export default defineConfig({
  resolve: {
    alias: {
      '#start-worker': source('./src/engine/wasm/threads/start-worker.node.ts'),
      '#read-file': source('./src/formats/files/read-file.node.ts'),
    },
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/parity/**', 'test/browser/**'],
    reporters: reports
      ? ['default', ['json', { outputFile: `${reports}/${process.pid}.json` }]]
      : ['default'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
