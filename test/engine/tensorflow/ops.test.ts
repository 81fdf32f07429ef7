import * as tf from '@tensorflow/tfjs';
import { describe } from 'vitest';
import { createTensorflowEngine } from '../../../src/engine/tensorflow/tensorflow-engine.js';
import { runOpCases } from '../../support/op-cases.js';

tf.enableProdMode();

describe('createTensorflowEngine', () => {
  runOpCases(() => createTensorflowEngine(tf, { backend: 'cpu' }));
});
