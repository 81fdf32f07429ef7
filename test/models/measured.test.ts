import { describe, expect, it } from 'vitest';
import { MEASURED, meanAccuracy } from '../../src/models/measured.js';
import { MODELS } from '../../src/models/models.js';

describe('MEASURED', () => {
  it.each(Object.entries(MEASURED))(
    'has whole clips right for %s, a network of the registry',
    (name, { english, arabic }) => {
      expect(MODELS).toHaveProperty([name]);
      for (const [seeds, clips] of [
        [english, 1119],
        [arabic, 960],
      ] as const)
        for (const accuracy of seeds ?? []) {
          expect(accuracy).toBeLessThanOrEqual(1);
          expect(accuracy * clips).toBeCloseTo(Math.round(accuracy * clips), 6);
        }
    },
  );
});

describe('meanAccuracy', () => {
  it('is the mean over seeds, undefined of none', () => {
    expect(meanAccuracy([0.9, 0.94])).toBeCloseTo(0.92, 12);
    expect([meanAccuracy([]), meanAccuracy(undefined)]).toEqual([undefined, undefined]);
  });
});
