import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { Random } from '../../src/numerics/random.js';
import { ClipStore } from '../../src/train/clip-store.js';
import { energyCropStart } from '../../src/train/energy-crop.js';
import { readSamples } from '../../src/train/features/stored-clips.js';

/** Quiet noise with a loud burst of `burst` samples at `at`. */
function withBurst(length: number, at: number, burst: number): Float32Array {
  const random = new Random(1, at);
  return Float32Array.from(
    { length },
    (_, i) => random.between(-1, 1) * (i >= at && i < at + burst ? 0.5 : 0.001),
  );
}

describe('ClipStore', () => {
  it('keeps 16-bit samples exactly and clips what is beyond', () => {
    const store = new ClipStore({ clipMs: 1000 });
    const integers = [0, 1, -1, 1234, -32768, 32767];
    const index = store.add('a', Float32Array.from([...integers.map((value) => value / 32768), 1, -1.5]));
    expect([...store.samples(index)]).toEqual([...integers, 32767, -32768]);
    expect(store.clips[index]).toMatchObject({ length: 8, cropStart: 0 });
    expect(store.samples(index).buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it('keeps clips apart over many chunks and takes little more memory than they need', () => {
    const store = new ClipStore({ clipMs: 1000 });
    const clips = 300;
    for (let i = 0; i < clips; i++) store.add(`clip ${i}`, new Float32Array(16000).fill(i / 32768));
    expect(store.size).toBe(clips);
    expect(store.chunks.length).toBeGreaterThan(2);
    for (let i = 0; i < clips; i++) {
      expect(store.samples(store.indexOf(`clip ${i}`)).every((sample) => sample === i)).toBe(true);
    }
    const bytes = store.chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).toBeLessThan(2 * clips * 32000);
  });

  it('keeps of a long clip the crop around its energy and the slack', () => {
    const store = new ClipStore({ clipMs: 1000, slackMs: 200 });
    const samples = withBurst(16000 * 5, 40000, 4000);
    const { length, cropStart } = store.clips[store.add('long', samples)];
    expect([length, cropStart]).toEqual([16000 + 2 * 3200, 3200]);
    const crop = new Float32Array(16000);
    readSamples(store, 0, cropStart, crop);
    const burst = crop.findIndex((sample) => Math.abs(sample) > 0.1);
    // 6,000 samples on each side of the burst, to the step of the search and the first loud sample.
    expect(Math.abs(burst - 6000)).toBeLessThan(200);
  });

  it('keeps noise whole', () => {
    const store = new ClipStore({ clipMs: 1000 });
    store.add('noise', new Float32Array(100_000), { whole: true });
    expect(store.clips[0]).toMatchObject({ length: 100_000, cropStart: 0 });
  });

  it('adds a name once and refuses unknown ones', () => {
    const store = new ClipStore({ clipMs: 1000 });
    expect(store.add('a', new Float32Array(10))).toBe(0);
    expect(store.add('a', new Float32Array(20))).toBe(0);
    expect(store.size).toBe(1);
    expect(() => store.indexOf('b')).toThrow(ConfigError);
    expect(() => store.indexOf('b')).toThrow('Cannot read clip: expected a stored one, got b');
  });

  it.each([0, -1, 0.03, NaN, Infinity])('refuses clips of %s ms', (clipMs) => {
    expect(() => new ClipStore({ clipMs })).toThrow(ConfigError);
  });
});

describe('energyCropStart', () => {
  it('agrees with a search over every window', () => {
    for (const at of [0, 800, 9_000, 30_000]) {
      const samples = Int16Array.from(withBurst(32_000, at, 2_000), (x) => x * 32768);
      const energyFrom = (start: number) =>
        samples.subarray(start, start + 16_000).reduce((sum, x) => sum + x * x, 0);
      const best = Math.max(...Array.from({ length: 101 }, (_, step) => energyFrom(160 * step)));
      expect(energyFrom(energyCropStart(samples, 16_000))).toBeGreaterThanOrEqual(0.99 * best);
    }
  });

  it('starts a clip that is short enough at 0, and silence in its middle', () => {
    expect(energyCropStart(new Int16Array(100), 100)).toBe(0);
    expect(energyCropStart(new Int16Array(1600 + 320), 1600)).toBe(160);
  });
});

describe('readSamples', () => {
  it('puts zeros before and after the clip, and nothing of its neighbours', () => {
    const store = new ClipStore({ clipMs: 1000 });
    for (const name of ['left', 'clip', 'right']) store.add(name, Float32Array.of(0.25, 0.5, 0.75));
    const read = (start: number, length: number) => {
      const out = new Float32Array(length).fill(9);
      readSamples(store, 1, start, out);
      return [...out];
    };
    expect(read(0, 3)).toEqual([0.25, 0.5, 0.75]);
    expect(read(-2, 6)).toEqual([0, 0, 0.25, 0.5, 0.75, 0]);
    expect(read(2, 3)).toEqual([0.75, 0, 0]);
    expect(read(-5, 3)).toEqual([0, 0, 0]);
    expect(read(7, 2)).toEqual([0, 0]);
    expect(read(1, 1)).toEqual([0.5]);
  });
});
