import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseResults } from '../../src/experiments/trials.js';
import { MEASURED, meanAccuracy } from '../../src/models/measured.js';
import { MODELS } from '../../src/models/models.js';

describe('MEASURED', () => {
  it.each(Object.entries(MEASURED))(
    'has whole clips right for %s, a network of the registry',
    (name, { english, arabic, alike }) => {
      expect(MODELS).toHaveProperty([name]);
      for (const [seeds, clips] of [
        [english, 1119],
        [arabic, 960],
        [alike, 581],
      ] as const)
        for (const accuracy of seeds ?? []) {
          expect(accuracy).toBeLessThanOrEqual(1);
          expect(accuracy * clips).toBeCloseTo(Math.round(accuracy * clips), 6);
        }
    },
  );

  it('has what the study of docs/models.md found, seed by seed', () => {
    const file = 'docs/results/english-commands.jsonl';
    const results = parseResults(readFileSync(file, 'utf8'), file).sort((a, b) => a.seed - b.seed);
    const found: Record<string, number[]> = {};
    for (const { model, validation } of results) (found[model] ??= []).push(validation.accuracy);
    const alike = Object.entries(MEASURED).flatMap(([name, { alike }]) => (alike ? [[name, alike]] : []));
    expect(Object.fromEntries(alike)).toEqual(found);
  });
});

describe('meanAccuracy', () => {
  it('is the mean over seeds, undefined of none', () => {
    expect(meanAccuracy([0.9, 0.94])).toBeCloseTo(0.92, 12);
    expect([meanAccuracy([]), meanAccuracy(undefined)]).toEqual([undefined, undefined]);
  });
});
