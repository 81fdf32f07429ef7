import { describe, expect, it } from 'vitest';
import { cos, exp, log, pow, sin } from '../../src/numerics/elementary.js';
import { Random } from '../../src/numerics/random.js';

/** Largest |found − expected| / |expected| over points of a range, spread evenly or by ratio. */
function worstRelative(
  found: (x: number) => number,
  expected: (x: number) => number,
  points: Iterable<number>,
): { error: number; at: number } {
  let worst = { error: -1, at: NaN };
  for (const x of points) {
    const [a, b] = [found(x), expected(x)];
    const error = a === b ? 0 : Math.abs(a - b) / Math.abs(b);
    if (!(error <= worst.error)) worst = { error, at: x };
  }
  return worst;
}

function* evenly(low: number, high: number, count = 20000): Generator<number> {
  const random = new Random(count);
  for (let i = 0; i < count; i++) yield random.between(low, high);
}

function* byRatio(low: number, high: number, count = 20000): Generator<number> {
  for (const x of evenly(Math.log(low), Math.log(high), count)) yield Math.exp(x);
}

describe('exp', () => {
  for (const [low, high] of [
    [-1e-9, 1e-9],
    [-1, 1],
    [-30, 30],
    [-700, 709],
  ]) {
    it(`is good to 2e-15 between ${low} and ${high}`, () => {
      const { error, at } = worstRelative(exp, Math.exp, evenly(low, high));
      expect(error, `at ${at}`).toBeLessThan(2e-15);
    });
  }

  it('vanishes gradually, to a step of the smallest numbers', () => {
    for (const x of evenly(-745.1, -708, 2000)) {
      expect(Math.abs(exp(x) - Math.exp(x))).toBeLessThanOrEqual(Number.MIN_VALUE + 2e-15 * Math.exp(x));
    }
  });

  it('knows the ends', () => {
    expect(exp(0)).toBe(1);
    expect(exp(-0)).toBe(1);
    expect(exp(-Infinity)).toBe(0);
    expect(exp(Infinity)).toBe(Infinity);
    expect(exp(710)).toBe(Infinity);
    expect(exp(709.78)).toBeLessThan(Infinity);
    expect(exp(-746)).toBe(0);
    expect(exp(-745)).toBe(Number.MIN_VALUE);
    expect(exp(NaN)).toBeNaN();
  });
});

describe('log', () => {
  for (const [low, high] of [
    [0.5, 2],
    [1e-12, 1e12],
    [2.3e-308, 1.7e308],
  ]) {
    it(`is good to 2e-15 between ${low} and ${high}`, () => {
      const { error, at } = worstRelative(log, Math.log, byRatio(low, high));
      expect(error, `at ${at}`).toBeLessThan(2e-15);
    });
  }

  it('keeps its relative error beside 1, where the result passes 0', () => {
    for (const h of [1e-3, 1e-6, 1e-9, 2 ** -52]) {
      for (const x of [1 + h, 1 - h]) {
        expect(Math.abs(log(x) / Math.log1p(x - 1) - 1), `${x}`).toBeLessThan(2e-15);
      }
    }
    expect(log(1)).toBe(0);
  });

  it('reads the smallest numbers', () => {
    for (const x of [Number.MIN_VALUE, 1e-310, 2 ** -1022]) expect(log(x)).toBeCloseTo(Math.log(x), 11);
  });

  it('knows the ends', () => {
    expect(log(0)).toBe(-Infinity);
    expect(log(-0)).toBe(-Infinity);
    expect(log(-1)).toBeNaN();
    expect(log(NaN)).toBeNaN();
    expect(log(Infinity)).toBe(Infinity);
    expect(log(Number.MAX_VALUE)).toBeCloseTo(709.782712893384, 12);
  });

  it('undoes exp', () => {
    for (const x of evenly(-700, 700, 2000)) expect(Math.abs(log(exp(x)) - x)).toBeLessThan(1e-12);
  });
});

describe('pow', () => {
  it('is good to 1e-14 for moderate exponents', () => {
    for (const exponent of [0.5, -0.98, 3, -7.25, 0.1]) {
      const { error, at } = worstRelative(
        (x) => pow(x, exponent),
        (x) => x ** exponent,
        byRatio(1e-6, 1e6),
      );
      expect(error, `${at} to the ${exponent}`).toBeLessThan(1e-13);
    }
  });

  it('knows the ends', () => {
    expect(pow(0, 0)).toBe(1);
    expect(pow(0, 2)).toBe(0);
    expect(pow(5, 0)).toBe(1);
    expect(pow(-1, 0.5)).toBeNaN();
  });
});

for (const [name, found, expected] of [
  ['sin', (x: number) => sin(x), Math.sin],
  ['cos', cos, Math.cos],
] as const) {
  describe(name, () => {
    for (const reach of [1, 10, 1e3, 1e6]) {
      it(`is good to 1e-15 absolute for |x| ≤ ${reach}`, () => {
        let worst = 0;
        for (const x of evenly(-reach, reach)) worst = Math.max(worst, Math.abs(found(x) - expected(x)));
        expect(worst).toBeLessThan(1e-15);
      });
    }

    it('is right at multiples of a right angle', () => {
      for (let k = -12; k <= 12; k++) {
        const x = (k * Math.PI) / 2;
        expect(Math.abs(found(x) - expected(x)), `${k} right angles`).toBeLessThan(1e-15);
      }
    });
  });
}

describe('sin', () => {
  it('is x for the smallest x and keeps the sign', () => {
    for (const x of [1e-300, -1e-300, 1e-9, 0]) expect(sin(x)).toBe(x);
    for (const x of evenly(0, 100, 500)) expect(sin(-x)).toBe(-sin(x));
  });

  it('turns by right angles', () => {
    for (const x of evenly(-20, 20, 500)) {
      expect(sin(x, 1)).toBe(cos(x));
      expect(sin(x, 2)).toBe(-sin(x));
      expect(sin(x, -1)).toBe(-cos(x));
      expect(sin(x, 4)).toBe(sin(x));
    }
  });

  it('and cos square to 1', () => {
    for (const x of evenly(-1e5, 1e5, 2000)) expect(sin(x) ** 2 + cos(x) ** 2).toBeCloseTo(1, 14);
  });
});
