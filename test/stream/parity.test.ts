import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { ConfigError } from '../../src/errors.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { parityClip } from '../../src/formats/parity-clip.js';
import { verifyModel, withParity } from '../../src/stream/parity.js';
import { createNaiveEngine } from '../support/naive-engine.js';
import { loudnessModel, loudScore } from './loudness-model.js';

const engine = createNaiveEngine();
const meyda = createMeydaFrontEnd(DEFAULT_FRONT_END);

describe('withParity', () => {
  it('stores the scores that the formula gives for the clip', async () => {
    const { parity } = await addParity(loudnessModel(undefined, 0.1), engine, meyda);
    const map = meyda.compute(Float32Array.from(parityClip(800), (x) => x / 32768));
    expect(parity?.samples).toEqual(parityClip(800));
    expect(parity?.scores[0]).toBeCloseTo(loudScore(map, 0.1), 4);
    expect(parity!.scores[0] + parity!.scores[1]).toBeCloseTo(1, 6);
  });
});

describe('verifyModel', () => {
  it('agrees with a file read back, on either front end', async () => {
    const model = decodeModel(encodeModel(await addParity(loudnessModel(undefined, 0.1), engine, meyda)));
    expect(await verifyModel(model, { engine })).toMatchObject({ agrees: true, difference: 0 });
    const { agrees, difference, tolerance } = await verifyModel(model, { engine, frontEnd: meyda });
    expect(agrees).toBe(true);
    expect(difference).toBeLessThan(tolerance / 10);
  });

  it('tells by how much a changed weight moves the scores', async () => {
    const model = await addParity(loudnessModel(undefined, 0.1), engine, meyda);
    const before = model.parity!.scores[0];
    model.parameters['logits/bias'][0] += 0.5;
    const result = await verifyModel(model, { engine });
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
