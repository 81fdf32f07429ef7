/** One table of small graphs for every engine: forward, moments, loss and gradients against naive float64 loops. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine, TrainingResult } from '../../src/engine/engine.js';
import type { Tensors } from '../../src/graph/graph.js';
import { expectAllClose } from './all-close.js';
import { caseData } from './case-data.js';
import { CONVOLUTION_CASES } from './op-cases/convolution-cases.js';
import { LOSS_CASES } from './op-cases/loss-cases.js';
import { NORMALISATION_CASES } from './op-cases/normalisation-cases.js';
import type { OpCase } from './op-cases/op-case.js';
import { POOLING_CASES } from './op-cases/pooling-cases.js';
import { SHAPE_CASES } from './op-cases/shape-cases.js';
import { STRUCTURE_CASES } from './op-cases/structure-cases.js';
import { type GradientProbe, probeGradients, runReference } from './reference.js';

export const OP_CASES: readonly OpCase[] = [
  ...CONVOLUTION_CASES,
  ...NORMALISATION_CASES,
  ...POOLING_CASES,
  ...SHAPE_CASES,
  ...LOSS_CASES,
  ...STRUCTURE_CASES,
];

/** float32 sums of a few hundred terms, some divided by small deviations; relative to the largest number of a tensor. */
const RELATIVE = 5e-5;

/** Registers a test a case, for the engine that `createEngine` makes. */
export function runOpCases(createEngine: () => Promise<Engine>, cases: readonly OpCase[] = OP_CASES): void {
  describe.each(cases.map((entry) => [entry.name, entry] as const))('%s', (_, entry) => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await createEngine();
    });
    afterAll(() => engine.dispose());
    it('infers as naive loops do', () => checkInference(engine, entry));
    it('trains as naive loops and finite differences do', () => checkTraining(engine, entry));
  });
}

export async function checkInference(engine: Engine, entry: OpCase): Promise<void> {
  const { graph, count, maxBatch } = entry;
  const data = caseData(entry);
  const program = await engine.compileInference(graph, { maxBatch });
  program.assign({ ...data.parameters, ...data.statistics });
  const found = program.run(data.inputs, count);
  const expected = runReference(graph, { ...data, count, training: false });
  for (const name of graph.outputs) expectMap(found[name], expected.maps.get(name)!.data, name);
  program.dispose();
}

/** One training step of a case. */
export async function trainOnce(engine: Engine, entry: OpCase): Promise<TrainingResult> {
  const data = caseData(entry);
  const { maxBatch, normShard, count } = entry;
  const program = await engine.compileTraining(entry.graph, {
    maxBatch,
    normShard,
    gradientsOf: data.gradientsOf,
  });
  for (const [name, values] of Object.entries(data.parameters)) program.parameters[name].set(values);
  const { inputs, outputGradients, sampleWeights, seed } = data;
  const result = await program.step({ inputs, count, seed, sampleWeights, outputGradients });
  const copy = (tensors: Tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, values]) => [name, values.slice()]));
  const copied = {
    loss: result.loss,
    outputs: copy(result.outputs),
    gradients: copy(result.gradients),
    moments: copy(result.moments),
  };
  program.dispose();
  return copied;
}

export async function checkTraining(engine: Engine, entry: OpCase): Promise<void> {
  const { graph, count, normShard } = entry;
  const found = await trainOnce(engine, entry);
  const data = caseData(entry);
  const run = { ...data, count, normShard, training: true };
  const expected = runReference(graph, run);
  for (const name of graph.outputs) expectMap(found.outputs[name], expected.maps.get(name)!.data, name);
  expect(Math.abs(found.loss - expected.loss)).toBeLessThanOrEqual(RELATIVE * Math.abs(expected.loss));
  expect(Object.keys(found.moments).sort()).toEqual(Object.keys(graph.statistics).sort());
  for (const name of Object.keys(graph.statistics))
    expectAllClose(found.moments[name], expected.moments[name], { relative: RELATIVE }, name);
  checkGradients(found.gradients, probeGradients(graph, run, data.outputGradients, data.gradientsOf));
}

/** Tolerances count from the largest gradient of the whole case: a bias before a norm has none of its own. */
function checkGradients(found: Tensors, expected: Record<string, GradientProbe>): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  const slopes = (probe: GradientProbe) => probe.elements.map(({ slope }) => slope);
  const largest = Math.max(...Object.values(expected).flatMap(slopes).map(Math.abs));
  expect(largest).toBeGreaterThan(1e-3);
  for (const [name, probe] of Object.entries(expected)) {
    const gradient = found[name];
    expect(gradient.length, name).toBe(probe.size);
    const single = probe.elements.map(({ index }) => gradient[index]);
    const tolerance = { relative: RELATIVE, absolute: 1e-5 * largest };
    expectAllClose(single, slopes(probe), tolerance, `gradient of ${name}`);
    for (const { direction, slope } of probe.directions) {
      const product = gradient.reduce((sum, value, i) => sum + value * direction[i], 0);
      const allowed = { absolute: 2e-5 * largest * Math.sqrt(probe.size) };
      expectAllClose([product], [slope], allowed, `gradient of ${name} along a direction`);
    }
  }
}

/** Programs may hand out arrays longer than the clips they were given. */
function expectMap(found: Float32Array, expected: Float64Array, what: string): void {
  expectAllClose(found.subarray(0, expected.length), expected, { relative: RELATIVE }, what);
}
