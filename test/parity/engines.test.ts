/** Every speech network that the quick tests leave out, on both engines. */
import * as tf from '@tensorflow/tfjs';
import { describe, it } from 'vitest';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { expectParity, LARGE_BATCH, QUICK_MODELS, speechModels } from '../support/parity.js';

tf.enableProdMode();

describe('createWasmEngine', () => {
  it.each(speechModels().filter((name) => !QUICK_MODELS.includes(name)))(
    'trains and infers %s as the tensorflow engine does',
    async (name) => {
      const tensorflow = await createTensorflowEngine(tf, { backend: 'cpu' });
      await expectParity(await createWasmEngine({ kernels: 'strict' }), tensorflow, name, LARGE_BATCH);
    },
  );
});
