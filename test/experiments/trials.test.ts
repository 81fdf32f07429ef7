import { describe, expect, it } from 'vitest';
import { missingTrials, planTrials, summarize, type TrialResult } from '../../src/experiments/trials.js';

const result = (
  model: string,
  seed: number,
  accuracy: number,
  epochs = 60,
  recipe = 'adamw',
): TrialResult => ({
  data: 'en',
  model,
  seed,
  recipe,
  epochs,
  parameters: 100,
  macs: 1000,
  labels: 12,
  validation: { accuracy, loss: 1 - accuracy, clips: 50 },
});

describe('planTrials', () => {
  it('takes the first seed of all models before the second of any', () => {
    const trials = planTrials('en', { models: ['a', 'b'], seeds: [1, 2] });
    expect(trials.map(({ model, seed }) => `${model}${seed}`)).toEqual(['a1', 'b1', 'a2', 'b2']);
  });
});

describe('missingTrials', () => {
  it('leaves out what has a result with the same data, model, seed and epochs', () => {
    const trials = planTrials('en', { models: ['a', 'b'], seeds: [1], epochs: 60 });
    expect(missingTrials(trials, [result('a', 1, 0.9)])).toEqual([trials[1]]);
    expect(missingTrials(trials, [result('a', 1, 0.9, 30), result('a', 2, 0.9)])).toEqual(trials);
    expect(
      missingTrials(planTrials('ar', { models: ['a'], seeds: [1] }), [result('a', 1, 0.9)]),
    ).toHaveLength(1);
  });

  it('tells recipes apart where the trial names one', () => {
    const plan = { models: ['a'], seeds: [1] };
    const trials = planTrials('en', { ...plan, recipe: 'bc-resnet' });
    expect(missingTrials(trials, [result('a', 1, 0.9)])).toEqual(trials);
    expect(missingTrials(trials, [result('a', 1, 0.9, 60, 'bc-resnet')])).toEqual([]);
    expect(missingTrials(planTrials('en', plan), [result('a', 1, 0.9, 60, 'bc-resnet')])).toEqual([]);
  });

  it('tells words of a set apart from others, and from all', () => {
    const [all, few] = [undefined, 'yes,no'].map((only) =>
      planTrials('en', { models: ['a'], seeds: [1], only }),
    );
    expect(few).toEqual([{ data: 'en', model: 'a', seed: 1, only: 'yes,no' }]);
    const found = result('a', 1, 0.9);
    expect(missingTrials(few, [found])).toEqual(few);
    expect(missingTrials(few, [{ ...found, only: 'yes' }])).toEqual(few);
    expect(missingTrials(few, [{ ...found, only: 'yes,no' }])).toEqual([]);
    expect(missingTrials(all, [{ ...found, only: 'yes,no' }])).toEqual(all);
    expect(missingTrials(all, [found])).toEqual([]);
  });

  it('takes any number of epochs where the trial names none', () => {
    expect(
      missingTrials(planTrials('en', { models: ['a'], seeds: [1] }), [result('a', 1, 0.9, 137)]),
    ).toEqual([]);
  });
});

describe('summarize', () => {
  it('gives mean and sample deviation of seeds, the most accurate first', () => {
    const rows = summarize([
      result('a', 1, 0.9),
      result('b', 1, 0.93),
      result('a', 2, 0.92),
      result('a', 3, 0.94),
    ]);
    expect(rows.map(({ model, seeds }) => [model, seeds])).toEqual([
      ['b', [1]],
      ['a', [1, 2, 3]],
    ]);
    // 0.90, 0.92, 0.94: mean 0.92, squares 0.0004 + 0 + 0.0004 over 2.
    expect(rows[1].meanAccuracy).toBeCloseTo(0.92, 12);
    expect(rows[1].deviation).toBeCloseTo(0.02, 12);
    expect(rows[1].meanLoss).toBeCloseTo(0.08, 12);
    expect(rows[0]).not.toHaveProperty('deviation');
  });

  it('keeps words of a set apart from all', () => {
    const rows = summarize([result('a', 1, 0.9), { ...result('a', 1, 0.95), only: 'yes,no' }]);
    expect(rows.map(({ only, seeds }) => [only, seeds])).toEqual([
      ['yes,no', [1]],
      [undefined, [1]],
    ]);
    expect(rows[1]).not.toHaveProperty('only');
  });

  it('keeps other epochs apart', () => {
    expect(summarize([result('a', 1, 0.9, 60), result('a', 1, 0.95, 200)])).toHaveLength(2);
  });
});
