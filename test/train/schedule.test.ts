import { describe, expect, it } from 'vitest';
import type { ScheduleRecipe } from '../../src/train/recipe.js';
import { learningRateAt } from '../../src/train/schedule.js';

const span = { stepsPerEpoch: 10, epochs: 20 };

function ratesOf(schedule: ScheduleRecipe): number[] {
  return Array.from({ length: 200 }, (_, step) => learningRateAt(schedule, step, span));
}

describe('learningRateAt', () => {
  it('rises linearly over the warm-up and follows the cosine afterwards', () => {
    const rates = ratesOf({ kind: 'cosine', rate: 0.1, warmupEpochs: 5, finalRate: 0.001 });
    for (let step = 0; step < 200; step++) {
      const expected =
        step < 50
          ? (0.1 * (step + 1)) / 50
          : 0.001 + (0.099 / 2) * (1 + Math.cos((Math.PI * (step - 50)) / 150));
      expect(rates[step]).toBeCloseTo(expected, 14);
    }
    expect(rates[49]).toBeCloseTo(0.1, 14);
    expect(rates[125]).toBeCloseTo(0.0505, 14);
  });

  it('stays where it is when constant', () => {
    const rates = ratesOf({ kind: 'constant', rate: 0.5, warmupEpochs: 0 });
    expect(new Set(rates)).toEqual(new Set([0.5]));
  });

  it('divides by ten every eight epochs', () => {
    const rates = ratesOf({ kind: 'step', rate: 1, warmupEpochs: 0, everyEpochs: 8, factor: 0.1 });
    expect(rates[79]).toBe(1);
    expect(rates[80]).toBeCloseTo(0.1, 14);
    expect(rates[160]).toBeCloseTo(0.01, 14);
  });

  it('does not pass its peak when the warm-up is longer than the training', () => {
    const rates = ratesOf({ kind: 'cosine', rate: 1, warmupEpochs: 100, finalRate: 0 });
    expect(Math.max(...rates)).toBe(1);
    expect(rates[199]).toBe(1);
  });
});
