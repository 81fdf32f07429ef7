/** Every speech network on the wasm engine and on libtensorflow, where `@tensorflow/tfjs-node` is installed. */
import { describe, it } from 'vitest';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { importNative } from '../support/native-tensorflow.js';
import { expectParity, speechModels } from '../support/parity.js';

const tf = await importNative();

/** Maps of full size to the end: libtensorflow sums a norm's thousands of equal gradients one after the other in float32. */
const FULL_SIZE = ['res15', 'res15-narrow'];

describe.runIf(tf)('createTensorflowEngine on tfjs-node', () => {
  it.each(speechModels())('trains and infers %s as the wasm engine does', async (name) => {
    const wasm = await createWasmEngine({ kernels: 'strict' });
    const ofGradients = FULL_SIZE.includes(name) ? 1e-3 : undefined;
    await expectParity(await createTensorflowEngine(tf!), wasm, name, { ofGradients });
  });
});
