/** Every speech network, exported: other runtimes give the scores of ours. */
import { describe, it } from 'vitest';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { exportOnnx } from '../../src/formats/onnx/export-onnx.js';
import { exportTfjs } from '../../src/formats/tfjs/export-tfjs.js';
import { nodesByName } from '../../src/graph/graph.js';
import { MODELS } from '../../src/models/models.js';
import { runOnnx } from '../support/onnx-runtime.js';
import { speechModels } from '../support/parity.js';
import { runGraphModel } from '../support/tfjs-graph-model.js';
import { expectSameScores, mixedFeatures, ownScores, trainedLikeModel } from '../support/trained-like.js';

const engine = await createWasmEngine({ kernels: 'strict' });
/** Two clips of sound, two of noise. */
const COUNT = 4;

describe('exportOnnx', () => {
  it.each(speechModels())('gives ONNX Runtime the scores of %s', async (name) => {
    const model = await trainedLikeModel(engine, name, MODELS[name].input[0]);
    const { shape } = nodesByName(model.graph).get('features')!;
    const features = mixedFeatures(model.frontEnd, COUNT, shape[0]);
    const outputs = await runOnnx(exportOnnx(model), {
      features: { data: features, dims: [COUNT, ...shape] },
    });
    expectSameScores(outputs, await ownScores(engine, model, features, COUNT));
  });
});

/** The cpu backend is slow: two clips are enough beside the comparison of each op. */
const FEW = 2;

describe('exportTfjs', () => {
  it.each(speechModels())('gives TensorFlow.js the scores of %s', async (name) => {
    const model = await trainedLikeModel(engine, name, 32);
    const { shape } = nodesByName(model.graph).get('features')!;
    const features = mixedFeatures(model.frontEnd, FEW, shape[0]);
    const inputs = { features: { data: features, dims: [FEW, ...shape] } };
    const outputs = await runGraphModel(exportTfjs(model), inputs);
    expectSameScores(outputs, await ownScores(engine, model, features, FEW));
  });
});
