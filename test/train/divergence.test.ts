import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { EngineError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { type Graph, sizeOf, type Tensors } from '../../src/graph/graph.js';
import { initializeParameters } from '../../src/graph/initialize.js';
import { divergence, firstNonFinite, isDivergence, lastNonFinite } from '../../src/train/divergence.js';
import { TARGETS, withLoss } from '../../src/train/loss.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { TOY_SHAPE, toyGraph } from '../support/toy-clips.js';

const COUNT = 5;

let wasm: Engine;
beforeAll(async () => {
  wasm = await createWasmEngine();
});
afterAll(() => wasm.dispose());

/** What one step of the toy network needs; `spoil` puts something in that overflows. */
function toyStep(spoil: (parts: { parameters: Tensors; inputs: Tensors }) => void) {
  const graph = withLoss(toyGraph());
  const parameters = initializeParameters(graph, 1);
  const features = Float32Array.from({ length: COUNT * sizeOf(TOY_SHAPE) }, (_, i) => Math.sin(i));
  const targets = new Float32Array(COUNT * 3).fill(1 / 3);
  const inputs: Tensors = { features, [TARGETS]: targets };
  spoil({ parameters, inputs });
  return { graph, parameters, inputs, count: COUNT, seed: 1, normShard: 2 };
}

describe('firstNonFinite', () => {
  const cases: [string, string | undefined, Parameters<typeof toyStep>[0]][] = [
    ['nothing', undefined, () => {}],
    ['features', 'input features', ({ inputs }) => inputs.features.fill(Number.NaN, 7, 8)],
    ['targets', 'input targets', ({ inputs }) => inputs[TARGETS].fill(Number.POSITIVE_INFINITY, 4, 5)],
    ['the hidden layer', 'layer hidden', ({ parameters }) => parameters['hidden/weight'].fill(3e38)],
    ['the second norm', 'layer norm-2', ({ parameters }) => parameters['norm-2/beta'].fill(Number.NaN, 2, 3)],
    ['the head', 'layer head', ({ parameters }) => parameters['head/bias'].fill(Number.NaN, 1, 2)],
  ];

  it.each(cases)('finds %s: %s', async (_, place, spoil) => {
    for (const engine of [wasm, createNaiveEngine()]) {
      expect(await firstNonFinite({ engine, ...toyStep(spoil) }), engine.name).toBe(place);
    }
  });

  it('looks no further than the clips of the batch', async () => {
    const step = toyStep(({ inputs }) => {
      inputs.features = Float32Array.from([...inputs.features, Number.NaN]);
    });
    expect(await firstNonFinite({ engine: wasm, ...step })).toBeUndefined();
  });

  it('leaves the parameters as they are', async () => {
    const step = toyStep(({ parameters }) => parameters['head/bias'].fill(Number.NaN));
    const before = structuredClone(step.parameters);
    await firstNonFinite({ engine: wasm, ...step });
    expect(step.parameters).toEqual(before);
  });

  it('finds a layer behind more maps than are looked at together', async () => {
    const builder = new GraphBuilder('large');
    // 6 million numbers a map: two go together.
    let map = builder.input('x', [1500, 1000, 1]);
    for (const name of ['a', 'b', 'c', 'overflows', 'e']) map = builder.multiply(map, map, { name });
    const graph: Graph = builder.build({ outputs: [map] });
    // 1e3 → 1e6 → 1e12 → 1e24 → more than a float32 holds.
    const inputs = { x: new Float32Array(4 * 1500 * 1000).fill(1e3) };
    const step = { graph, parameters: {}, inputs, count: 4, seed: 1, normShard: 4 };
    expect(await firstNonFinite({ engine: wasm, ...step })).toBe('layer overflows');
  });
});

describe('lastNonFinite', () => {
  it('names the layer nearest to the loss, from which gradients come', () => {
    const gradients = initializeParameters(toyGraph(), 1);
    expect(lastNonFinite(toyGraph(), gradients)).toBeUndefined();
    gradients['norm/gamma'][1] = Number.NaN;
    gradients['hidden/weight'][3] = Number.NEGATIVE_INFINITY;
    expect(lastNonFinite(toyGraph(), gradients)).toBe('the gradient of layer hidden (hidden/weight)');
  });
});

describe('divergence', () => {
  it('counts steps and epochs from 1 and names the place where it is known', () => {
    const state = { step: 6, epoch: 1 };
    const error = divergence('loss', Number.NaN, state, 'layer head');
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({
      code: 'training-diverged',
      value: 7,
      message:
        'Cannot go on training: expected a finite loss, got NaN at step 7 (epoch 2), first in layer head; a lower learning rate may help',
    });
    expect(isDivergence(error)).toBe(true);
    expect(isDivergence(new EngineError('busy', ''))).toBe(false);
    expect(divergence('loss', Infinity, state).message).toContain(
      'got Infinity at step 7 (epoch 2); a lower',
    );
  });
});
