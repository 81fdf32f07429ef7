/** Every speech network as a model file; those for images: test/parity/originals*.test.ts. */
import { afterAll, describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import type { Model } from '../../src/formats/model.js';
import { sizeOf } from '../../src/graph/graph.js';
import { MODELS } from '../../src/models/models.js';
import { hashText, Random } from '../../src/numerics/random.js';
import { drawParameters, drawStatistics, normals } from '../support/case-data.js';
import { speechModels } from '../support/parity.js';
import { saveAndLoad } from '../support/saving.js';
import { frontEndOf, ownScores } from '../support/trained-like.js';

const engine = await createWasmEngine({ kernels: 'strict' });
afterAll(() => engine.dispose());

const LABELS = ['yes', 'no', '_unknown_'];

function drawnModel(name: string): Model {
  const { input, build } = MODELS[name];
  const graph = build({ labels: LABELS.length });
  return {
    name,
    graph,
    labels: LABELS,
    frontEnd: frontEndOf(name),
    clipMs: 30 + 10 * (input[0] - 1),
    parameters: drawParameters(graph, 3),
    statistics: drawStatistics(graph, 3),
  };
}

describe('decodeModel', () => {
  it.each(speechModels())('gives %s back bit by bit, with its scores', async (name) => {
    const model = drawnModel(name);
    const features = normals(new Random(hashText(name)), sizeOf(MODELS[name].input));
    const own = await ownScores(engine, model, features, 1);
    expect(own.logits.every(Number.isFinite)).toBe(true);
    expect(new Set(own.logits).size).toBe(LABELS.length);
    expect(await ownScores(engine, saveAndLoad(model), features, 1)).toEqual(own);
  });
});
