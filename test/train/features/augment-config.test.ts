import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../src/errors.js';
import {
  bcResNetAugment,
  checkAugment,
  DEFAULT_AUGMENT,
  NO_AUGMENT,
} from '../../../src/train/features/augment-config.js';

describe('checkAugment', () => {
  it('accepts what hearken offers', () => {
    for (const config of [DEFAULT_AUGMENT, NO_AUGMENT, bcResNetAugment(0), bcResNetAugment(7)]) {
      expect(checkAugment(config)).toBe(config);
      expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    }
  });

  it.each([
    [{ shiftMs: -1 }, 'expected shiftMs to be a number from 0 to 1000, got -1'],
    [{ speed: 0.6 }, 'expected speed to be a number from 0 to 0.5, got 0.6'],
    [{ gainDb: NaN }, 'expected gainDb to be a number from 0 to 60, got NaN'],
    [{ mixup: 2 }, 'expected mixup to be a number from 0 to 1, got 2'],
    [{ probability: 1.5 }, 'expected probability to be a number from 0 to 1, got 1.5'],
    [
      { noise: { probability: 1, snrDb: [10, 5] as const } },
      'expected noise.snrDb[1] to be a number from 10 to 120, got 5',
    ],
    [
      { noise: { probability: 1, amplitude: [0, 2] as const } },
      'expected noise.amplitude[1] to be a number from 0 to 1, got 2',
    ],
    [
      { specAugment: { ...DEFAULT_AUGMENT.specAugment, maxBands: 1.5 } },
      'expected specAugment.maxBands to be a whole number, got 1.5',
    ],
    [
      { specAugment: { ...DEFAULT_AUGMENT.specAugment, value: Infinity } },
      'expected specAugment.value to be "mean" or a number, got Infinity',
    ],
  ])('refuses %j', (changes, message) => {
    const check = () => checkAugment({ ...DEFAULT_AUGMENT, ...changes });
    expect(check).toThrow(ConfigError);
    expect(check).toThrow(`Cannot augment clips: ${message}`);
  });
});
