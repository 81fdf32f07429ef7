import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/numerics/random.js';
import type { SpecAugmentConfig } from '../../../src/train/features/augment-config.js';
import { maskFeatures, mixRows } from '../../../src/train/features/augment-features.js';

const NONE: SpecAugmentConfig = { frequencyMasks: 0, maxBands: 6, timeMasks: 0, maxFrames: 20 };
const [FRAMES, BANDS] = [98, 40];

/** Frame × 1000 + band + map / 10: no two alike, none is −1. */
function makeMap(maps = 1): Float32Array {
  return Float32Array.from({ length: FRAMES * BANDS * maps }, (_, i) => {
    const [position, map] = [Math.floor(i / maps), i % maps];
    return Math.floor(position / BANDS) * 1000 + (position % BANDS) + map / 10;
  });
}

function masked(changes: Partial<SpecAugmentConfig>, seed: number, maps = 1): Float32Array {
  const map = makeMap(maps);
  maskFeatures(map, [FRAMES, BANDS, maps], { ...NONE, value: -1, ...changes }, new Random(seed));
  return map;
}

describe('maskFeatures', () => {
  it('does nothing without masks', () => {
    expect(masked({}, 1)).toEqual(makeMap());
  });

  it('masks one stretch of up to 6 bands in every frame', () => {
    const widths = Array.from({ length: 300 }, (_, seed) => {
      const out = masked({ frequencyMasks: 1 }, seed);
      const bands = [...out.subarray(0, BANDS).entries()].filter(([, x]) => x === -1).map(([band]) => band);
      const inBands = (i: number) => bands.includes(i % BANDS);
      expect(out.every((x, i) => (x === -1) === inBands(i))).toBe(true);
      expect(bands.every((band, i) => band === bands[0] + i)).toBe(true);
      return bands.length;
    });
    expect(new Set(widths)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });

  it('masks two stretches of up to 20 frames', () => {
    const counts = Array.from({ length: 300 }, (_, seed) => {
      const out = masked({ timeMasks: 2 }, seed);
      const frames = Array.from({ length: FRAMES }, (_, t) => out[t * BANDS] === -1);
      out.forEach((x, i) => {
        if ((x === -1) !== frames[Math.floor(i / BANDS)]) expect.fail(`position ${i}`);
      });
      return frames.filter(Boolean).length;
    });
    expect(Math.max(...counts)).toBeLessThanOrEqual(40);
    expect(Math.max(...counts)).toBeGreaterThan(32);
  });

  it('reaches the first and the last band and frame', () => {
    const outs = Array.from({ length: 400 }, (_, seed) => masked({ frequencyMasks: 1, timeMasks: 1 }, seed));
    const isMasked = (t: number, f: number) => outs.some((out) => out[t * BANDS + f] === -1);
    for (const t of [0, FRAMES - 1]) for (const f of [0, BANDS - 1]) expect(isMasked(t, f)).toBe(true);
  });

  it("fills in the mean of each of the clip's maps by default", () => {
    for (const maps of [1, 3]) {
      const plain = makeMap(maps);
      const out = masked({ frequencyMasks: 2, timeMasks: 2, value: 'mean' }, 7, maps);
      let changed = 0;
      for (let m = 0; m < maps; m++) {
        const values = plain.filter((_, i) => i % maps === m);
        const mean = Math.fround(values.reduce((sum, x) => sum + x, 0) / values.length);
        out.forEach((x, i) => {
          if (i % maps !== m || x === plain[i]) return;
          expect(x).toBeCloseTo(mean, 1);
          changed++;
        });
      }
      expect(changed).toBeGreaterThan(100);
    }
  });

  it('masks no more than there is', () => {
    const map = new Float32Array(6).fill(1);
    const config = { ...NONE, frequencyMasks: 1, timeMasks: 1, maxBands: 50, maxFrames: 50 };
    for (let seed = 0; seed < 20; seed++)
      maskFeatures(map, [2, 3, 1], { ...config, value: 2 }, new Random(seed));
    expect([...map]).toEqual([2, 2, 2, 2, 2, 2]);
  });
});

describe('mixRows', () => {
  it('mixes two rows and leaves the others', () => {
    const rows = Float32Array.of(1, 2, 10, 20, 5, 6);
    mixRows(rows, { a: 0, b: 2, size: 2, lambda: 0.75 });
    expect([...rows]).toEqual([2, 3, 10, 20, 4, 5]);
  });
});
