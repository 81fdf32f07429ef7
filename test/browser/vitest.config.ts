/** The package in a real browser: `npm run test:browser`. */
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

const { test, ...shared } = base;

export default mergeConfig(
  shared,
  defineConfig({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    test: {
      include: ['test/browser/**/*.test.ts'],
      reporters: test?.reporters,
      testTimeout: 300_000,
      hookTimeout: 300_000,
    },
  }),
);
