import { describe, expect, it } from 'vitest';
import { planUtterances } from '../../../../src/train/files/synthesis/utterances.js';
import { FLITE_VOICES, voicesByName } from '../../../../src/train/files/synthesis/voices.js';

describe('planUtterances', () => {
  const plan = planUtterances(['yes', 'no'], FLITE_VOICES, { clips: 16, seed: 3 });

  it('deals the clips of each word to the speakers, three to learn from for each held out', () => {
    for (const word of ['yes', 'no']) {
      const own = plan.filter((utterance) => utterance.word === word);
      expect(own).toHaveLength(16);
      for (const [speaker, count] of Object.entries({ rms: 6, awb: 6, kal: 2, slt: 2 })) {
        const takes = own.filter(({ voice }) => voice.speaker === speaker).map(({ take }) => take);
        expect(takes).toEqual(Array.from({ length: count }, (_, take) => take));
      }
    }
  });

  it('hears every speaker before one speaks again', () => {
    const first = planUtterances(['yes'], FLITE_VOICES, { clips: 4, seed: 3 });
    expect(new Set(first.map(({ voice }) => voice.speaker)).size).toBe(4);
  });

  it('lets kal speak with both of his voices', () => {
    const kal = plan.filter(({ word, voice }) => word === 'yes' && voice.speaker === 'kal');
    expect(kal.map(({ voice }) => voice.name)).toEqual(['kal', 'kal16']);
  });

  it('leaves the earlier utterances as they were when there are more', () => {
    const more = planUtterances(['go', 'yes', 'no'], FLITE_VOICES, { clips: 40, seed: 3 });
    for (const utterance of plan) expect(more).toContainEqual(utterance);
  });

  it('draws another manner for each take, word, voice and seed', () => {
    const again = planUtterances(['yes', 'no'], FLITE_VOICES, { clips: 16, seed: 4 });
    const manners = [...plan, ...again].map(({ request }) => `${request.stretch} ${request.pitchHz}`);
    expect(new Set(manners).size).toBe(64);
  });

  it('strays far from voices to learn from and stays close to those held out', () => {
    const many = planUtterances(['yes'], FLITE_VOICES, { clips: 1600, seed: 1 });
    const spread = (split: string, of: (utterance: (typeof many)[number]) => number) => {
      const found = many.filter(({ voice }) => voice.split === split).map(of);
      return [Math.min(...found), Math.max(...found)];
    };
    const ratio = ({ request, voice }: (typeof many)[number]) => request.pitchHz / voice.pitchHz;
    for (const split of ['validation', 'test']) {
      expect(spread(split, ({ tract }) => tract)).toEqual([0.95, 1.05].map((x) => expect.closeTo(x, 9)));
      expect(spread(split, ratio)[0]).toBeGreaterThan(0.84);
      expect(spread(split, ratio)[1]).toBeLessThan(1.21);
    }
    expect(spread('train', ({ tract }) => tract)).toEqual([0.85, 1.3].map((x) => expect.closeTo(x, 9)));
    expect(spread('train', ratio)[1]).toBeGreaterThan(1.35);
    for (const { request, tract, peakDb, offsetMs } of many) {
      expect(request.stretch / tract).toBeGreaterThan(0.74);
      expect(request.stretch / tract).toBeLessThan(1.26);
      expect((tract * 16000) % 400).toBeCloseTo(0, 6);
      expect(peakDb).toBeLessThan(0);
      expect(Math.abs(offsetMs)).toBeLessThanOrEqual(80);
    }
  });
});

describe('FLITE_VOICES', () => {
  it('keeps each speaker in one split and has one for each', () => {
    const splits = new Map<string, Set<string>>();
    for (const { speaker, split } of FLITE_VOICES)
      splits.set(speaker, (splits.get(speaker) ?? new Set()).add(split));
    for (const found of splits.values()) expect(found.size).toBe(1);
    expect(new Set(FLITE_VOICES.map(({ split }) => split)).size).toBe(3);
  });
});

describe('voicesByName', () => {
  it('finds voices of Flite and of eSpeak NG', () => {
    expect(voicesByName(['slt', 'espeak:de']).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['slt', 'de+m1', 'de+f3']),
    );
  });

  it('refuses an unknown voice and a language that is none', () => {
    expect(() => voicesByName(['hal'])).toThrow(
      expect.objectContaining({
        name: 'ConfigError',
        code: 'unknown-voice',
        message: 'Cannot choose voices: expected rms, awb, kal, kal16, slt or espeak:LANGUAGE, got "hal"',
      }),
    );
    expect(() => voicesByName(['espeak:../x'])).toThrow(
      expect.objectContaining({ name: 'ConfigError', code: 'bad-language', value: '../x' }),
    );
  });
});
