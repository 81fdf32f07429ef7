/** How builders refuse what they cannot meet. */
import { ConfigError } from '../errors.js';
import type { Shape } from '../graph/graph.js';
import { shownValue } from '../graph/shown-value.js';

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
  throw refusal({ code, what, wanted: `${option} to be ${allowed}`, found: shownValue(value, ' × '), value });
}

/** Options as they were given, beside those that there are. */
export interface GivenOptions {
  /** The error's. */
  readonly code: string;
  /** What was to be built. */
  readonly what: string;
  readonly options: object;
  readonly known: readonly string[];
}

/** @throws ConfigError `code` for options that are no object, or one among them that there is none of: a misspelt one would do nothing. */
export function checkKeys({ code, what, options, known }: GivenOptions): void {
  const isObject = typeof options === 'object' && options !== null;
  checkOption(isObject, { code, what, option: 'options', allowed: 'an object', value: options });
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  const allowed = `one of ${known.join(', ')}`;
  checkOption(unknown === undefined, { code, what, option: 'option', allowed, value: unknown });
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

/** More than any network here tells apart; a slip above it would ask for any amount of memory. */
const MOST_LABELS = 65_536;

/** @throws ConfigError `model-labels` unless there is a label, and no more than a network can have. */
export function checkLabels(what: string, labels: number): void {
  const allowed = labels > MOST_LABELS ? '65,536 or fewer' : 'a whole number of 1 or more';
  const met = isWhole(labels) && labels <= MOST_LABELS;
  checkOption(met, { code: 'model-labels', what, option: 'labels', allowed, value: labels });
}

/** @throws ConfigError `model-input` unless the input is a map's shape. */
export function checkInput(what: string, input: Shape): void {
  const met = Array.isArray(input) && input.length === 3 && input.every((size) => isWhole(size));
  const allowed = '[time, frequency, maps] of whole numbers of 1 or more';
  checkOption(met, { code: 'model-input', what, option: 'input', allowed, value: input });
}

/** Whether a value is a whole number of `least` or more. */
export function isWhole(value: number, least = 1): boolean {
  return Number.isInteger(value) && value >= least;
}

/** Whether a value is a number above 0 and below infinity. */
export function isPositive(value: number): boolean {
  return value > 0 && value < Infinity;
}
