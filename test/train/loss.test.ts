import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { logitsOf, withLoss } from '../../src/train/loss.js';
import { createNaiveEngine } from '../support/naive-engine.js';

/** Logits are the features themselves, frame by frame. */
function passThrough(frames: number) {
  const builder = new GraphBuilder('pass');
  const x = builder.input('features', [frames, 1, 3]);
  return builder.build({ outputs: [builder.dense(x, { channels: 3, bias: false, name: 'same' })] });
}

async function lossOf(graph: ReturnType<typeof withLoss>, inputs: Record<string, number[]>): Promise<number> {
  const program = await createNaiveEngine().compileTraining(graph, { maxBatch: 1 });
  program.parameters['same/weight'].set([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const arrays = Object.fromEntries(
    Object.entries(inputs).map(([name, values]) => [name, Float32Array.from(values)]),
  );
  return (await program.step({ inputs: arrays, count: 1, seed: 0 })).loss;
}

describe('withLoss', () => {
  it('leaves the graph for inference as it is', () => {
    const graph = passThrough(1);
    const before = structuredClone(graph);
    const trained = withLoss(graph, { distillation: { weight: 0.5, temperature: 2 } });
    expect(graph).toEqual(before);
    expect(trained.inputs).toEqual(['features', 'targets', 'teacher']);
    expect(trained.losses).toEqual(['loss', 'distillation']);
    checkGraph(trained);
  });

  it('is the cross-entropy worked out by hand', async () => {
    const features = [Math.log(1), Math.log(2), Math.log(5)];
    const loss = await lossOf(withLoss(passThrough(1)), { features, targets: [0.5, 0.5, 0] });
    expect(loss).toBeCloseTo(-0.5 * Math.log(1 / 8) - 0.5 * Math.log(2 / 8), 6);
  });

  it('mixes in the teacher at its temperature, scaled by its square', async () => {
    const graph = withLoss(passThrough(1), { distillation: { weight: 0.75, temperature: 2 } });
    const features = [0, 2 * Math.log(3), 0];
    const loss = await lossOf(graph, { features, targets: [1, 0, 0], teacher: [0.2, 0.3, 0.5] });
    const hard = Math.log(11);
    const soft = 0.7 * Math.log(5) + 0.3 * Math.log(5 / 3);
    expect(loss).toBeCloseTo(0.25 * hard + 0.75 * 4 * soft, 5);
  });

  it('averages logits over the frames first', async () => {
    const graph = withLoss(passThrough(2));
    checkGraph(graph);
    const loss = await lossOf(graph, { features: [2, 0, 0, -2, 0, 6], targets: [1, 0, 0] });
    expect(loss).toBeCloseTo(Math.log(2 + Math.exp(3)), 5);
  });

  it('refuses a graph of two outputs and one whose nodes have its names', () => {
    const builder = new GraphBuilder('bad');
    const x = builder.input('targets', [1, 1, 3]);
    expect(() => withLoss(builder.build({ outputs: [x] }))).toThrow(
      'Cannot train graph bad: expected no node named targets, got one',
    );
    expect(() => logitsOf(builder.build({ outputs: [x, x] }))).toThrow(ConfigError);
    expect(() => withLoss(builder.build({ outputs: [x, x] }))).toThrow('expected one output, got 2');
  });
});
