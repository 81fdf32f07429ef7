import { existsSync } from 'node:fs';
import { describe } from 'vitest';
import { runEngineContract } from '../../support/engine-contract.js';
import { runOpCases } from '../../support/op-cases.js';

const source = new URL('../../../src/engine/wasm/wasm-engine.ts', import.meta.url);

const createEngine = async () =>
  (await import(/* @vite-ignore */ source.href)).createWasmEngine({ kernels: 'strict' });

describe.runIf(existsSync(source))('createWasmEngine', () => {
  runOpCases(createEngine);
  runEngineContract(createEngine);
});
