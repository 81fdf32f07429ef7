import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/numerics/random.js';
import { ClipStore } from '../../../src/train/clip-store.js';
import {
  type AugmentConfig,
  bcResNetAugment,
  NO_AUGMENT,
} from '../../../src/train/features/augment-config.js';
import { createSampleAugmenter } from '../../../src/train/features/augment-samples.js';

const COUNT = 16_000;

function toneOf(hz: number, length = COUNT, amplitude = 0.25): Float32Array {
  return Float32Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * hz * i) / 16_000));
}

function render(
  clip: Float32Array,
  changes: Partial<AugmentConfig>,
  { seed = 1, noise }: { seed?: number; noise?: Float32Array } = {},
): Float32Array {
  const store = new ClipStore({ clipMs: 1000 });
  store.add('clip', clip);
  if (noise) store.add('noise', noise, { whole: true });
  const config = { ...NO_AUGMENT, probability: 1, ...changes };
  const augmenter = createSampleAugmenter(store, {
    config,
    noise: noise ? Int32Array.of(1) : new Int32Array(),
    sampleCount: COUNT,
  });
  const out = new Float32Array(COUNT).fill(9);
  augmenter.renderClip(0, new Random(seed), out);
  return out;
}

const power = (samples: Float32Array) => samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
const decibels = (ratio: number) => 10 * Math.log10(ratio);
/** Samples as the store gives them back. */
const stored = (samples: Float32Array) => samples.map((x) => Math.round(x * 32768) / 32768 + 0);

describe('renderClip', () => {
  it('leaves a clip as it is without augmentation, zeros after it', () => {
    const clip = toneOf(440, 9_000);
    const out = render(clip, NO_AUGMENT);
    expect(out.subarray(0, 9_000)).toEqual(stored(clip));
    expect(out.subarray(9_000).every((x) => x === 0)).toBe(true);
  });

  it('shifts by up to 100 ms either way, zeros coming in', () => {
    const clip = new Float32Array(COUNT);
    clip[8_000] = 0.5;
    const shifts = Array.from(
      { length: 200 },
      (_, seed) => render(clip, { shiftMs: 100 }, { seed }).indexOf(0.5) - 8_000,
    );
    expect(Math.min(...shifts)).toBeGreaterThanOrEqual(-1600);
    expect(Math.min(...shifts)).toBeLessThan(-1400);
    expect(Math.max(...shifts)).toBeLessThanOrEqual(1600);
    expect(Math.max(...shifts)).toBeGreaterThan(1400);
    const late = render(
      toneOf(440).fill(0.5),
      { shiftMs: 100 },
      { seed: shifts.indexOf(Math.max(...shifts)) },
    );
    expect(late.indexOf(0.5)).toBe(Math.max(...shifts));
    expect(late[0]).toBe(0);
  });

  it('shifts a long clip over its own sound', () => {
    const clip = toneOf(440, 2 * COUNT).fill(0.5);
    expect(render(clip, { shiftMs: 100 }, { seed: 3 }).every((x) => x === 0.5)).toBe(true);
  });

  it('changes the level by up to gainDb', () => {
    const clip = toneOf(440);
    const gains = Array.from({ length: 200 }, (_, seed) =>
      decibels(power(render(clip, { gainDb: 6 }, { seed })) / power(clip)),
    );
    expect(Math.min(...gains)).toBeGreaterThan(-6.01);
    expect(Math.max(...gains)).toBeLessThan(6.01);
    expect(Math.max(...gains) - Math.min(...gains)).toBeGreaterThan(11);
  });

  it('changes speed around the centre: as many crossings of zero as the tone has at the new pitch', () => {
    const clip = toneOf(1000);
    const crossings = (x: Float32Array) =>
      x.subarray(2000, 14_000).reduce((n, v, i, a) => n + (i > 0 && a[i - 1] < 0 !== v < 0 ? 1 : 0), 0);
    const pitches = Array.from(
      { length: 60 },
      (_, seed) => crossings(render(clip, { speed: 0.1 }, { seed })) / crossings(clip),
    );
    expect(Math.min(...pitches)).toBeGreaterThan(0.895);
    expect(Math.max(...pitches)).toBeLessThan(1.105);
    expect(Math.max(...pitches) - Math.min(...pitches)).toBeGreaterThan(0.17);
    const click = new Float32Array(COUNT);
    click[8_000] = 0.9;
    for (let seed = 0; seed < 10; seed++) {
      const out = render(click, { speed: 0.15 }, { seed });
      const at = out.reduce((best, x, i) => (Math.abs(x) > Math.abs(out[best]) ? i : best), 0);
      // Factors are rounded to a 1024th: up to 4 samples at the centre.
      expect(Math.abs(at - 8_000)).toBeLessThanOrEqual(5);
    }
  });

  it('adds noise at the signal-to-noise ratio drawn', () => {
    const clip = toneOf(1000);
    const random = new Random(5);
    const noise = Float32Array.from({ length: 3 * COUNT }, () => 0.1 * random.between(-1, 1));
    const plain = stored(clip);
    for (const snrDb of [0, 10, 25]) {
      const out = render(clip, { noise: { probability: 1, snrDb: [snrDb, snrDb] } }, { noise });
      const added = out.map((x, i) => x - plain[i]);
      // White noise of 16,000 samples: its power in a crop is known to about 0.1 dB; samples are 16 bits.
      expect(decibels(power(plain) / power(added))).toBeCloseTo(snrDb, 1);
    }
  });

  it('adds noise to the share of clips asked for, and none to silence', () => {
    const noise = toneOf(300, 3 * COUNT);
    const clip = toneOf(1000);
    const noisy = Array.from({ length: 300 }, (_, seed) =>
      render(clip, { noise: { probability: 0.8, snrDb: [5, 5] } }, { seed, noise }),
    ).filter((out) => Math.abs(power(out) - power(clip)) > 1e-4);
    expect(noisy.length / 300).toBeGreaterThan(0.73);
    expect(noisy.length / 300).toBeLessThan(0.87);
    const still = render(new Float32Array(COUNT), { noise: { probability: 1, snrDb: [5, 5] } }, { noise });
    expect(still.every((x) => x === 0)).toBe(true);
  });

  it("follows the BC-ResNet authors' recipe: shift and noise up to a tenth together, for 80 %", () => {
    const clip = new Float32Array(COUNT);
    clip[8_000] = 0.5;
    const noise = new Float32Array(2 * COUNT).fill(0.5);
    const outs = Array.from({ length: 300 }, (_, seed) => render(clip, bcResNetAugment(3), { seed, noise }));
    const plain = outs.filter((out) => out.every((x, i) => x === clip[i]));
    expect(plain.length / 300).toBeGreaterThan(0.13);
    expect(plain.length / 300).toBeLessThan(0.27);
    const levels = outs.map((out) => out[0] / 0.5);
    expect(Math.max(...levels)).toBeLessThan(0.1001);
    expect(Math.max(...levels)).toBeGreaterThan(0.09);
  });

  it('stays within full scale', () => {
    const out = render(
      toneOf(100, COUNT, 1),
      { noise: { probability: 1, snrDb: [-20, -20] } },
      { noise: toneOf(50, COUNT, 1) },
    );
    expect(out.every((x) => x >= -1 && x <= 1)).toBe(true);
  });

  it('repeats noise that is shorter than a clip', () => {
    const noise = Float32Array.of(0.5, 0.25, -0.5);
    const out = render(new Float32Array(COUNT), { noise: { probability: 1, amplitude: [1, 1] } }, { noise });
    expect([...out.subarray(0, 7)]).toEqual([0.5, 0.25, -0.5, 0.5, 0.25, -0.5, 0.5]);
    expect(out.at(-1)).toBe(0.5);
  });
});

describe('renderSilence', () => {
  it('is a crop of noise scaled by up to 1, zeros where there is no noise', () => {
    const store = new ClipStore({ clipMs: 1000 });
    store.add('noise', new Float32Array(2 * COUNT).fill(0.5), { whole: true });
    const silence = (noise: Int32Array, seed: number) => {
      const out = new Float32Array(COUNT).fill(9);
      createSampleAugmenter(store, { config: NO_AUGMENT, noise, sampleCount: COUNT }).renderSilence(
        new Random(seed),
        out,
      );
      return out;
    };
    const levels = Array.from({ length: 100 }, (_, seed) => silence(Int32Array.of(0), seed)[0]);
    expect(Math.min(...levels)).toBeLessThan(0.05);
    expect(Math.max(...levels)).toBeGreaterThan(0.45);
    expect(Math.max(...levels)).toBeLessThanOrEqual(0.5);
    expect(silence(new Int32Array(), 1).every((x) => x === 0)).toBe(true);
  });
});
