import { describe, expect, it } from 'vitest';
import { createFeatureFinisher, dctMatrix } from '../../src/audio/finish-features.js';
import {
  DEFAULT_FRONT_END,
  DEFAULT_PCEN,
  type FrontEndConfig,
  featureShape,
} from '../../src/audio/front-end.js';
import { Random } from '../../src/numerics/random.js';
import { expectAllClose } from '../support/all-close.js';

const BANDS = 40;

function finished(changes: Partial<FrontEndConfig>, bands: Float32Array): Float32Array {
  const config = { ...DEFAULT_FRONT_END, ...changes };
  const frames = bands.length / BANDS;
  const shape = featureShape(config, 480 + (frames - 1) * 160);
  const out = new Float32Array(shape[0] * shape[1] * shape[2]);
  createFeatureFinisher(config).finish(bands.slice(), frames, out);
  return out;
}

function randomBands(frames: number, low: number, high: number): Float32Array {
  const random = new Random(frames);
  return Float32Array.from({ length: frames * BANDS }, () => random.between(low, high));
}

describe('createFeatureFinisher', () => {
  it('leaves log-mel as it is', () => {
    const bands = randomBands(5, -13, 10);
    expect(finished({}, bands)).toEqual(bands);
    expect(createFeatureFinisher(DEFAULT_FRONT_END).isIdentity).toBe(true);
  });

  it('computes PCEN as in equations 1 and 2', () => {
    const bands = randomBands(30, 0, 4);
    for (const pcen of [DEFAULT_PCEN, { ...DEFAULT_PCEN, root: 0.37, bias: 0, gain: 0.5, smoothing: 0.2 }]) {
      const expected = new Float32Array(bands.length);
      for (let b = 0; b < BANDS; b++) {
        let m = bands[b];
        for (let t = 0; t < 30; t++) {
          const e = bands[t * BANDS + b];
          if (t > 0) m = (1 - pcen.smoothing) * m + pcen.smoothing * e;
          expected[t * BANDS + b] =
            (e / (pcen.floor + m) ** pcen.gain + pcen.bias) ** pcen.root - pcen.bias ** pcen.root;
        }
      }
      expectAllClose(finished({ compression: pcen }, bands), expected, { absolute: 1e-6 });
    }
  });

  it('gives finite PCEN for digital silence and for a tone out of silence', () => {
    const bands = new Float32Array(10 * BANDS).fill(14400, 5 * BANDS);
    const map = finished({ compression: DEFAULT_PCEN }, bands);
    expect(map.every(Number.isFinite)).toBe(true);
    expect(map.slice(0, 5 * BANDS).every((x) => x === 0)).toBe(true);
  });

  it('computes MFCC by an orthonormal DCT-II', () => {
    const bands = randomBands(3, -13, 10);
    const expected: number[] = [];
    for (let t = 0; t < 3; t++) {
      for (let k = 0; k < 13; k++) {
        let sum = 0;
        for (let b = 0; b < BANDS; b++) {
          sum += bands[t * BANDS + b] * Math.cos((Math.PI / BANDS) * (b + 0.5) * k);
        }
        expected.push(sum * Math.sqrt((k === 0 ? 1 : 2) / BANDS));
      }
    }
    expectAllClose(finished({ mfcc: { coefficients: 13 } }, bands), expected, { relative: 1e-6 });
  });

  it('has slope 1 and curvature 0 inside a ramp, less at the edges that repeat', () => {
    const bands = Float32Array.from({ length: 12 * BANDS }, (_, i) => Math.floor(i / BANDS));
    const map = finished({ deltas: { reachFrames: 2 } }, bands);
    const at = (t: number, column: number) => map[(t * BANDS + 7) * 3 + column];
    expect([at(5, 0), at(5, 1), at(5, 2)]).toEqual([5, 1, 0]);
    // Δ at frame 0: (1·(1 − 0) + 2·(2 − 0)) / 10; at frame 1: (1·(2 − 0) + 2·(3 − 0)) / 10.
    expectAllClose([at(0, 1), at(1, 1), at(11, 1)], [0.5, 0.8, 0.5], { absolute: 1e-7 });
    // ΔΔ at frame 0: (1·(0.8 − 0.5) + 2·(1 − 0.5)) / 10.
    expectAllClose([at(0, 2), at(11, 2)], [0.13, -0.13], { absolute: 1e-7 });
  });

  it('sums the regression over the reach asked for, on MFCC too', () => {
    const bands = randomBands(9, -13, 10);
    const plain = finished({ mfcc: { coefficients: 6 } }, bands);
    const map = finished({ mfcc: { coefficients: 6 }, deltas: { reachFrames: 3 } }, bands);
    const x = (t: number) => plain[t * 6 + 4];
    const slope = (1 * (x(5) - x(3)) + 2 * (x(6) - x(2)) + 3 * (x(7) - x(1))) / 28;
    expect(map[(4 * 6 + 4) * 3]).toBe(plain[4 * 6 + 4]);
    expect(map[(4 * 6 + 4) * 3 + 1]).toBeCloseTo(slope, 5);
  });
});

describe('dctMatrix', () => {
  it('is orthonormal', () => {
    const matrix = dctMatrix(40, 40);
    for (let i = 0; i < 40; i += 3) {
      for (let j = 0; j < 40; j += 5) {
        let dot = 0;
        for (let b = 0; b < 40; b++) dot += matrix[i * 40 + b] * matrix[j * 40 + b];
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  });
});
