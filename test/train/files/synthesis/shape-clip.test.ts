import { describe, expect, it } from 'vitest';
import { shapeClip, trimSilence } from '../../../../src/train/files/synthesis/shape-clip.js';

/** `ms` of a tone between two silences. */
function toneBetween(sampleRateHz: number, hz: number, [before, ms, after]: number[]): Float32Array {
  const at = (milliseconds: number) => Math.round((milliseconds * sampleRateHz) / 1000);
  const samples = new Float32Array(at(before + ms + after));
  for (let i = at(before); i < at(before + ms); i++)
    samples[i] = 0.1 * Math.sin((2 * Math.PI * hz * i) / sampleRateHz);
  return samples;
}

/** Frequency by counting upward zero crossings between the first and the last. */
function frequencyOf(samples: Float32Array): number {
  const crossings: number[] = [];
  for (let i = 1; i < samples.length; i++) if (samples[i - 1] < 0 && samples[i] >= 0) crossings.push(i);
  return ((crossings.length - 1) * 16000) / (crossings.at(-1)! - crossings[0]);
}

const plain = { tract: 1, tilt: 0, peakDb: -6, offsetMs: 0, clipMs: 1000 };

describe('shapeClip', () => {
  it('makes one second with the sound in its middle, at the peak asked for', () => {
    const samples = toneBetween(16000, 440, [50, 400, 350]);
    const clip = shapeClip({ samples, sampleRateHz: 16000, channels: 1 }, plain);
    expect(clip).toHaveLength(16000);
    expect(Math.max(...clip)).toBeCloseTo(10 ** (-6 / 20), 3);
    const first = clip.findIndex((sample) => Math.abs(sample) > 0.05);
    const last = clip.findLastIndex((sample) => Math.abs(sample) > 0.05);
    expect(Math.abs((first + last) / 2 - 8000)).toBeLessThan(160);
    expect(last - first).toBeGreaterThan(6200);
    expect(last - first).toBeLessThan(6500);
  });

  it('moves the sound by the offset, but not out of the clip', () => {
    const samples = toneBetween(16000, 440, [100, 400, 100]);
    const middleOf = (offsetMs: number) => {
      const clip = shapeClip({ samples, sampleRateHz: 16000, channels: 1 }, { ...plain, offsetMs });
      const first = clip.findIndex((sample) => Math.abs(sample) > 0.05);
      return (first + clip.findLastIndex((sample) => Math.abs(sample) > 0.05)) / 2;
    };
    expect(middleOf(100) - middleOf(0)).toBeCloseTo(1600, -1);
    expect(middleOf(-5000)).toBeGreaterThan(3000);
  });

  it('raises pitch and shortens by the tract, from any rate', () => {
    for (const sampleRateHz of [8000, 16000, 22050]) {
      const samples = toneBetween(sampleRateHz, 500, [100, 440, 100]);
      const clip = shapeClip({ samples, sampleRateHz, channels: 1 }, { ...plain, tract: 1.1 });
      expect(frequencyOf(clip.subarray(6000, 10000))).toBeCloseTo(550, -1);
      const first = clip.findIndex((sample) => Math.abs(sample) > 0.05);
      const lengthMs = (clip.findLastIndex((sample) => Math.abs(sample) > 0.05) - first) / 16;
      expect(lengthMs).toBeGreaterThan(385);
      expect(lengthMs).toBeLessThan(405);
    }
  });

  it('tilts the spectrum', () => {
    // |1 − a·e^(−jω)| at 500 Hz and 5 kHz: the ratio of two tones of equal level.
    const tones = toneBetween(16000, 500, [0, 600, 0]);
    const high = toneBetween(16000, 5000, [0, 600, 0]);
    for (let i = 0; i < tones.length; i++) tones[i] += high[i];
    const ratio = (samples: Float32Array) => {
      const level = (hz: number) => {
        let [re, im] = [0, 0];
        for (let i = 4000; i < 12000; i++) {
          re += samples[i] * Math.cos((2 * Math.PI * hz * i) / 16000);
          im += samples[i] * Math.sin((2 * Math.PI * hz * i) / 16000);
        }
        return Math.hypot(re, im);
      };
      return level(5000) / level(500);
    };
    for (const tilt of [-0.4, 0, 0.4]) {
      const clip = shapeClip(
        { samples: tones.slice(), sampleRateHz: 16000, channels: 1 },
        { ...plain, tilt },
      );
      const gain = (hz: number) =>
        Math.sqrt(1 + tilt * tilt - 2 * tilt * Math.cos((2 * Math.PI * hz) / 16000));
      expect(ratio(clip)).toBeCloseTo(gain(5000) / gain(500), 1);
    }
  });

  it('keeps a sound longer than the clip whole', () => {
    const samples = toneBetween(16000, 440, [50, 1500, 50]);
    const clip = shapeClip({ samples, sampleRateHz: 16000, channels: 1 }, plain);
    expect(clip.length).toBeGreaterThanOrEqual(24000);
  });

  it('gives up margins for a sound that just fits', () => {
    const samples = toneBetween(16000, 440, [50, 980, 50]);
    const clip = shapeClip({ samples, sampleRateHz: 16000, channels: 1 }, plain);
    expect(clip).toHaveLength(16000);
    expect(clip.filter((sample) => Math.abs(sample) > 0.05).length).toBeGreaterThan(0.9 * 980 * 16);
  });

  it('gives nothing for silence', () => {
    const clip = shapeClip({ samples: new Float32Array(8000), sampleRateHz: 16000, channels: 1 }, plain);
    expect(clip).toHaveLength(0);
  });
});

describe('trimSilence', () => {
  it('keeps the sound and 30 ms around it', () => {
    const trimmed = trimSilence(toneBetween(16000, 440, [200, 300, 500]), 16000);
    expect(trimmed.length / 16).toBeGreaterThanOrEqual(360);
    expect(trimmed.length / 16).toBeLessThanOrEqual(370);
  });
});
