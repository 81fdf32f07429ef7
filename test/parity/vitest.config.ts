/** The slow comparisons of whole networks: `npm run test:parity`. */
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

const { test, ...shared } = base;

export default mergeConfig(
  shared,
  defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    test: {
      include: ['test/parity/**/*.test.ts'],
      reporters: test?.reporters,
      // As many as CI has cores.
      maxWorkers: 2,
      testTimeout: 600_000,
      hookTimeout: 600_000,
    },
  }),
);
