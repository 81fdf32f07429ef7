/** The learning rate of every step, as a pure function of the step's number. */
import { cos, pow } from '../numerics/elementary.js';
import type { ScheduleRecipe } from './recipe.js';

export interface ScheduleSpan {
  readonly stepsPerEpoch: number;
  readonly epochs: number;
}

/**
 * The learning rate of step `step` (from 0). It rises linearly over the warm-up, `rate × (step + 1) / warm-up steps`, then is
 * constant, multiplied by `factor` after every `everyEpochs` epochs, or follows half a cosine from `rate` down to
 * `finalRate`, which it would reach one step after the last.
 *
 * Source: Loshchilov and Hutter, 2017 (SGDR, one cycle); Goyal et al., 2017 (warm-up).
 */
export function learningRateAt(schedule: ScheduleRecipe, step: number, span: ScheduleSpan): number {
  const total = span.stepsPerEpoch * span.epochs;
  const warmup = Math.min(Math.round(schedule.warmupEpochs * span.stepsPerEpoch), total);
  if (step < warmup) return (schedule.rate * (step + 1)) / warmup;
  switch (schedule.kind) {
    case 'constant':
      return schedule.rate;
    case 'step':
      return (
        schedule.rate * pow(schedule.factor, Math.floor(step / (schedule.everyEpochs * span.stepsPerEpoch)))
      );
    case 'cosine': {
      const progress = Math.min((step - warmup) / Math.max(total - warmup, 1), 1);
      const { rate, finalRate } = schedule;
      return finalRate + 0.5 * (rate - finalRate) * (1 + cos(Math.PI * progress));
    }
  }
}
