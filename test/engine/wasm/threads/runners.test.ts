import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Engine, TrainingStep } from '../../../../src/engine/engine.js';
import { createWasmEngine } from '../../../../src/engine/wasm/wasm-engine.js';
import { EngineError } from '../../../../src/errors.js';
import { GraphBuilder } from '../../../../src/graph/builder.js';
import { sizeOf } from '../../../../src/graph/graph.js';

const SHAPE = [98, 40, 32] as const;
const CLIPS = 32;

let engine: Engine;
let workers: Worker[];
const keep = (worker: unknown) => void workers.push(worker as Worker);

beforeEach(async () => {
  workers = [];
  process.on('worker', keep as never);
  engine = await createWasmEngine();
});
afterEach(() => {
  process.off('worker', keep as never);
  engine.dispose();
});

/** A network whose step takes a while on two threads. */
async function slowProgram() {
  const builder = new GraphBuilder('slow');
  const conv = builder.conv2d(builder.input('x', SHAPE), { channels: 64, kernel: [3, 3] });
  const graph = builder.build({ outputs: [builder.globalAvgPool(conv)] });
  const options = { maxBatch: CLIPS, normShard: 4, threads: 2 };
  const program = await engine.compileTraining(graph, options);
  const step: TrainingStep = {
    inputs: { x: new Float32Array(CLIPS * sizeOf(SHAPE)) },
    count: CLIPS,
    seed: 1,
    outputGradients: { [graph.outputs[0]]: new Float32Array(CLIPS * 64) },
  };
  return { program, step };
}

const faultOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('a training program', () => {
  it.each([0, -1, 1.5, 257, 10_000, Number.NaN])('refuses %s threads', async (threads) => {
    const builder = new GraphBuilder('relu');
    const graph = builder.build({ outputs: [builder.relu(builder.input('x', [1, 1, 3]))] });
    const error = await faultOf(engine.compileTraining(graph, { maxBatch: 4, threads }));
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({
      code: 'threads',
      message: `Cannot compile: expected 1 to 256 threads, got ${threads}`,
    });
    expect(workers).toEqual([]);
  });

  it('fails the step whose worker is killed, and all that follow; others go on, and it can be disposed of', async () => {
    const { program, step } = await slowProgram();
    expect(workers).toHaveLength(2);
    const failing = faultOf(program.step(step));
    await workers[1].terminate();
    const error = await failing;
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({
      code: 'worker-ended',
      message: 'Cannot go on: expected a running worker, got one that ended with 1',
    });
    // One clip would be a shard of the worker that still lives.
    expect(await faultOf(program.step({ ...step, count: 1 }))).toBe(error);
    const ended = once(workers[0], 'exit');
    program.dispose();
    await ended;
    const other = await slowProgram();
    await expect(other.program.step({ ...step, count: 1 })).resolves.toMatchObject({ loss: 0 });
    other.program.dispose();
  });

  it('fails a step that is running when it is disposed of', async () => {
    const { program, step } = await slowProgram();
    const failing = faultOf(program.step(step));
    program.dispose();
    expect(await failing).toMatchObject({
      name: 'EngineError',
      code: 'worker-ended',
      message: 'Cannot go on: the program was disposed of while a step was running',
    });
  });

  it('refuses a step while another runs', async () => {
    const { program, step } = await slowProgram();
    const first = faultOf(program.step(step));
    expect(await faultOf(program.step(step))).toMatchObject({ name: 'EngineError', code: 'busy' });
    program.dispose();
    await first;
  });
});
