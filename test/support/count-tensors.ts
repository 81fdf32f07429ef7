/** Training must not leave tensors behind: the backend never frees them by itself. */
import { expect } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import type { TensorFlow } from '../../src/engine/tensorflow/tensorflow.js';
import { caseData } from './case-data.js';
import { STRUCTURE_CASES } from './op-cases/structure-cases.js';

const STEPS = 100;
const BLOCK = STRUCTURE_CASES.find(({ name }) => name === 'graph: broadcast residual block')!;

/** 100 steps through norms, convolutions and rectifiers: `tf.memory()` counts after each what it counted before the first. */
export async function expectNoLeak(tf: TensorFlow, createEngine: () => Promise<Engine>): Promise<void> {
  const engine = await createEngine();
  const data = caseData(BLOCK);
  const before = tf.memory();
  const program = await engine.compileTraining(BLOCK.graph, { ...BLOCK, gradientsOf: data.gradientsOf });
  for (let n = 0; n < STEPS; n++) {
    await program.step({ ...data, count: BLOCK.count });
    const { numTensors, numBytes } = tf.memory();
    expect({ numTensors, numBytes }).toEqual({ numTensors: before.numTensors, numBytes: before.numBytes });
  }
  program.dispose();
}
