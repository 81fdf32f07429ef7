/** The op table on libtensorflow, where `@tensorflow/tfjs-node` is installed or HEARKEN_TFJS names its folder. */
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../src/engine/engine.js';
import { createTensorflowEngine } from '../../../src/engine/tensorflow/tensorflow-engine.js';
import { GraphBuilder } from '../../../src/graph/builder.js';
import { expectNoLeak } from '../../support/count-tensors.js';
import { runEngineContract } from '../../support/engine-contract.js';
import { importNative } from '../../support/native-tensorflow.js';
import { runOpCases } from '../../support/op-cases.js';

const tf = await importNative();

type Execute = (op: string, ...given: unknown[]) => unknown;

/** Names of the library's ops that a training step of convolution, norm and rectifier runs. */
async function opsOfStep(engine: Engine, gradientsOf: readonly string[] = []): Promise<string[]> {
  const g = new GraphBuilder('block');
  const x = g.conv2d(g.input('x', [4, 5, 2]), { channels: 3, kernel: [3, 3], name: 'conv' });
  const graph = g.build({ outputs: [g.relu(g.batchNorm(x))] });
  const program = await engine.compileTraining(graph, { maxBatch: 2, gradientsOf });
  const names: string[] = [];
  const backend = tf!.backend() as unknown as { binding: Record<'executeOp', Execute> };
  const { binding } = backend;
  const executeOp: Execute = (op, ...given) => {
    names.push(op);
    return binding.executeOp(op, ...given);
  };
  backend.binding = Object.create(binding, { executeOp: { value: executeOp } });
  try {
    const outputGradients = { relu: new Float32Array(120).fill(1) };
    await program.step({ inputs: { x: new Float32Array(80).fill(1) }, count: 2, seed: 1, outputGradients });
    return names;
  } finally {
    backend.binding = binding;
    program.dispose();
  }
}

describe.runIf(tf)('createTensorflowEngine on tfjs-node', () => {
  const createEngine = () => createTensorflowEngine(tf!);

  it('runs on the native backend', async () => {
    expect((await createEngine()).kernels).toBe('tensorflow');
  });

  it('trains by the native kernels unless told not to', async () => {
    const stock = await createTensorflowEngine(tf!, { nativeKernels: false });
    expect(stock.kernels).toBe('tensorflow-stock');
    expect(await opsOfStep(stock)).not.toContain('FusedBatchNormV3');
    const ops = await opsOfStep(await createEngine());
    expect(ops).toEqual(expect.arrayContaining(['FusedBatchNormV3', 'FusedBatchNormGradV3', 'ReluGrad']));
    expect(ops).not.toContain('PadV2');
  });

  it('holds no more tensors after 100 steps than before', () => expectNoLeak(tf!, createEngine));

  it('takes no gradient of a map that nobody asks for', async () => {
    expect(await opsOfStep(await createEngine())).not.toContain('Conv2DBackpropInput');
    expect(await opsOfStep(await createEngine(), ['x'])).toContain('Conv2DBackpropInput');
  });

  runOpCases(createEngine);
  runEngineContract(createEngine);
});
