import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createTensorflowEngine } from '../../../src/engine/tensorflow/tensorflow-engine.js';
import { EngineError } from '../../../src/errors.js';
import { caseData } from '../../support/case-data.js';
import { expectNoLeak } from '../../support/count-tensors.js';
import { runEngineContract } from '../../support/engine-contract.js';
import { OP_CASES } from '../../support/op-cases.js';

tf.enableProdMode();

const createEngine = () => createTensorflowEngine(tf, { backend: 'cpu' });
const graph = OP_CASES.find(({ name }) => name === 'graph: broadcast residual block')!;

describe('createTensorflowEngine', () => {
  runEngineContract(createEngine);

  it('names its backend as kernels', async () => {
    expect(await createEngine()).toMatchObject({ name: 'tensorflow', kernels: 'cpu' });
  });

  it('refuses a backend that is not registered', async () => {
    const attempt = createTensorflowEngine(tf, { backend: 'abacus' });
    await expect(attempt).rejects.toThrow(EngineError);
    await expect(attempt).rejects.toMatchObject({
      code: 'tensorflow-backend',
      message: expect.stringMatching(
        /^Cannot start TensorFlow.js: expected backend abacus to be there, got: /,
      ),
    });
    await tf.setBackend('cpu');
  });

  it('holds no more tensors after 100 steps than before', () => expectNoLeak(tf, createEngine));

  it('leaves no tensor behind after training and inference', async () => {
    const engine = await createEngine();
    const data = caseData(graph);
    const tensors = tf.memory().numTensors;
    const training = await engine.compileTraining(graph.graph, { ...graph, gradientsOf: data.gradientsOf });
    for (let n = 0; n < 3; n++) {
      await training.step({ ...data, count: graph.count, backward: n !== 1 });
      expect(tf.memory().numTensors).toBe(tensors);
    }
    const inference = await engine.compileInference(graph.graph, { maxBatch: graph.maxBatch });
    inference.assign({ ...data.parameters, ...data.statistics });
    const held = tf.memory().numTensors;
    inference.run(data.inputs, graph.count);
    inference.run(data.inputs, 1);
    expect(tf.memory().numTensors).toBe(held);
    inference.assign({ ...data.parameters, ...data.statistics });
    expect(tf.memory().numTensors).toBe(held);
    inference.dispose();
    training.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('says which graph failed on which backend, and leaves no tensor behind', async () => {
    const engine = await createEngine();
    const program = await engine.compileTraining(graph.graph, graph);
    const tensors = tf.memory().numTensors;
    const data = caseData(graph);
    const broken = { ...data.inputs, x: Object.assign([...data.inputs.x], { subarray: () => 'text' }) };
    const attempt = program.step({ ...data, inputs: broken as never, count: graph.count });
    await expect(attempt).rejects.toMatchObject({
      name: 'EngineError',
      code: 'tensorflow-failed',
      message: expect.stringMatching(/^Cannot run graph: broadcast residual block on the .* backend cpu: /),
    });
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it('refuses to run programs that were disposed of', async () => {
    const engine = await createEngine();
    const data = caseData(graph);
    const training = await engine.compileTraining(graph.graph, graph);
    training.dispose();
    await expect(training.step({ ...data, count: 1 })).rejects.toMatchObject({ code: 'disposed' });
    const inference = await engine.compileInference(graph.graph, { maxBatch: 1 });
    expect(() => inference.run(data.inputs, 1)).toThrow(/expected parameters, got none/);
  });
});
