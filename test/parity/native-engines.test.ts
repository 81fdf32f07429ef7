/** Every speech network on the wasm engine and on libtensorflow, where `@tensorflow/tfjs-node` is installed. */
import { describe, it } from 'vitest';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { importNative } from '../support/native-tensorflow.js';
import { expectParity, LARGE_BATCH, speechModels } from '../support/parity.js';

const tf = await importNative();

describe.runIf(tf)('createTensorflowEngine on tfjs-node', () => {
  it.each(speechModels())('trains and infers %s as the wasm engine does', async (name) => {
    const wasm = await createWasmEngine({ kernels: 'strict' });
    await expectParity(await createTensorflowEngine(tf!), wasm, name, LARGE_BATCH);
  });
});
