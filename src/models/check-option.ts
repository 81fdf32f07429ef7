/** How builders refuse an option that they cannot meet. */
import { ConfigError } from '../errors.js';

/** An option as a message tells it: "Cannot build WHAT: expected OPTION to be ALLOWED, got VALUE". */
export interface RefusedOption {
  /** The error's. */
  readonly code: string;
  /** What was to be built. */
  readonly what: string;
  readonly option: string;
  readonly allowed: string;
  readonly value: unknown;
}

/** @throws ConfigError `code` with the option's value unless `met`. */
export function checkOption(met: boolean, { code, what, option, allowed, value }: RefusedOption): void {
  if (met) return;
  const told = Array.isArray(value) ? value.join(' × ') : String(value);
  throw new ConfigError(code, `Cannot build ${what}: expected ${option} to be ${allowed}, got ${told}`, {
    value,
  });
}

/** Whether a value is a whole number of `least` or more. */
export function isWhole(value: number, least = 1): boolean {
  return Number.isInteger(value) && value >= least;
}

/** Whether a value is a number above 0 and below infinity. */
export function isPositive(value: number): boolean {
  return value > 0 && value < Infinity;
}
