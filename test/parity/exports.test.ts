/** Every speech network, exported, at its own size: other runtimes give the scores of ours. */
import { describe, it } from 'vitest';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { exportOnnx } from '../../src/formats/onnx/export-onnx.js';
import { nodesByName } from '../../src/graph/graph.js';
import { MODELS } from '../../src/models/models.js';
import { runOnnx } from '../support/onnx-runtime.js';
import { speechModels } from '../support/parity.js';
import { expectSameScores, mixedFeatures, ownScores, trainedLikeModel } from '../support/trained-like.js';

const engine = await createWasmEngine({ kernels: 'strict' });
/** Two clips of sound, two of noise. */
const COUNT = 4;

describe('exportOnnx', () => {
  it.each(speechModels())('gives ONNX Runtime the scores of %s', async (name) => {
    const model = await trainedLikeModel(engine, name, MODELS[name].input[0]);
    const { shape } = nodesByName(model.graph).get('features')!;
    const features = mixedFeatures(model.frontEnd, COUNT, shape[0]);
    const { outputs } = await runOnnx(exportOnnx(model), {
      features: { data: features, dims: [COUNT, ...shape] },
    });
    expectSameScores(outputs, await ownScores(engine, model, features, COUNT));
  });
});
