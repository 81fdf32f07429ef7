import { describe, expect, it } from 'vitest';
import { clipLogits, indexOfLargest, softmaxRow } from '../../src/numerics/scores.js';
import { expectAllClose } from '../support/all-close.js';

describe('clipLogits', () => {
  it('takes the mean over positions, clip by clip', () => {
    const map = Float32Array.of(1, 10, 3, 30, -1, 0, -3, 8);
    expect(clipLogits(map, 2, [2, 1, 2])).toEqual(Float32Array.of(2, 20, -2, 4));
  });

  it('returns one position as it is, without what lies behind', () => {
    expect(clipLogits(Float32Array.of(1, 2, 3, 4, 9), 2, [1, 1, 2])).toEqual(Float32Array.of(1, 2, 3, 4));
  });
});

describe('softmaxRow', () => {
  it('gives e^x / Σ e^x', () => {
    const out = new Float32Array(3);
    softmaxRow(Float32Array.of(Math.log(1), Math.log(2), Math.log(5)), 1, out);
    expectAllClose(out, [1 / 8, 2 / 8, 5 / 8], { absolute: 1e-7 });
  });

  it('divides by the temperature', () => {
    const out = new Float32Array(2);
    softmaxRow(Float32Array.of(2 * Math.log(3), 0), 2, out);
    expectAllClose(out, [3 / 4, 1 / 4], { absolute: 1e-7 });
  });

  it('stands logits that e^x overflows at', () => {
    const out = new Float32Array(2);
    softmaxRow(Float32Array.of(3e38, 3e38), 1, out);
    expect(out).toEqual(Float32Array.of(0.5, 0.5));
  });
});

describe('indexOfLargest', () => {
  it('finds the first of equals', () => {
    expect(indexOfLargest([0, 3, 1, 3])).toBe(1);
  });
});
