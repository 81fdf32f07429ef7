/** Tiny networks on the tensorflow engine against naive float64 loops and differences along random directions. */
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import type { Tensors } from '../../src/graph/graph.js';
import { hashText, Random } from '../../src/numerics/random.js';
import { expectAllClose } from '../support/all-close.js';
import { normals } from '../support/case-data.js';
import { parityData, parityGraph, QUICK_MODELS, stepOn } from '../support/parity.js';
import { objectiveOf, runReference } from '../support/reference.js';

tf.enableProdMode();

/** Small: a step through tens of thousands of parameters at once must not carry a rectifier over its corner. */
const STEP = 1e-9;

let engine: Engine;
beforeAll(async () => {
  engine = await createTensorflowEngine(tf, { backend: 'cpu' });
});

it.each(QUICK_MODELS)('%s trains as float64 loops do', async (name) => {
  const graph = parityGraph(name);
  const data = parityData(graph);
  const { parameters, step, batch } = data;
  const result = await stepOn(engine, graph, data);
  const run = { ...step, parameters, statistics: {}, normShard: batch.normShard, training: true };
  const expected = runReference(graph, run);
  expectAllClose(result.outputs.logits, expected.maps.get('logits')!.data, { relative: 1e-4 });
  expect(result.loss / expected.loss).toBeCloseTo(1, 5);
  for (const name of Object.keys(graph.statistics))
    expectAllClose(result.moments[name], expected.moments[name], { relative: 1e-4 }, name);

  const direction = randomDirection(parameters);
  const along = (size: number) => {
    const moved = runReference(graph, { ...run, parameters: movedBy(parameters, direction, size) });
    return objectiveOf(graph, moved, step.outputGradients!);
  };
  const slope = (along(STEP) - along(-STEP)) / (2 * STEP);
  const { found, norm } = alongDirection(result.gradients, direction);
  // Along a random direction the slope is about as large as the gradient's norm.
  expect(Math.abs(found - slope)).toBeLessThan(1e-3 * norm);
});

function randomDirection(tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { length }]) => [name, normals(new Random(hashText(name)), length)]),
  );
}

/** The gradient's product with a direction, and its own length. */
function alongDirection(gradients: Tensors, direction: Tensors) {
  let found = 0;
  let squares = 0;
  for (const [name, steps] of Object.entries(direction))
    steps.forEach((step, i) => {
      found += step * gradients[name][i];
      squares += gradients[name][i] ** 2;
    });
  return { found, norm: Math.sqrt(squares) };
}

function movedBy(tensors: Tensors, direction: Tensors, size: number): Record<string, Float64Array> {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, values]) => [
      name,
      Float64Array.from(values, (value, i) => value + size * direction[name][i]),
    ]),
  );
}
