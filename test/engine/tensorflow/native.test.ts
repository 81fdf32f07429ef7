/** The op table on libtensorflow, where the user of this checkout has installed `@tensorflow/tfjs-node`. */
import { describe, expect, it } from 'vitest';
import { importTensorflow } from '../../../src/engine/tensorflow/load-tensorflow.js';
import { createTensorflowEngine } from '../../../src/engine/tensorflow/tensorflow-engine.js';
import { runEngineContract } from '../../support/engine-contract.js';
import { runOpCases } from '../../support/op-cases.js';

const tf = await importTensorflow(['@tensorflow/tfjs-node']).catch((error) => {
  if (error.code === 'tensorflow-missing') return undefined;
  throw error;
});

describe.runIf(tf)('createTensorflowEngine on tfjs-node', () => {
  const createEngine = () => createTensorflowEngine(tf!);

  it('runs on the native backend', async () => {
    expect((await createEngine()).kernels).toBe('tensorflow');
  });

  runOpCases(createEngine);
  runEngineContract(createEngine);
});
