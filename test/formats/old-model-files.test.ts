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
