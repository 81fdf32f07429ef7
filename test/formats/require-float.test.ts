import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { ConfigError } from '../../src/errors.js';
import { exportOnnx } from '../../src/formats/onnx/export-onnx.js';
import { exportTfjs } from '../../src/formats/tfjs/export-tfjs.js';
import { initializeFrom } from '../../src/train/transfer.js';
import { quantizedModel } from '../support/quantized-model.js';

const model = quantizedModel();
const { graph, labels } = model;

describe('requireFloat', () => {
  it.each<[string, () => unknown, string]>([
    ['exportOnnx', () => exportOnnx(model), 'export model tiny'],
    ['exportTfjs', () => exportTfjs(model), 'export model tiny'],
    [
      'initializeFrom',
      () => initializeFrom({ model, graph, labels, frontEnd: DEFAULT_FRONT_END, seed: 1 }),
      'start from tiny',
    ],
  ])('keeps quantised models out of %s', (_, run, doing) => {
    expect(run).toThrow(ConfigError);
    expect(run).toThrow(expect.objectContaining({ code: 'quantized-model', value: 'tiny' }));
    expect(run).toThrow(
      `Cannot ${doing}: expected a model of float32 weights, got a quantised one; take the model that it was made of`,
    );
  });
});
