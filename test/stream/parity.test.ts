import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { ConfigError } from '../../src/errors.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { verifyModel } from '../../src/stream/parity.js';
import { addParity } from '../../src/train/add-parity.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { loudnessModel } from './loudness-model.js';

const engine = createNaiveEngine();
const meyda = createMeydaFrontEnd(DEFAULT_FRONT_END);

describe('verifyModel', () => {
  it('agrees with a file read back, on either front end', async () => {
    const model = decodeModel(encodeModel(await addParity(loudnessModel(undefined, 0.1), engine, meyda)));
    const same = await verifyModel(model, { engine, frontEnd: meyda });
    expect(same).toMatchObject({ agrees: true, difference: 0 });
    const twin = await verifyModel(model, { engine });
    expect(twin.agrees).toBe(true);
    expect(twin.difference).toBeLessThan(twin.tolerance / 10);
    // The WebAssembly engine and front end against plain loops.
    expect((await verifyModel(model)).difference).toBeLessThan(twin.tolerance / 10);
  });

  it('tells by how much a changed weight moves the scores', async () => {
    const model = await addParity(loudnessModel(undefined, 0.1), engine, meyda);
    const before = model.parity!.scores[0];
    model.parameters['logits/bias'][0] += 0.5;
    const result = await verifyModel(model, { engine, frontEnd: meyda });
    const odds = (before / (1 - before)) * Math.exp(0.5);
    expect(result.agrees).toBe(false);
    expect(result.difference).toBeCloseTo(odds / (1 + odds) - before, 5);
    expect(result.expected.loud).toBe(before);
    expect(result.found.loud).toBeCloseTo(odds / (1 + odds), 5);
  });

  it('refuses a model without a parity clip', async () => {
    await expect(verifyModel(loudnessModel(undefined, 0.1), { engine })).rejects.toThrow(ConfigError);
    await expect(verifyModel(loudnessModel(undefined, 0.1), { engine })).rejects.toThrow(
      'Cannot verify loudness: expected a model file with a parity clip, got none',
    );
  });
});
