import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseResults } from '../../src/experiments/parse-results.js';
import { MEASURED, meanAccuracy } from '../../src/models/measured.js';
import { MODELS } from '../../src/models/models.js';

describe('MEASURED', () => {
  it.each(Object.entries(MEASURED))(
    'has whole clips right for %s, a network of the registry',
    (name, { english, arabic, alike }) => {
      expect(MODELS).toHaveProperty([name]);
      // Splits and their sizes as README and docs/models.md have them.
      for (const [measurement, split, clips] of [
        [english, 'test', 1119],
        [arabic, 'validation', 960],
        [alike, 'validation', 581],
      ] as const) {
        if (measurement) expect(measurement).toMatchObject({ split, clips });
        for (const accuracy of measurement?.accuracies ?? []) {
          expect(accuracy).toBeLessThanOrEqual(1);
          expect(accuracy * clips).toBeCloseTo(Math.round(accuracy * clips), 6);
        }
      }
    },
  );

  it('has what the README says of the default recipe', () => {
    const percent = (name: string, key: 'english' | 'arabic') =>
      MEASURED[name][key]!.accuracies.map((accuracy) => (100 * accuracy).toFixed(1));
    expect(percent('bl-resnet-tiny', 'english')).toEqual(['94.5', '93.9', '94.0']);
    expect(percent('bl-resnet-tiny', 'arabic')).toEqual(['97.8']);
    expect(percent('ghostnet-tiny', 'english')).toEqual(['95.3', '95.1', '93.7']);
    expect(percent('bc-resnet-1', 'english')).toEqual(['91.4']);
  });

  it('has what the study of docs/models.md found, seed by seed', () => {
    const file = 'docs/results/english-commands.jsonl';
    const results = parseResults(readFileSync(file, 'utf8'), file).sort((a, b) => a.seed - b.seed);
    const found: Record<string, number[]> = {};
    for (const { model, validation } of results) (found[model] ??= []).push(validation.accuracy);
    const alike = Object.entries(MEASURED).flatMap(([name, { alike }]) =>
      alike ? [[name, alike.accuracies]] : [],
    );
    expect(Object.fromEntries(alike)).toEqual(found);
  });
});

describe('meanAccuracy', () => {
  it('is the mean over seeds, undefined of none', () => {
    expect(meanAccuracy({ accuracies: [0.9, 0.94] })).toBeCloseTo(0.92, 12);
    expect([meanAccuracy({ accuracies: [] }), meanAccuracy(undefined)]).toEqual([undefined, undefined]);
  });
});
