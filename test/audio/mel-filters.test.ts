import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { hzToMel, melFilters, melToHz } from '../../src/audio/mel-filters.js';
import { expectAllClose } from '../support/all-close.js';

describe('hzToMel', () => {
  it('gives 1000 mel for 1000 Hz, as the scale was made to', () => {
    expect(hzToMel(1000)).toBeCloseTo(999.99, 2);
    expect(hzToMel(0)).toBe(0);
  });

  it('agrees with 2595 log10(1 + Hz / 700) and is undone by melToHz', () => {
    for (let hz = 1; hz <= 8000; hz += 37) {
      expect(hzToMel(hz)).toBeCloseTo(2595 * Math.log10(1 + hz / 700), 9);
      expect(melToHz(hzToMel(hz))).toBeCloseTo(hz, 8);
    }
  });
});

describe('melFilters', () => {
  /** torchaudio's melscale_fbanks(257, lowHz, highHz, bands, 16000), written from its source with Math.*. */
  function melscaleFbanks(bands: number, lowHz: number, highHz: number): number[][] {
    const mel = (hz: number) => 2595 * Math.log10(1 + hz / 700);
    const points = Array.from({ length: bands + 2 }, (_, i) => {
      const m = mel(lowHz) + (i * (mel(highHz) - mel(lowHz))) / (bands + 1);
      return 700 * (10 ** (m / 2595) - 1);
    });
    return Array.from({ length: bands }, (_, b) =>
      Array.from({ length: 257 }, (_, k) => {
        const hz = (8000 * k) / 256;
        const down = (hz - points[b]) / (points[b + 1] - points[b]);
        const up = (points[b + 2] - hz) / (points[b + 2] - points[b + 1]);
        return Math.max(0, Math.min(down, up));
      }),
    );
  }

  for (const [bands, lowHz, highHz] of [
    [40, 20, 7600],
    [64, 60, 8000],
    [26, 0, 8000],
  ]) {
    it(`agrees with torchaudio's formula: ${bands} bands, ${lowHz}–${highHz} Hz`, () => {
      const expected = melscaleFbanks(bands, lowHz, highHz);
      melFilters({ ...DEFAULT_FRONT_END, bands, lowHz, highHz }).forEach((filter, b) => {
        const row = new Float64Array(257);
        row.set(filter.weights, filter.firstBin);
        expectAllClose(row, expected[b], { absolute: 1e-11 }, `filter ${b}`);
      });
    });
  }

  it('covers every bin between the first and the last peak with weights that sum to 1', () => {
    const sums = new Float64Array(257);
    const filters = melFilters(DEFAULT_FRONT_END);
    for (const { firstBin, weights } of filters) {
      for (let i = 0; i < weights.length; i++) sums[firstBin + i] += weights[i];
    }
    for (let bin = 3; bin <= 227; bin++) expect(sums[bin]).toBeCloseTo(1, 10);
    expect(sums[256]).toBe(0);
    expect(filters.length).toBe(40);
  });
});
