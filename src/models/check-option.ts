/** How builders refuse what they cannot meet. */
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
  const found = Array.isArray(value) ? value.join(' × ') : String(value);
  throw refusal({ code, what, wanted: `${option} to be ${allowed}`, found, value });
}

/** Anything that keeps WHAT from being built: "Cannot build WHAT: expected WANTED, got FOUND". */
export interface Refusal {
  /** The error's. */
  readonly code: string;
  readonly what: string;
  readonly wanted: string;
  readonly found: string | number;
  /** The error's; default what was found. */
  readonly value?: unknown;
}

export function refusal({ code, what, wanted, found, value = found }: Refusal): ConfigError {
  return new ConfigError(code, `Cannot build ${what}: expected ${wanted}, got ${found}`, { value });
}

/** @throws ConfigError `model-labels` unless there is a label. */
export function checkLabels(what: string, labels: number): void {
  const allowed = 'a whole number of 1 or more';
  checkOption(isWhole(labels), { code: 'model-labels', what, option: 'labels', allowed, value: labels });
}

/** Whether a value is a whole number of `least` or more. */
export function isWhole(value: number, least = 1): boolean {
  return Number.isInteger(value) && value >= least;
}

/** Whether a value is a number above 0 and below infinity. */
export function isPositive(value: number): boolean {
  return value > 0 && value < Infinity;
}
