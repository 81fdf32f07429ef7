import { expect } from 'vitest';

export interface Tolerance {
  /** Allowed |a − b|; default 0. */
  readonly absolute?: number;
  /** Allowed |a − b| as a part of the largest |expected|; default 0. */
  readonly relative?: number;
}

/** Fails with the worst element if two lists of numbers differ by more than the tolerance anywhere. */
export function expectAllClose(
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: Tolerance,
  what = 'value',
): void {
  expect(found.length, `${what}: length`).toBe(expected.length);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]));
  const allowed = (tolerance.absolute ?? 0) + (tolerance.relative ?? 0) * largest;
  let worst = -1;
  let at = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(found[i] - expected[i]);
    if (!(difference <= worst)) {
      worst = Number.isNaN(difference) ? Infinity : difference;
      at = i;
    }
  }
  if (worst > allowed) {
    expect.fail(`${what}: element ${at} is ${found[at]}, expected ${expected[at]} ± ${allowed}`);
  }
}
