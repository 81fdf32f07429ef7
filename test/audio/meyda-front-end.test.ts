import Meyda from 'meyda';
import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { ConfigError, ShapeError } from '../../src/errors.js';
import { expectAllClose } from '../support/all-close.js';
import { CLIPS } from './clips.js';
import { naiveLogMel } from './naive-front-end.js';

describe('createMeydaFrontEnd', () => {
  const frontEnd = createMeydaFrontEnd(DEFAULT_FRONT_END);

  for (const [title, clip] of Object.entries(CLIPS)) {
    it(`agrees with a discrete Fourier transform summed term by term: ${title}`, () => {
      const map = frontEnd.compute(clip);
      expect(map.length).toBe(98 * 40);
      for (const t of [0, 31, 50, 97]) {
        const expected = naiveLogMel(clip.subarray(t * 160));
        expectAllClose(map.subarray(t * 40, t * 40 + 40), expected, { absolute: 2e-6 }, `frame ${t}`);
      }
    });
  }

  it('is not moved by what others leave in the global settings of Meyda', () => {
    const clip = CLIPS['a clip like speech'];
    const before = frontEnd.compute(clip);
    Meyda.bufferSize = 1024;
    Meyda.sampleRate = 44100;
    Meyda.windowingFunction = 'hamming';
    expect(frontEnd.compute(clip)).toEqual(before);
  });

  it('writes into the array it is given and leaves the samples alone', () => {
    const clip = CLIPS['a clip like speech'].slice(0, 1000);
    const copy = clip.slice();
    const out = new Float32Array(4 * 40 + 1).fill(99);
    expect(frontEnd.compute(clip, out)).toBe(out);
    expect(out[4 * 40]).toBe(99);
    expect(clip).toEqual(copy);
  });

  it('refuses a clip that is too short and a configuration out of range', () => {
    expect(() => frontEnd.compute(new Float32Array(479))).toThrow(ShapeError);
    expect(() => frontEnd.compute(new Float32Array(480), new Float32Array(39))).toThrow(ShapeError);
    expect(() => createMeydaFrontEnd({ ...DEFAULT_FRONT_END, bands: 0 })).toThrow(ConfigError);
  });
});
