/** Checks of what a node says of itself, asked by the builder and of graphs from outside alike. */
import { ConfigError, ShapeError } from '../errors.js';
import type { ActivationKind, MapAxis, MeanNode, ResizeNode } from './graph.js';
import { shownValue } from './shown-value.js';

/** A kind that `ActivationKind` has and this table lacks does not compile. */
const KINDS: Readonly<Record<ActivationKind, true>> = {
  relu: true,
  relu6: true,
  leakyRelu: true,
  elu: true,
  silu: true,
  softplus: true,
  hardSwish: true,
  sigmoid: true,
  hardSigmoid: true,
  mish: true,
};

/** What a node's field may be where it is one of a few words. */
export const ACTIVATION_KINDS = Object.keys(KINDS) as readonly ActivationKind[];
export const RESIZE_MODES: readonly ResizeNode['mode'][] = ['nearest', 'bilinear'];
export const MEAN_AXES: readonly MeanNode['axes'][number][] = ['time', 'frequency'];
export const MAP_AXES: readonly MapAxis[] = ['time', 'frequency', 'channels'];
export const DROPOUT_UNITS = ['element', 'channel'] as const;

/** @throws ConfigError `node-option` naming the words that a field may be. */
export function checkChoice(node: string, field: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) throw optionFault(node, field, allowed.join(', '), value);
}

/** @throws ConfigError `node-option` unless the axes are a list of time and frequency. */
export function checkAxes(node: string, axes: unknown): void {
  if (!Array.isArray(axes)) throw optionFault(node, 'axes', `a list of ${MEAN_AXES.join(' and ')}`, axes);
  for (const axis of axes) checkChoice(node, 'an axis', axis, MEAN_AXES);
}

function optionFault(node: string, field: string, allowed: string, value: unknown): ConfigError {
  const found = shownValue(value);
  return new ConfigError(
    'node-option',
    `Cannot build node ${node}: expected ${field} to be ${allowed}, got ${found}`,
    { value },
  );
}

/** @throws ShapeError unless there is a finite number for each of `count` maps. */
export function checkWeights(node: string, weights: unknown, count: number): void {
  const given: readonly unknown[] = Array.isArray(weights) ? weights : [];
  if (given.length !== count) throw nodeFault(node, `${count} weights`, given.length);
  if (!given.every(Number.isFinite)) throw nodeFault(node, 'weights that are finite numbers', weights);
}

/** @throws ShapeError unless the value is `[time, frequency]`. */
export function checkPair(node: string, field: string, value: unknown): void {
  if (!Array.isArray(value) || value.length !== 2)
    throw nodeFault(node, `${field} to be [time, frequency]`, value);
}

/** @throws ShapeError unless the value is `[time, frequency, channels]`. */
export function checkTriple(node: string, field: string, value: unknown): void {
  if (!Array.isArray(value) || value.length !== 3)
    throw nodeFault(node, `${field} to be [time, frequency, channels]`, value);
}

/** @throws ShapeError unless the value is a whole number of `least` or more. */
export function checkWhole(node: string, field: string, value: number, least = 1): void {
  const wanted = `${field} to be a whole number of ${least} or more`;
  checkRange(node, wanted, value, Number.isInteger(value) && value >= least);
}

/** @throws ShapeError unless the value is a number that fits. */
export function checkRange(node: string, wanted: string, value: number, fits: boolean): void {
  if (typeof value !== 'number' || !fits) throw nodeFault(node, wanted, value);
}

/** What is wrong with a node whose fields or inputs do not fit. */
export function nodeFault(node: string, wanted: string, found: unknown): ShapeError {
  return new ShapeError(
    'node-shape',
    `Cannot build node ${node}: expected ${wanted}, got ${shownValue(found)}`,
    { value: node },
  );
}
