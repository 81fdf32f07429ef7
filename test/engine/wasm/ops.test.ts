import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { runOpCases } from '../../support/op-cases.js';

const source = new URL('../../../src/engine/wasm/wasm-engine.ts', import.meta.url);

describe.runIf(existsSync(source))('createWasmEngine', () => {
  runOpCases(async () =>
    (await import(/* @vite-ignore */ source.href)).createWasmEngine({ kernels: 'strict' }),
  );
});
