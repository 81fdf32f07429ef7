/** What every engine promises beyond the numbers of its ops: src/engine/engine.ts, sentence by sentence. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, TrainingProgram, TrainingResult, TrainingStep } from '../../src/engine/engine.js';
import { ConfigError, ShapeError } from '../../src/errors.js';
import type { Tensors } from '../../src/graph/graph.js';
import { type CaseData, caseData } from './case-data.js';
import { opCase } from './op-cases/op-case.js';

/** A small classifier with a norm, channel dropout and a loss: five clips in shards of two. */
const CLASSIFIER = opCase(
  'contract: classifier',
  (g) => {
    const x = g.input('x', [4, 5, 2]);
    const y = g.relu(
      g.batchNorm(g.conv2d(x, { channels: 6, kernel: [3, 3], name: 'conv' }), { name: 'norm' }),
    );
    const dropped = g.dropout(g.globalAvgPool(y), 0.4, { unit: 'channel' });
    const logits = g.dense(dropped, { channels: 3, name: 'logits' });
    return { outputs: [logits], losses: [g.softmaxCrossEntropy(logits, g.input('targets', [1, 1, 3]))] };
  },
  { count: 5, maxBatch: 6, normShard: 2, probabilities: ['targets'], sampleWeights: true },
);

const DATA = caseData(CLASSIFIER);

/** Everything of a result as plain lists, so that two can be compared to the bit. */
function bytesOf({ loss, outputs, gradients, moments }: TrainingResult, count: number) {
  const lists = (tensors: Tensors, size?: number) =>
    Object.fromEntries(
      Object.entries(tensors)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, values]) => [name, Array.from(values.subarray(0, size))]),
    );
  return { loss, outputs: lists(outputs, 3 * count), gradients: lists(gradients), moments: lists(moments) };
}

function stepOf(data: CaseData, change: Partial<TrainingStep> = {}): TrainingStep {
  const { inputs, sampleWeights, seed } = data;
  return { inputs, sampleWeights, seed, count: CLASSIFIER.count, ...change };
}

export function runEngineContract(createEngine: () => Promise<Engine>): void {
  let engine: Engine;
  beforeAll(async () => {
    engine = await createEngine();
  });
  afterAll(() => engine.dispose());
  describe('compileTraining', () => trainingContract(() => engine));
  describe('compileInference', () => inferenceContract(() => engine));
}

async function trainingProgram(
  engine: Engine,
  gradientsOf: readonly string[] = [],
): Promise<TrainingProgram> {
  const { graph, maxBatch, normShard } = CLASSIFIER;
  const program = await engine.compileTraining(graph, { maxBatch, normShard, gradientsOf });
  for (const [name, values] of Object.entries(DATA.parameters)) program.parameters[name].set(values);
  return program;
}

function trainingContract(engine: () => Engine): void {
  it('gives the same bytes for the same step, in one program and in another', async () => {
    const program = await trainingProgram(engine());
    const first = bytesOf(await program.step(stepOf(DATA)), 5);
    await program.step(
      stepOf(DATA, { count: 6, inputs: longer(DATA.inputs), sampleWeights: undefined, seed: 9 }),
    );
    expect(bytesOf(await program.step(stepOf(DATA)), 5)).toEqual(first);
    const other = await trainingProgram(engine());
    expect(bytesOf(await other.step(stepOf(DATA)), 5)).toEqual(first);
    program.dispose();
    other.dispose();
  });

  it('draws other noise for another seed', async () => {
    const program = await trainingProgram(engine());
    const first = bytesOf(await program.step(stepOf(DATA, { seed: 1 })), 5);
    const second = bytesOf(await program.step(stepOf(DATA, { seed: 2 })), 5);
    expect(second.outputs).not.toEqual(first.outputs);
    expect(second.moments).toEqual(first.moments);
    program.dispose();
  });

  it('reads its live parameters anew in every step and leaves them alone', async () => {
    const program = await trainingProgram(engine());
    const before = bytesOf(await program.step(stepOf(DATA)), 5);
    expect(Array.from(program.parameters['conv/weight'])).toEqual(Array.from(DATA.parameters['conv/weight']));
    program.parameters['logits/bias'][0] += 1;
    const after = bytesOf(await program.step(stepOf(DATA)), 5);
    expect(after.outputs.logits[0]).toBeCloseTo(before.outputs.logits[0] + 1, 5);
    expect(after.outputs.logits[1]).toBe(before.outputs.logits[1]);
    program.dispose();
  });

  it('runs forward alone when asked, with the same loss, outputs and moments', async () => {
    const program = await trainingProgram(engine());
    const whole = bytesOf(await program.step(stepOf(DATA)), 5);
    const forward = bytesOf(await program.step(stepOf(DATA, { backward: false })), 5);
    expect({ ...forward, gradients: null }).toEqual({ ...whole, gradients: null });
    program.dispose();
  });

  it('differentiates the named inputs only when asked', async () => {
    const without = await trainingProgram(engine());
    const parameters = Object.keys(DATA.parameters).sort();
    expect(Object.keys((await without.step(stepOf(DATA))).gradients).sort()).toEqual(parameters);
    const program = await trainingProgram(engine(), ['x']);
    const { gradients } = await program.step(stepOf(DATA));
    expect(Object.keys(gradients).sort()).toEqual([...parameters, 'x'].sort());
    expect(gradients.x.subarray(0, 5 * 40).some((value) => value !== 0)).toBe(true);
    without.dispose();
    program.dispose();
  });

  it('reads no more of its inputs than count clips', async () => {
    const program = await trainingProgram(engine());
    const exact = bytesOf(await program.step(stepOf(DATA)), 5);
    expect(bytesOf(await program.step(stepOf(DATA, { inputs: longer(DATA.inputs) })), 5)).toEqual(exact);
    program.dispose();
  });

  it.each([0, 7, 1.5])('refuses %s clips', async (count) => {
    const program = await trainingProgram(engine());
    await expect(program.step(stepOf(DATA, { count }))).rejects.toThrow(ShapeError);
    program.dispose();
  });

  it('refuses inputs that are missing or too short, by name', async () => {
    const program = await trainingProgram(engine());
    const { x, targets } = DATA.inputs;
    await expect(program.step(stepOf(DATA, { inputs: { x } }))).rejects.toThrow(/targets/);
    const short = { x: x.subarray(1), targets };
    await expect(program.step(stepOf(DATA, { inputs: short }))).rejects.toThrow(ShapeError);
    program.dispose();
  });

  it('refuses gradients of an input that the graph does not have', async () => {
    await expect(trainingProgram(engine(), ['y'])).rejects.toThrow(ConfigError);
  });
}

function inferenceContract(engine: () => Engine): void {
  const tensors = { ...DATA.parameters, ...DATA.statistics };
  const { graph, maxBatch } = CLASSIFIER;
  const firstOf = (outputs: Tensors, count: number) => Array.from(outputs.logits.subarray(0, 3 * count));

  it('copies what it is assigned and ignores names it does not know', async () => {
    const program = await engine().compileInference(graph, { maxBatch });
    const given = Object.fromEntries(Object.entries(tensors).map(([name, values]) => [name, values.slice()]));
    program.assign({ ...given, 'another/weight': new Float32Array(3) });
    const before = firstOf(program.run(DATA.inputs, 5), 5);
    for (const values of Object.values(given)) values.fill(0);
    expect(firstOf(program.run(DATA.inputs, 5), 5)).toEqual(before);
    program.dispose();
  });

  it('scores a clip alike alone and in a batch', async () => {
    const program = await engine().compileInference(graph, { maxBatch });
    program.assign(tensors);
    const batch = firstOf(program.run(DATA.inputs, 5), 5);
    for (let clip = 0; clip < 5; clip++) {
      const x = DATA.inputs.x.subarray(clip * 40, (clip + 1) * 40);
      const alone = firstOf(program.run({ ...DATA.inputs, x }, 1), 1);
      alone.forEach((score, i) => {
        expect(score).toBeCloseTo(batch[clip * 3 + i], 5);
      });
    }
    program.dispose();
  });

  it('takes other parameters later', async () => {
    const program = await engine().compileInference(graph, { maxBatch });
    program.assign(tensors);
    const before = firstOf(program.run(DATA.inputs, 2), 2);
    program.assign({ ...tensors, 'logits/bias': tensors['logits/bias'].map((value) => value + 2) });
    const after = firstOf(program.run(DATA.inputs, 2), 2);
    after.forEach((score, i) => {
      expect(score).toBeCloseTo(before[i] + 2, 5);
    });
    program.dispose();
  });

  it('refuses a parameter or statistic of the wrong size, by name', async () => {
    const program = await engine().compileInference(graph, { maxBatch });
    const assign = (name: string) => () => program.assign({ ...tensors, [name]: new Float32Array(5) });
    expect(assign('conv/weight')).toThrow(ShapeError);
    expect(assign('conv/weight')).toThrow(/conv\/weight.*got 5/);
    expect(assign('norm/variance')).toThrow(/norm\/variance.*got 5/);
    program.dispose();
  });

  it('refuses more clips than it was made for', async () => {
    const program = await engine().compileInference(graph, { maxBatch });
    program.assign(tensors);
    expect(() => program.run(longer(DATA.inputs), 7)).toThrow(ShapeError);
    program.dispose();
  });
}

/** The same arrays with room for two more clips, filled with numbers that must not matter. */
function longer(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, values]) => {
      const result = new Float32Array((values.length / 5) * 7).fill(0.25);
      result.set(values);
      return [name, result];
    }),
  );
}
