import { describe } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { runEngineContract } from '../../support/engine-contract.js';
import { runOpCases } from '../../support/op-cases.js';

const createEngine = () => createWasmEngine({ kernels: 'strict' });

describe('createWasmEngine', () => {
  runOpCases(createEngine);
  runEngineContract(createEngine);
});
