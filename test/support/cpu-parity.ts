/** The wasm engine beside the cpu backend of TensorFlow.js, which is always there. */
import * as tf from '@tensorflow/tfjs';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { expectParity } from './parity.js';

tf.enableProdMode();

/** Compares every number of a network's training step and inference. */
export async function expectCpuParity(name: string): Promise<void> {
  const tensorflow = await createTensorflowEngine(tf, { backend: 'cpu' });
  await expectParity(await createWasmEngine({ kernels: 'strict' }), tensorflow, name);
}
