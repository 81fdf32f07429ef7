import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { commaList, fileToWrite, integer, numberBetween, text } from '../../src/cli/options.js';

describe('integer', () => {
  it('takes whole numbers in its range and nothing else', () => {
    expect(['1', '120'].map((text) => integer(1, 120)(text))).toEqual([1, 120]);
    for (const text of ['0', '121', '-1', '1.5', '1e2', '', ' 1', 'x'])
      expect(() => integer(1, 120)(text), text).toThrow(InvalidArgumentError);
    expect(() => integer(1)('99999999999999999999')).toThrow('Expected a whole number of 1 or more.');
  });
});

describe('numberBetween', () => {
  it('takes numbers in its range and nothing else', () => {
    expect(['0', '0.05', '5e-2', '1'].map((text) => numberBetween(0, 1)(text))).toEqual([0, 0.05, 0.05, 1]);
    for (const text of ['-0.1', '1.1', '', 'NaN', 'half'])
      expect(() => numberBetween(0, 1)(text), text).toThrow(InvalidArgumentError);
  });
});

describe('commaList', () => {
  it('parts at commas and refuses empty and repeated names', () => {
    expect(commaList('yes, no')).toEqual(['yes', 'no']);
    for (const text of ['', 'yes,', 'yes,yes'])
      expect(() => commaList(text), text).toThrow(InvalidArgumentError);
  });
});

describe('text', () => {
  it('drops spaces around and refuses a text without any letter', () => {
    expect(text(' CC BY 4.0 ')).toBe('CC BY 4.0');
    for (const empty of ['', '  ']) expect(() => text(empty)).toThrow(InvalidArgumentError);
  });
});

describe('fileToWrite', () => {
  it('takes paths of files and refuses what can only be a folder', () => {
    for (const path of ['m.safetensors', 'a b/m', 'C:\\m', '..m']) expect(fileToWrite(path)).toBe(path);
    for (const path of ['', ' ', 'folder/', 'C:\\folder\\'])
      expect(() => fileToWrite(path), path).toThrow(InvalidArgumentError);
  });
});
