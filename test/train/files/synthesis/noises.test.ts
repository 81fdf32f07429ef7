import { describe, expect, it } from 'vitest';
import { BABBLE_STREAMS, babble, colouredNoises } from '../../../../src/train/files/synthesis/noises.js';

/** Power in dB around a frequency: a plain DFT over frames, 20 bins wide. */
function levelDb(samples: Float32Array, hz: number): number {
  const size = 1024;
  let power = 0;
  for (let start = 0; start + size <= samples.length; start += 4 * size) {
    for (let bin = Math.round((hz * size) / 16000) - 10; bin < Math.round((hz * size) / 16000) + 10; bin++) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < size; i++) {
        const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / size);
        re += hann * samples[start + i] * Math.cos((2 * Math.PI * bin * i) / size);
        im += hann * samples[start + i] * Math.sin((2 * Math.PI * bin * i) / size);
      }
      power += re * re + im * im;
    }
  }
  return 10 * Math.log10(power);
}

const rmsDb = (samples: Float32Array) =>
  10 * Math.log10(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);

describe('colouredNoises', () => {
  const noises = colouredNoises(7, 2);

  it('has the same level for all', () => {
    for (const samples of Object.values(noises)) {
      expect(samples).toHaveLength(32000);
      expect(rmsDb(samples)).toBeCloseTo(-26, 1);
    }
  });

  // From 1 to 4 kHz are two octaves: 0, 3 and 6 dB an octave.
  it.each<[string, number, number]>([
    ['white', 0, 1],
    ['pink', -6, 1.5],
    ['brown', -12, 1.5],
  ])('%s falls from 1 to 4 kHz by the law of its colour', (name, fall, tolerance) => {
    const found = levelDb(noises[name], 4000) - levelDb(noises[name], 1000);
    expect(Math.abs(found - fall)).toBeLessThan(tolerance);
  });

  it('hums at the mains frequency and its harmonics', () => {
    const at = (hz: number) => {
      let [re, im] = [0, 0];
      for (let i = 0; i < 32000; i++) {
        re += noises.hum[i] * Math.cos((2 * Math.PI * hz * i) / 16000);
        im += noises.hum[i] * Math.sin((2 * Math.PI * hz * i) / 16000);
      }
      return Math.hypot(re, im);
    };
    expect(at(50)).toBeGreaterThan(20 * at(75));
    expect(at(100) / at(50)).toBeCloseTo(0.5, 1);
  });

  it('is the same for the same seed and another for another', () => {
    expect(colouredNoises(7, 0.1)).toEqual(colouredNoises(7, 0.1));
    expect(colouredNoises(8, 0.1).white).not.toEqual(colouredNoises(7, 0.1).white);
  });
});

describe('babble', () => {
  it('fills the time with several streams at once', () => {
    // One sentence is a constant: each sample of the babble then adds up the gains of those talking.
    const sentence = new Float32Array(12345).fill(1);
    const samples = babble([sentence], 1, 3);
    expect(rmsDb(samples)).toBeCloseTo(-26, 5);
    expect(Math.min(...samples)).toBeCloseTo(Math.max(...samples), 6);
    expect(BABBLE_STREAMS).toBeGreaterThanOrEqual(6);
  });
});
