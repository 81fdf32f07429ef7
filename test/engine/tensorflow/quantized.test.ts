import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { createTensorflowEngine } from '../../../src/engine/tensorflow/tensorflow-engine.js';
import { EngineError } from '../../../src/errors.js';
import { createRecognizer } from '../../../src/stream/recognizer.js';
import { quantizedModel } from '../../support/quantized-model.js';

it('createTensorflowEngine refuses quantised networks, which it would score otherwise', async () => {
  const engine = await createTensorflowEngine(tf, { backend: 'cpu' });
  const attempt = createRecognizer(quantizedModel(), { engine });
  await expect(attempt).rejects.toBeInstanceOf(EngineError);
  await expect(attempt).rejects.toMatchObject({
    code: 'quantization',
    message:
      'Cannot compile tiny for TensorFlow.js: expected float32 weights, got a quantised network, which the wasm engine alone runs',
  });
});
