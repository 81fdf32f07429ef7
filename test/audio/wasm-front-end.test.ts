import { afterEach, describe, expect, it, vi } from 'vitest';
import { DEFAULT_FRONT_END, DEFAULT_PCEN, type FrontEndConfig } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { createWasmFrontEnd } from '../../src/audio/wasm-front-end.js';
import { ConfigError, EngineError, ShapeError } from '../../src/errors.js';
import { expectAllClose } from '../support/all-close.js';
import { CLIPS, speechLike } from './clips.js';
import { naiveLogMel } from './naive-front-end.js';

const CONFIGS: Readonly<Record<string, FrontEndConfig>> = {
  'log-mel': DEFAULT_FRONT_END,
  deltas: { ...DEFAULT_FRONT_END, deltas: { reachFrames: 2 } },
  MFCC: { ...DEFAULT_FRONT_END, mfcc: { coefficients: 40 } },
  PCEN: { ...DEFAULT_FRONT_END, compression: DEFAULT_PCEN },
  'PCEN, MFCC and deltas': {
    ...DEFAULT_FRONT_END,
    compression: DEFAULT_PCEN,
    mfcc: { coefficients: 10 },
    deltas: { reachFrames: 3 },
  },
  '64 bands, 25 ms, other edges': {
    ...DEFAULT_FRONT_END,
    windowSamples: 400,
    bands: 64,
    lowHz: 60,
    highHz: 8000,
  },
  'a full window and an odd hop': { ...DEFAULT_FRONT_END, windowSamples: 512, hopSamples: 123, bands: 1 },
};

describe('createWasmFrontEnd', () => {
  afterEach(() => void vi.unstubAllGlobals());

  for (const [name, config] of Object.entries(CONFIGS)) {
    it(`agrees with the Meyda front end to 1e-4: ${name}`, async () => {
      const definition = createMeydaFrontEnd(config);
      const twin = await createWasmFrontEnd(config);
      expect(twin.shape(16000)).toEqual(definition.shape(16000));
      for (const [title, clip] of Object.entries(CLIPS)) {
        expectAllClose(twin.compute(clip), definition.compute(clip), { absolute: 1e-4 }, title);
      }
    });
  }

  for (const [title, clip] of Object.entries(CLIPS)) {
    it(`agrees with a discrete Fourier transform summed term by term: ${title}`, async () => {
      const map = (await createWasmFrontEnd(DEFAULT_FRONT_END)).compute(clip);
      for (const t of [0, 31, 50, 97]) {
        const expected = naiveLogMel(clip.subarray(t * 160));
        // Half a float32 step at |ln| ≤ 14.
        expectAllClose(map.subarray(t * 40, t * 40 + 40), expected, { absolute: 6e-7 }, `frame ${t}`);
      }
    });
  }

  it('gives a frame the same bits wherever it stands and however long the clip is', async () => {
    const frontEnd = await createWasmFrontEnd(DEFAULT_FRONT_END);
    const clip = speechLike(480 + 160 * 300, 0.7);
    const whole = frontEnd.compute(clip);
    expect(whole.length).toBe(301 * 40);
    for (const t of [0, 1, 2, 126, 127, 128, 129, 255, 256, 300]) {
      const alone = frontEnd.compute(clip.subarray(t * 160, t * 160 + 480));
      expect(whole.subarray(t * 40, t * 40 + 40), `frame ${t}`).toEqual(alone);
    }
    for (const frames of [2, 3, 128, 129]) {
      const start = frontEnd.compute(clip.subarray(0, 480 + 160 * (frames - 1)));
      expect(start).toEqual(whole.slice(0, frames * 40));
    }
  });

  it('is not disturbed by what an earlier clip left behind', async () => {
    const frontEnd = await createWasmFrontEnd(DEFAULT_FRONT_END);
    const clip = CLIPS['quiet speech'].subarray(0, 5000);
    const fresh = frontEnd.compute(clip);
    frontEnd.compute(new Float32Array(40000).fill(Infinity));
    expect(frontEnd.compute(clip)).toEqual(fresh);
  });

  it('writes into the array it is given, and only as far as the map goes', async () => {
    const frontEnd = await createWasmFrontEnd(DEFAULT_FRONT_END);
    const out = new Float32Array(98 * 40 + 1).fill(99);
    expect(frontEnd.compute(CLIPS.silence, out)).toBe(out);
    expect(out[98 * 40 - 1]).toBeCloseTo(Math.log(1e-6), 5);
    expect(out[98 * 40]).toBe(99);
  });

  it('refuses a clip that is too short, a small array and a configuration out of range', async () => {
    const frontEnd = await createWasmFrontEnd(DEFAULT_FRONT_END);
    expect(() => frontEnd.compute(new Float32Array(479))).toThrow(ShapeError);
    expect(() => frontEnd.compute(new Float32Array(480), new Float32Array(39))).toThrow(ShapeError);
    await expect(createWasmFrontEnd({ ...DEFAULT_FRONT_END, bands: 0 })).rejects.toThrow(ConfigError);
  });

  it('says so where WebAssembly has no SIMD, and where there is no WebAssembly', async () => {
    for (const missing of [{ ...WebAssembly, validate: () => false }, undefined]) {
      vi.stubGlobal('WebAssembly', missing);
      const start = createWasmFrontEnd(DEFAULT_FRONT_END);
      await expect(start).rejects.toThrow(EngineError);
      await expect(start).rejects.toMatchObject({
        code: 'no-simd',
        message: expect.stringContaining('expected WebAssembly with SIMD'),
      });
    }
  });
});
