/** The deepest networks for images on the wasm engine and on libtensorflow, where `@tensorflow/tfjs-node` is installed. */
import { describe } from 'vitest';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { importNative } from '../support/native-tensorflow.js';
import { describeDeeper } from '../support/originals.js';

const tf = await importNative();

describe.runIf(tf)('createTensorflowEngine on tfjs-node', () =>
  describeDeeper(() => createTensorflowEngine(tf!)),
);
