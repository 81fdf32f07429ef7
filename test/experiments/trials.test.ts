import { describe, expect, it } from 'vitest';
import { DataSetError } from '../../src/errors.js';
import {
  missingTrials,
  parseResults,
  planTrials,
  summarize,
  type TrialResult,
} from '../../src/experiments/trials.js';

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

  it('takes any number of epochs where the trial names none', () => {
    expect(
      missingTrials(planTrials('en', { models: ['a'], seeds: [1] }), [result('a', 1, 0.9, 137)]),
    ).toEqual([]);
  });
});

describe('parseResults', () => {
  it('reads one result a line and no line that was not finished', () => {
    const text = `${JSON.stringify(result('a', 1, 0.9))}\n{"model":"b","se`;
    expect(parseResults(text, 'r.jsonl')).toEqual([result('a', 1, 0.9)]);
  });

  it.each(['not json', 'null', '{"model":"a"}', '[]'])('refuses %j, naming file and line', (line) => {
    const text = `${JSON.stringify(result('a', 1, 0.9))}\n${line}\n`;
    const parse = () => parseResults(text, 'r.jsonl');
    expect(parse).toThrow(DataSetError);
    expect(parse).toThrow("Cannot read r.jsonl: expected a trial's result in line 2, got ");
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

  it('keeps other epochs apart', () => {
    expect(summarize([result('a', 1, 0.9, 60), result('a', 1, 0.95, 200)])).toHaveLength(2);
  });
});
