/** What one training step does to the state: statistics, clipping, optimizer, moving average. */
import { clipGradients } from './clip-gradients.js';
import { divergence } from './divergence.js';
import { emaDecayAt, updateEma } from './ema.js';
import { stepOptimizer } from './optimizer.js';
import type { Recipe } from './recipe.js';
import { mergeMoments } from './statistics.js';
import type { NetworkStep } from './training-network.js';
import type { TrainingState } from './training-state.js';

export interface StepSettings {
  readonly recipe: Recipe;
  readonly learningRate: number;
  /** Clips of the batch as a part of a full one. */
  readonly share: number;
  readonly trained: readonly string[];
  readonly decayed: ReadonlySet<string>;
  /** Steps before the stage of training that is under way. Default 0. */
  readonly firstStep?: number;
  /** By parameter: its learning rate as a part of `learningRate`. Default 1. */
  readonly rates?: ReadonlyMap<string, number>;
}

/**
 * Changes the state by one step's gradients and moments; returns the gradients' norm before clipping.
 * @throws EngineError, the state untouched, if loss or gradients are not finite.
 */
export function applyStep(state: TrainingState, result: NetworkStep, settings: StepSettings): number {
  const { recipe, learningRate, trained, decayed, firstStep = 0, rates } = settings;
  const { parameters, statistics } = state.weights;
  const { gradients, moments, momentShares, loss } = result;
  const step = state.step - firstStep;
  checkFinite('loss', loss, state);
  const norm = clipGradients(gradients, trained, recipe.clipNorm ?? Infinity);
  checkFinite('gradient norm', norm, state);
  const part = momentumAt(recipe.statisticsMomentum, step) * settings.share;
  mergeMoments(statistics, moments, part, momentShares);
  const optimizer = { parameters, gradients, state: state.optimizer, learningRate, decayed, rates };
  stepOptimizer(recipe.optimizer, optimizer);
  if (state.ema && recipe.ema) {
    const decay = emaDecayAt(recipe.ema.decay, step);
    updateEma(state.ema.parameters, parameters, decay);
    updateEma(state.ema.statistics, statistics, decay);
  }
  state.step++;
  state.batch++;
  return norm;
}

/**
 * The part of a running statistic that step `step` (from 0) replaces: 1 / (step + 1) at first, a plain mean of the batches so
 * far, so that nothing is left of where it started; then `momentum`. Momentum 0 keeps statistics as they are.
 */
export function momentumAt(momentum: number, step: number): number {
  return momentum === 0 ? 0 : Math.max(momentum, 1 / (step + 1));
}

/** @throws EngineError naming the step (counted from 1) and the epoch. */
export function checkFinite(what: string, value: number, state: TrainingState): void {
  if (!Number.isFinite(value)) throw divergence(what, value, state);
}
