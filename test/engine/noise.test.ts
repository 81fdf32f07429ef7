import { describe, expect, it } from 'vitest';
import { clipKey, gumbelNoise, noiseBits, uniformNoise } from '../../src/engine/noise.js';

const MASK = 0xffffffffn;

/** The formula of noise.ts in exact integers, cut to 32 bits. */
function mix(value: bigint): bigint {
  let x = value & MASK;
  x ^= x >> 16n;
  x = (x * 0x7feb352dn) & MASK;
  x ^= x >> 15n;
  x = (x * 0x846ca68bn) & MASK;
  return x ^ (x >> 16n);
}

function exactBits(seed: bigint, nodeKey: bigint, clip: bigint, element: bigint): number {
  const key = mix((seed ^ mix(nodeKey + clip * 0x9e3779b9n)) & MASK);
  return Number(mix(key ^ mix(element + 0x85ebca6bn)));
}

describe('noiseBits', () => {
  it('equals the formula in exact integers', () => {
    for (const seed of [0, 1, 4294967295]) {
      for (const nodeKey of [0, 77, 4000000000]) {
        for (const clip of [0, 1, 99]) {
          for (const element of [0, 5, 123456]) {
            const expected = exactBits(BigInt(seed), BigInt(nodeKey), BigInt(clip), BigInt(element));
            expect(noiseBits(clipKey(seed, nodeKey, clip), element)).toBe(expected);
          }
        }
      }
    }
  });
});

describe('uniformNoise', () => {
  it('has the mean and variance of a uniform number', () => {
    const key = clipKey(3, 4, 5);
    const draws = Array.from({ length: 20000 }, (_, i) => uniformNoise(key, i));
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(mean).toBeCloseTo(1 / 2, 2);
    expect(variance).toBeCloseTo(1 / 12, 2);
    expect(Math.max(...draws)).toBeLessThan(1);
  });
});

describe('gumbelNoise', () => {
  it('is the double logarithm of the same bits', () => {
    const key = clipKey(9, 8, 7);
    for (let element = 0; element < 50; element++) {
      const uniform = (noiseBits(key, element) + 0.5) / 2 ** 32;
      expect(gumbelNoise(key, element)).toBeCloseTo(-Math.log(-Math.log(uniform)), 12);
    }
  });

  it('has the mean of the Gumbel distribution, 0.5772', () => {
    const key = clipKey(1, 2, 3);
    let sum = 0;
    for (let i = 0; i < 40000; i++) sum += gumbelNoise(key, i);
    expect(Math.abs(sum / 40000 - 0.5772)).toBeLessThan(0.03);
  });
});
