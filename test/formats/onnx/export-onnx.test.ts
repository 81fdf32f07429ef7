import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { ModelFileError } from '../../../src/errors.js';
import { clipSamples, type Model } from '../../../src/formats/model.js';
import { exportOnnx } from '../../../src/formats/onnx/export-onnx.js';
import { nodesByName } from '../../../src/graph/graph.js';
import { runOnnx } from '../../support/onnx-runtime.js';
import { QUICK_MODELS } from '../../support/parity.js';
import { tinyModel } from '../../support/tiny-model.js';
import {
  expectSameScores,
  mixedFeatures,
  ownScores,
  soundClips,
  trainedLikeModel,
} from '../../support/trained-like.js';

const engine = await createWasmEngine({ kernels: 'strict' });
const COUNT = 2;
const FRAMES = 16;

describe('exportOnnx', () => {
  // The others: test/parity/exports.test.ts.
  it.each(QUICK_MODELS)('gives ONNX Runtime the scores of %s', async (name) => {
    const model = await trainedLikeModel(engine, name, FRAMES);
    const [frames, bands, maps] = nodesByName(model.graph).get('features')!.shape;
    const features = mixedFeatures(model.frontEnd, COUNT, frames);
    const inputs = { features: { data: features, dims: [COUNT, frames, bands, maps] } };
    const outputs = await runOnnx(exportOnnx(model), inputs);
    expect([outputs.logits.dims, outputs.scores.dims]).toEqual([
      [COUNT, 5],
      [COUNT, 5],
    ]);
    expectSameScores(outputs, await ownScores(engine, model, features, COUNT));
  });

  it.each(['ghost-25k', 'bc-resnet-1', 'bl-am-tiny'])('takes raw samples for %s when asked', async (name) => {
    const model = await trainedLikeModel(engine, name, 98);
    const samples = clipSamples(model);
    const { clips, features } = soundClips(model.frontEnd, 3, samples);
    const data = Float32Array.from(clips.flatMap((clip) => Array.from(clip)));
    const bytes = exportOnnx(model, { withFrontEnd: true });
    const outputs = await runOnnx(bytes, { samples: { data, dims: [3, samples] } });
    expectSameScores(outputs, await ownScores(engine, model, features, 3));
    // The front end's matrices are made by nodes: as numbers they would be a megabyte.
    expect(bytes.length - exportOnnx(model).length).toBeLessThan(40_000);
  });

  it('gives equal bytes for equal models', () => {
    expect(exportOnnx(tinyModel())).toEqual(exportOnnx(tinyModel()));
  });

  it('keeps apart what a graph calls like its doors', async () => {
    const { graph, ...rest } = tinyModel();
    const renamed = JSON.parse(
      JSON.stringify(graph)
        .replaceAll(/(?<!"kind":)"relu"/g, '"scores"')
        .replaceAll('"norm"', '"samples"'),
    );
    const model: Model = { ...rest, graph: renamed };
    const shape = nodesByName(graph).get('features')!.shape;
    const features = mixedFeatures(model.frontEnd, 1, shape[0]);
    const outputs = await runOnnx(exportOnnx(model), {
      features: { data: features, dims: [1, ...shape] },
    });
    expectSameScores(outputs, await ownScores(engine, { ...rest, graph }, features, 1));
  });

  it('refuses a model that is not sound', () => {
    const model = tinyModel();
    const damaged = { ...model, parameters: { ...model.parameters, 'logits/bias': new Float32Array(2) } };
    let thrown: unknown;
    try {
      exportOnnx(damaged);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ModelFileError);
    expect(thrown).toMatchObject({
      code: 'model-tensor',
      message: 'Cannot export model tiny: expected parameter logits/bias of shape 3, got 2 numbers',
    });
  });
});
