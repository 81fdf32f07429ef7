import { describe, expect, it } from 'vitest';
import { changeSpeed } from '../../src/audio/speed.js';
import { expectAllClose } from '../support/all-close.js';
import { tone } from './clips.js';

describe('changeSpeed', () => {
  it('moves a tone by the factor, in frequency and length', () => {
    for (const factor of [0.5, 0.85, 0.97, 1.03, 1.15, 2]) {
      const exact = Math.round(factor * 1024) / 1024;
      for (const hz of [50, 440, 1500, 3000]) {
        const out = changeSpeed(tone(4000, hz), factor);
        expect(out.length).toBe(Math.ceil(4000 / exact));
        const expected = tone(out.length, hz * exact);
        expectAllClose(out.subarray(16, -16), expected.subarray(16, -16), { absolute: 6e-3 }, `${hz} Hz`);
      }
    }
  });

  it('keeps the level of tones to 5.5 kHz within 0.1 dB', () => {
    for (let hz = 100; hz <= 5500; hz += 300) {
      const out = changeSpeed(tone(8000, hz), 0.9).subarray(100, -100);
      const rms = Math.sqrt(out.reduce((sum, x) => sum + x * x, 0) / out.length);
      expect(Math.abs(20 * Math.log10(rms * Math.SQRT2)), `${hz} Hz`).toBeLessThan(0.1);
    }
  });

  it('leaves a clip as it is at factor 1', () => {
    const clip = tone(1000, 3210);
    expect(changeSpeed(clip, 1)).toEqual(clip);
  });

  it('fills the array it is given, with zeros after the clip', () => {
    const out = new Float32Array(1000).fill(9);
    expect(changeSpeed(new Float32Array(500).fill(1), 1.25, out)).toBe(out);
    expectAllClose(out.subarray(10, 390), new Float32Array(380).fill(1), { absolute: 1e-6 });
    expect(out.subarray(410).every((x) => x === 0)).toBe(true);
    expect(changeSpeed(new Float32Array(3).fill(1), 0.7).every(Number.isFinite)).toBe(true);
  });

  it('refuses factors out of range', () => {
    for (const factor of [0, -1, 0.2, 5, NaN]) {
      expect(() => changeSpeed(new Float32Array(9), factor)).toThrow(
        expect.objectContaining({
          name: 'ConfigError',
          code: 'speed-factor',
          message: `Cannot change speed: expected a factor from 0.25 to 4, got ${factor}`,
        }),
      );
    }
  });
});
