/** Model files of every version that was ever written; test/fixtures/README.md says where they come from. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { parityClip } from '../../src/formats/parity-clip.js';
import { verifyModel } from '../../src/stream/parity.js';

const bytes = new Uint8Array(readFileSync(new URL('../fixtures/model-v1.safetensors', import.meta.url)));

describe('a model file of version 1', () => {
  it('is read field by field', () => {
    const model = decodeModel(bytes);
    expect(model.name).toBe('tiny');
    expect(model.labels).toEqual(['yes', 'no', '_unknown_']);
    expect(model.clipMs).toBe(50);
    expect(model.frontEnd).toMatchObject({ windowSamples: 480, hopSamples: 160, bands: 40, lowHz: 20 });
    expect(model.graph.nodes.map(({ op }) => op)).toEqual(
      'input conv2d batchNorm activation mean dense'.split(' '),
    );
    expect(model.parameters['conv/weight'].length).toBe(36);
    expect(model.training).toEqual({ recipe: { name: 'none' }, seed: 7 });
    expect(model.attribution).toEqual(['Nobody: random weights']);
    expect(model.licence).toBe('Apache-2.0');
    expect(model.parity!.samples).toEqual(parityClip(800));
  });

  it('scores as it did in the tensorflow engine', async () => {
    const { difference, found } = await verifyModel(decodeModel(bytes));
    expect(difference).toBeLessThan(1e-4);
    expect(found.yes).toBeCloseTo(0.14177784, 4);
  });

  it('is the same model when written anew', () => {
    const model = decodeModel(bytes);
    expect(decodeModel(encodeModel(model))).toEqual(model);
  });
});

const small = new Uint8Array(readFileSync(new URL('../fixtures/model-v2.safetensors', import.meta.url)));

describe('a model file of version 2', () => {
  it('is read field by field', () => {
    const model = decodeModel(small);
    expect(model.labels).toEqual(['yes', 'no', '_unknown_']);
    expect(model.graph.nodes.map(({ op }) => op)).toEqual('input conv2d activation mean dense'.split(' '));
    expect(Object.keys(model.quantization!.grids)).toEqual(['conv']);
    expect(model.quantization!.weights['conv/weight'].integers.length).toBe(36);
    expect(model.quantization!.weights['logits/weight'].scales.length).toBe(3);
    expect(model.training).toMatchObject({ seed: 7, quantized: { clips: 8, seed: 1 } });
    expect(model.parity!.samples).toEqual(parityClip(800));
  });

  it('scores as naive loops did', async () => {
    const { difference, found, expected } = await verifyModel(decodeModel(small));
    expect(difference).toBeLessThan(1e-4);
    expect(Math.max(...Object.values(expected))).toBeLessThan(0.9);
    expect(found.yes).toBeCloseTo(0.1893737, 4);
  });

  it('is the same model, and the same bytes, when written anew', () => {
    expect(encodeModel(decodeModel(small))).toEqual(small);
  });
});
