import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { parityClip } from '../../src/formats/parity-clip.js';
import { addParity } from '../../src/train/add-parity.js';
import { loudnessModel, loudScore } from '../stream/loudness-model.js';
import { createNaiveEngine } from '../support/naive-engine.js';

describe('addParity', () => {
  it('stores the scores that the formula gives for the clip', async () => {
    const meyda = createMeydaFrontEnd(DEFAULT_FRONT_END);
    const { parity } = await addParity(loudnessModel(undefined, 0.1), createNaiveEngine(), meyda);
    const map = meyda.compute(Float32Array.from(parityClip(800), (x) => x / 32768));
    expect(parity?.samples).toEqual(parityClip(800));
    expect(parity?.scores[0]).toBeCloseTo(loudScore(map, 0.1), 6);
    expect(parity!.scores[0] + parity!.scores[1]).toBeCloseTo(1, 6);
  });
});
