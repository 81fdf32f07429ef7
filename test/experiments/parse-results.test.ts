import { describe, expect, it } from 'vitest';
import { DataSetError } from '../../src/errors.js';
import { isHalfResult, parseResults } from '../../src/experiments/parse-results.js';
import type { TrialResult } from '../../src/experiments/trials.js';

const result = (model: string, accuracy: number, changes: Partial<TrialResult> = {}): TrialResult => ({
  data: 'en',
  model,
  seed: 1,
  recipe: 'adamw',
  epochs: 60,
  parameters: 100,
  macs: 1000,
  labels: 12,
  validation: { accuracy, loss: 1 - accuracy, clips: 50 },
  ...changes,
});
const textOf = (...results: TrialResult[]) => results.map((one) => `${JSON.stringify(one)}\n`).join('');
const first = result('a', 0.9);

describe('parseResults', () => {
  it('reads one result a line, the last one without its newline too', () => {
    const others = [first, result('b', 0.8, { only: 'yes,no' })];
    expect(parseResults(textOf(...others), 'r.jsonl')).toEqual(others);
    expect(parseResults(textOf(...others).trimEnd(), 'r.jsonl')).toEqual(others);
    expect(parseResults('', 'r.jsonl')).toEqual([]);
  });

  it('takes no line that was not finished, wherever it was cut', () => {
    const line = JSON.stringify(result('b', 0.8));
    for (let length = 0; length < line.length; length++)
      expect(parseResults(textOf(first) + line.slice(0, length), 'r.jsonl'), `${length}`).toEqual([first]);
  });

  it.each([
    'not json',
    'null',
    '{"model":"a"}',
    '[]',
    JSON.stringify({ ...first, only: ['yes'] }),
    JSON.stringify({ ...first, only: null }),
    JSON.stringify(result('a', 0.5)).replace('0.5', '"0.5"'),
    JSON.stringify(result('a', 1.01)),
    JSON.stringify(result('a', -0.01)),
  ])('refuses %j, naming file and line, with its newline and without', (line) => {
    for (const end of ['\n', '']) {
      const parse = () => parseResults(`${textOf(first)}${line}${end}`, 'r.jsonl');
      expect(parse).toThrow(DataSetError);
      expect(parse).toThrow("Cannot read r.jsonl: expected a trial's result in line 2, got ");
    }
  });

  it('takes accuracies of 0 and 1', () => {
    const ends = [result('a', 0), result('b', 1)];
    expect(parseResults(textOf(...ends), 'r.jsonl')).toEqual(ends);
  });

  it('refuses two accuracies of one trial, naming both lines', () => {
    const text = textOf(first, result('b', 0.8), result('a', 0.7));
    expect(() => parseResults(text, 'r.jsonl')).toThrow(
      expect.objectContaining({
        code: 'results-differ',
        message:
          'Cannot read r.jsonl: expected one accuracy of a, seed 1, on en, got 0.9 in line 1 and 0.7 in line 3',
      }),
    );
    const others = [first, first, result('a', 0.7, { only: 'yes' }), result('a', 0.6, { epochs: 61 })];
    expect(parseResults(textOf(...others), 'r.jsonl')).toEqual(others);
  });
});

describe('isHalfResult', () => {
  it.each([
    ['{"data":"en","mod', true],
    ['{"da', true],
    ['', false],
    ['{"some":"json"}', false],
    ['{"some":"js', false],
    ['{"data":"en"}', false],
  ])('%j: %s', (line, half) => {
    expect(isHalfResult(line)).toBe(half);
  });
});
