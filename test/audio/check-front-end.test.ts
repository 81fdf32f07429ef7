import { describe, expect, it } from 'vitest';
import { checkFrontEndConfig, sameFrontEnd } from '../../src/audio/check-front-end.js';
import { DEFAULT_FRONT_END, DEFAULT_PCEN } from '../../src/audio/front-end.js';
import { ConfigError } from '../../src/errors.js';

const FULL = {
  ...DEFAULT_FRONT_END,
  compression: DEFAULT_PCEN,
  mfcc: { coefficients: 13 },
  deltas: { reachFrames: 2 },
};

describe('checkFrontEndConfig', () => {
  it('gives back what went through JSON', () => {
    for (const config of [DEFAULT_FRONT_END, FULL]) {
      expect(checkFrontEndConfig(JSON.parse(JSON.stringify(config)))).toEqual(config);
    }
  });

  const faults: [string, unknown, string][] = [
    ['no object', null, 'expected front end to be an object, got null'],
    ['a list', [], 'expected front end to be an object, got []'],
    ['another rate', { ...FULL, sampleRateHz: 8000 }, 'expected sampleRateHz to be 16000, got 8000'],
    ['text for a number', { ...FULL, bands: '40' }, 'expected bands to be a number from 1 to 128, got 40'],
    ['half a band', { ...FULL, bands: 40.5 }, 'expected bands to be a whole number, got 40.5'],
    ['a huge hop', { ...FULL, hopSamples: 1e9 }, 'expected hopSamples to be a number from 1 to 4096'],
    ['a missing field', { ...FULL, hopSamples: undefined }, 'expected hopSamples to be a number'],
    ['NaN', { ...FULL, lowHz: NaN }, 'expected lowHz to be a number from 0 to 8000, got NaN'],
    ['a band upside down', { ...FULL, lowHz: 7700 }, 'expected lowHz to be below highHz (7600), got 7700'],
    ['an unknown field', { ...FULL, colour: 1 }, 'only the fields sampleRateHz'],
    [
      'a long window',
      { ...FULL, windowSamples: 513 },
      'expected windowSamples to be a number from 16 to 512',
    ],
    ['filters without bins', { ...FULL, bands: 128 }, 'so few that each filter holds an FFT bin (filter'],
    [
      'an unknown compression',
      { ...FULL, compression: { kind: 'cube' } },
      'compression.kind to be log or pcen, got cube',
    ],
    [
      'a floor of zero',
      { ...FULL, compression: { kind: 'log', floor: 0 } },
      'expected floor to be a number from 1e-30 to 1',
    ],
    [
      'more coefficients than bands',
      { ...FULL, mfcc: { coefficients: 41 } },
      'expected coefficients to be a number from 1 to 40',
    ],
    ['deltas as true', { ...FULL, deltas: true }, 'expected deltas to be an object, got true'],
    ['deltas left out', { ...FULL, deltas: undefined }, 'expected deltas to be an object, got undefined'],
  ];
  for (const [title, value, message] of faults) {
    it(`refuses ${title}`, () => {
      const check = () => checkFrontEndConfig(value);
      expect(check).toThrow(ConfigError);
      expect(check).toThrow(expect.objectContaining({ code: 'front-end-config' }));
      expect(check).toThrow(message);
    });
  }
});

describe('sameFrontEnd', () => {
  it('does not mind the order of fields', () => {
    const turned = Object.fromEntries(Object.entries(FULL).reverse()) as unknown as typeof FULL;
    expect(sameFrontEnd(FULL, turned)).toBe(true);
  });

  it('sees each difference', () => {
    expect(sameFrontEnd(FULL, { ...FULL, lowHz: 21 })).toBe(false);
    expect(sameFrontEnd(FULL, { ...FULL, mfcc: null })).toBe(false);
    expect(sameFrontEnd(FULL, { ...FULL, compression: { ...DEFAULT_PCEN, gain: 0.9 } })).toBe(false);
  });
});
