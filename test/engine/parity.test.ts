/** The two engines on whole networks, one of each family. The others stand in test/parity. */
import * as tf from '@tensorflow/tfjs';
import { describe, it } from 'vitest';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { expectParity, expectStep, QUICK_MODELS, SMALL_BATCH, speechModels } from '../support/parity.js';

tf.enableProdMode();

const createWasm = () => createWasmEngine({ kernels: 'strict' });

describe('createWasmEngine', () => {
  // Seconds each, minutes where other work fills the machine: the cpu backend is slow.
  it.each(QUICK_MODELS)(
    'trains and infers %s as the tensorflow engine does',
    { timeout: 300_000 },
    async (name) => {
      const tensorflow = await createTensorflowEngine(tf, { backend: 'cpu' });
      await expectParity(await createWasm(), tensorflow, name, { batch: SMALL_BATCH });
    },
  );

  it.each(speechModels().filter((name) => !QUICK_MODELS.includes(name)))(
    'trains a step of %s',
    async (name) => {
      const engine = await createWasm();
      await expectStep(engine, name);
      engine.dispose();
    },
  );
});
