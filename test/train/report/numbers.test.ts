import { describe, expect, it } from 'vitest';
import { formatBytes, formatCount, formatPercent, formatShort } from '../../../src/train/report/numbers.js';

describe('numbers for people', () => {
  it('groups thousands', () => {
    expect([0, 999, 1000, 26694568].map(formatCount)).toEqual(['0', '999', '1,000', '26,694,568']);
  });
  it('shortens to three figures', () => {
    expect([999, 9232, 54_012, 141_150_000, 2_856_000_000].map(formatShort)).toEqual([
      '999',
      '9.23 k',
      '54.0 k',
      '141 M',
      '2.86 G',
    ]);
    expect([12, 231_000].map(formatBytes)).toEqual(['12 B', '231 kB']);
  });
  it('writes fractions as percents', () => {
    expect([formatPercent(0.91388, 2), formatPercent(1), formatPercent(undefined)]).toEqual([
      '91.39 %',
      '100.0 %',
      '–',
    ]);
  });
});
