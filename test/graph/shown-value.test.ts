import { describe, expect, it } from 'vitest';
import { shownValue } from '../../src/graph/shown-value.js';

describe('shownValue', () => {
  it.each<[unknown, string]>([
    [Number.NaN, 'NaN'],
    [null, 'null'],
    [undefined, 'undefined'],
    ['swish', 'swish'],
    ['5', '"5"'],
    ['', '""'],
    [[], 'an empty list'],
    [[1, ['2', null]], '1 × "2" × null'],
    [{ a: 1 }, '{"a":1}'],
    [{ big: 1n }, 'an object'],
    [Symbol('x'), 'Symbol(x)'],
  ])('tells what %s is', (value, text) => {
    expect(shownValue(value, ' × ')).toBe(text);
  });

  it('cuts what is long', () => {
    expect(shownValue({ text: 'x'.repeat(200) })).toHaveLength(80);
  });
});
