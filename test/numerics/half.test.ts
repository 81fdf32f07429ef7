import { describe, expect, it } from 'vitest';
import { halfToNumber, MAX_HALF, numberToHalf } from '../../src/numerics/half.js';
import { Random } from '../../src/numerics/random.js';

/** Values of IEEE 754 binary16 as Wikipedia's "Half-precision floating-point format" lists them. */
const KNOWN: readonly [bits: number, value: number][] = [
  [0x0000, 0],
  [0x0001, 2 ** -24],
  [0x03ff, 1023 * 2 ** -24],
  [0x0400, 2 ** -14],
  [0x3555, 0.333251953125],
  [0x3bff, 0.99951171875],
  [0x3c00, 1],
  [0x3c01, 1.0009765625],
  [0x7bff, 65504],
  [0x7c00, Infinity],
  [0x8000, -0],
  [0xc000, -2],
  [0xfc00, -Infinity],
];

describe('halfToNumber and numberToHalf', () => {
  it.each(KNOWN)('agree with the standard on %i', (bits, value) => {
    expect(halfToNumber(bits)).toBe(value);
    expect(numberToHalf(value)).toBe(bits);
  });

  it('give every half back', () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) expect(numberToHalf(value)).toBe(0x7e00);
      else if (numberToHalf(value) !== bits) expect.fail(`${bits} came back as ${numberToHalf(value)}`);
    }
  });
});

describe('numberToHalf', () => {
  it('takes the nearer neighbour, and of two equally near the even one', () => {
    const random = new Random(3);
    for (let i = 0; i < 2000; i++) {
      const below = Math.floor(random.between(0, 0x7bff));
      const [low, high] = [halfToNumber(below), halfToNumber(below + 1)];
      expect(numberToHalf(low + 0.4999 * (high - low))).toBe(below);
      expect(numberToHalf(low + 0.5001 * (high - low))).toBe(below + 1);
      expect(numberToHalf((low + high) / 2)).toBe(below % 2 === 0 ? below : below + 1);
      expect(numberToHalf(-(low + 0.4999 * (high - low)))).toBe(below + 0x8000);
    }
  });

  it('makes infinite what lies beyond the largest', () => {
    expect(numberToHalf(MAX_HALF + 15.9)).toBe(0x7bff);
    expect(numberToHalf(MAX_HALF + 16)).toBe(0x7c00);
    expect(numberToHalf(-1e30)).toBe(0xfc00);
  });
});
