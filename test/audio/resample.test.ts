import { ConverterType, create } from '@alexanderolsen/libsamplerate-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResampler, resample } from '../../src/audio/resample.js';
import { designResampleFilter } from '../../src/audio/resample-filter.js';
import { Random } from '../../src/numerics/random.js';
import { expectAllClose } from '../support/all-close.js';

const RATES_HZ = [8000, 11025, 12345, 16001, 22050, 24000, 32000, 44100, 48000, 88200, 96000, 191999, 192000];

function sine(hz: number, rateHz: number, count: number): Float32Array {
  return Float32Array.from({ length: Math.floor(count) }, (_, i) =>
    Math.sin((2 * Math.PI * hz * i) / rateHz),
  );
}

function levelDb(samples: Float32Array): number {
  return 10 * Math.log10(samples.reduce((sum, x) => sum + x * x, 0) / samples.length / 0.5);
}

/** What lies far enough from the ends that no zero outside the clip reaches it. */
const middle = (samples: Float32Array) => samples.slice(200, -200);

describe('resample', () => {
  for (const fromHz of RATES_HZ) {
    const nyquistHz = Math.min(fromHz, 16000) / 2;

    it(`keeps tones up to 7/8 of the Nyquist frequency, in time and level: ${fromHz} Hz`, () => {
      for (const part of [0.005, 0.1, 0.33, 0.5, 0.7, 0.8]) {
        const out = resample(sine(part * nyquistHz, fromHz, fromHz / 5), { fromHz, toHz: 16000 });
        expect(out.length).toBe(Math.ceil((Math.floor(fromHz / 5) * 16000) / fromHz));
        const expected = sine(part * nyquistHz, 16000, out.length);
        expectAllClose(middle(out), middle(expected), { absolute: 2e-4 }, `${part * nyquistHz} Hz`);
      }
      const edge = resample(sine((7 / 8) * nyquistHz, fromHz, fromHz / 5), { fromHz, toHz: 16000 });
      expect(Math.abs(levelDb(middle(edge)))).toBeLessThan(0.5);
    });

    if (fromHz > 16001) {
      it(`holds what would fold below −80 dB: ${fromHz} Hz`, () => {
        for (let i = 0; i <= 24; i++) {
          const hz = 8000 + ((fromHz / 2 - 8000) * i) / 25;
          const out = resample(sine(hz, fromHz, fromHz / 5), { fromHz, toHz: 16000 });
          expect(levelDb(middle(out)), `${hz} Hz`).toBeLessThan(-80);
        }
      });
    }
  }

  it('adds no image of a tone to 8 kHz sound', () => {
    const out = middle(resample(sine(3400, 8000, 4000), { fromHz: 8000, toHz: 16000 }));
    // Project on the tone and look at what is left: the image at 4600 Hz among it.
    const tone = middle(sine(3400, 16000, 8000));
    const gain = out.reduce((sum, x, i) => sum + x * tone[i], 0) / tone.reduce((sum, x) => sum + x * x, 0);
    expect(levelDb(out.map((x, i) => x - gain * tone[i]))).toBeLessThan(-80);
  });

  for (const [fromHz, toHz] of [
    [44100, 16000],
    [48000, 16000],
    [8000, 16000],
    [12345, 16000],
    [16000, 44100],
  ]) {
    it(`agrees with libsamplerate at its best quality: ${fromHz} → ${toHz} Hz`, async () => {
      const random = new Random(fromHz);
      const clip = new Float32Array(fromHz / 2);
      for (let tone = 0; tone < 30; tone++) {
        const hz = random.between(50, 0.4 * Math.min(fromHz, toHz));
        const phase = random.between(0, 6);
        for (let i = 0; i < clip.length; i++) {
          clip[i] += Math.sin(phase + (2 * Math.PI * hz * i) / fromHz) / 30;
        }
      }
      const oracle = await create(1, fromHz, toHz, { converterType: ConverterType.SRC_SINC_BEST_QUALITY });
      const expected = oracle.full(clip);
      const found = resample(clip, { fromHz, toHz }).slice(0, expected.length);
      expect(expected.length).toBeGreaterThan(0.45 * toHz);
      expectAllClose(middle(found), middle(expected.slice(0, found.length)), { absolute: 2e-4 });
      oracle.destroy();
    });
  }

  it('gives ⌈samples × to / from⌉ samples, also for the shortest clips', () => {
    for (const fromHz of RATES_HZ) {
      for (const count of [0, 1, 2, 3, 7, 100]) {
        const out = resample(new Float32Array(count).fill(1), { fromHz, toHz: 16000 });
        expect(out.length, `${count} at ${fromHz} Hz`).toBe(Math.ceil((count * 16000) / fromHz));
      }
    }
  });

  it('keeps a constant', () => {
    for (const fromHz of RATES_HZ) {
      const out = middle(resample(new Float32Array(fromHz / 5).fill(0.5), { fromHz, toHz: 16000 }));
      expectAllClose(out, new Float32Array(out.length).fill(0.5), { absolute: 1e-6 });
    }
  });

  it('gives a clip of the same rate back', () => {
    const clip = sine(440, 16000, 100);
    expect(resample(clip, { fromHz: 16000, toHz: 16000 })).toBe(clip);
  });

  it('refuses rates out of range', () => {
    for (const hz of [0, 7999, 192001, 1e6, NaN, 16000.5]) {
      for (const options of [
        { fromHz: hz, toHz: 16000 },
        { fromHz: 16000, toHz: hz },
      ]) {
        expect(() => resample(new Float32Array(9), options)).toThrow(
          expect.objectContaining({
            name: 'AudioFormatError',
            code: 'sample-rate',
            message: `Cannot resample: expected a whole sample rate of 8000 to 192000 Hz, got ${hz}`,
          }),
        );
      }
    }
  });
});

describe('createResampler', () => {
  const random = new Random(1);
  const noise = Float32Array.from({ length: 9000 }, () => random.between(-1, 1));

  it('gives the same numbers however the input is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...RATES_HZ, 16000),
        fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 12 }),
        (fromHz, sizes) => {
          const whole = resample(noise, { fromHz, toHz: 16000 });
          const resampler = createResampler({ fromHz, toHz: 16000 });
          const parts: number[] = [];
          let at = 0;
          for (const size of [...sizes, noise.length]) {
            parts.push(...resampler.push(noise.subarray(at, at + size)));
            at = Math.min(noise.length, at + size);
          }
          parts.push(...resampler.flush());
          expect(Float32Array.from(parts)).toEqual(whole);
        },
      ),
      { seed: 1, numRuns: 20 },
    );
  });

  it('takes single samples', () => {
    for (const fromHz of [8000, 44100, 48000]) {
      const resampler = createResampler({ fromHz, toHz: 16000 });
      const parts: number[] = [];
      for (let i = 0; i < 2000; i++) parts.push(...resampler.push(noise.subarray(i, i + 1)));
      parts.push(...resampler.flush());
      expect(Float32Array.from(parts)).toEqual(resample(noise.slice(0, 2000), { fromHz, toHz: 16000 }));
    }
  });

  it('lags by no more than 2.5 ms at 16 kHz and above', () => {
    for (const fromHz of [22050, 44100, 48000, 192000]) {
      const resampler = createResampler({ fromHz, toHz: 16000 });
      const got = resampler.push(new Float32Array(fromHz / 10)).length;
      expect(got).toBeGreaterThanOrEqual(1600 - 40);
      expect(got).toBeLessThanOrEqual(1600);
    }
  });

  it('starts anew after flush and keeps what it gave', () => {
    const resampler = createResampler({ fromHz: 44100, toHz: 16000 });
    const first = resampler.push(noise);
    const copy = first.slice();
    resampler.flush();
    expect(resampler.push(noise)).toEqual(copy);
    expect(first).toEqual(copy);
  });

  it('passes the same rate through as a copy', () => {
    const resampler = createResampler({ fromHz: 16000, toHz: 16000 });
    const out = resampler.push(noise);
    expect(out).toEqual(noise);
    expect(out).not.toBe(noise);
    expect(resampler.flush().length).toBe(0);
  });
});

describe('designResampleFilter', () => {
  it('keeps its table small at any ratio', () => {
    for (const fromHz of RATES_HZ) {
      for (const toHz of [8000, 16000, 192000]) {
        if (fromHz === toHz) continue;
        const filter = designResampleFilter(fromHz, toHz);
        expect(filter.table.length, `${fromHz} → ${toHz}`).toBeLessThan(70000);
        expect(filter.up * fromHz).toBe(filter.down * toHz);
      }
    }
  });
});
