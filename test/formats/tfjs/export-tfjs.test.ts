import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { ModelFileError } from '../../../src/errors.js';
import { exportTfjs } from '../../../src/formats/tfjs/export-tfjs.js';
import { nodesByName } from '../../../src/graph/graph.js';
import { QUICK_MODELS } from '../../support/parity.js';
import { predictWith, runGraphModel } from '../../support/tfjs-graph-model.js';
import { tinyModel } from '../../support/tiny-model.js';
import { expectSameScores, mixedFeatures, ownScores, trainedLikeModel } from '../../support/trained-like.js';

const engine = await createWasmEngine({ kernels: 'strict' });
const COUNT = 2;
const FRAMES = 16;

describe('exportTfjs', () => {
  // The others: test/parity/exports.test.ts.
  it.each(QUICK_MODELS)('gives TensorFlow.js the scores of %s', async (name) => {
    const model = await trainedLikeModel(engine, name, FRAMES);
    const { shape } = nodesByName(model.graph).get('features')!;
    const features = mixedFeatures(model.frontEnd, COUNT, shape[0]);
    const inputs = { features: { data: features, dims: [COUNT, ...shape] } };
    const outputs = await runGraphModel(exportTfjs(model), inputs);
    expect([outputs.logits.dims, outputs.scores.dims]).toEqual([
      [COUNT, 5],
      [COUNT, 5],
    ]);
    expectSameScores(outputs, await ownScores(engine, model, features, COUNT));
  });

  it('writes what `tf.loadGraphModel` reads from an address, labels with it', async () => {
    const model = tinyModel();
    const files: Record<string, Uint8Array> = { ...exportTfjs(model) };
    const server = createServer((request, response) => {
      response.end(files[request.url!.slice(1)]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      await tf.setBackend('cpu');
      const { port } = server.address() as AddressInfo;
      const loaded = await tf.loadGraphModel(`http://127.0.0.1:${port}/model.json`);
      const { hearken } = loaded.metadata as { hearken: Record<string, string> };
      expect(JSON.parse(hearken.labels)).toEqual(model.labels);
      expect(JSON.parse(hearken.frontEnd)).toEqual(model.frontEnd);
      const { shape } = nodesByName(model.graph).get('features')!;
      const features = mixedFeatures(model.frontEnd, 1, shape[0]);
      const outputs = predictWith(loaded, { features: { data: features, dims: [1, ...shape] } });
      expectSameScores(outputs, await ownScores(engine, model, features, 1));
    } finally {
      server.close();
    }
  });

  it('gives equal bytes for equal models', () => {
    expect(exportTfjs(tinyModel())).toEqual(exportTfjs(tinyModel()));
  });

  it('refuses a model that is not sound', () => {
    let thrown: unknown;
    try {
      exportTfjs({ ...tinyModel(), clipMs: 1000 });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ModelFileError);
    expect(thrown).toMatchObject({
      code: 'model-input',
      message: expect.stringMatching(/^Cannot export model tiny: expected an input of .* 98×40×1, got /),
    });
  });
});
