/** Which utterances a set holds: word by word, dealt to the speakers in turn, each with its own drawn manner. */
import { hashText, Random } from '../../../numerics/random.js';
import type { SpeechRequest } from './speech-messages.js';
import type { Voice } from './voices.js';

/** How far the manner of an utterance may stray from the voice's own. */
const STRETCH = [0.8, 1.25] as const;
const PITCH_RATIO = [0.85, 1.2] as const;
/** The length of the vocal tract, as a ratio of formants and pitch; in steps that keep the resampling ratio simple. */
const TRACT = [0.9, 1.1] as const;
const TRACT_STEP = 0.025;
const PEAK_DB = [-18, -2] as const;
const OFFSET_MS = [-80, 80] as const;

export interface Utterance {
  readonly word: string;
  readonly voice: Voice;
  /** Which utterance of this word by this speaker, from 0. */
  readonly take: number;
  readonly request: SpeechRequest;
  /** Formants and pitch over the voice's own; the request has the stretch that makes up for it. */
  readonly tract: number;
  /** Highest sample, in dB of full scale. */
  readonly peakDb: number;
  /** Where the middle of the sound stands from the middle of the clip. */
  readonly offsetMs: number;
}

/**
 * The utterances of `words`, `clips` of each. Every draw depends on (seed, word, voice, take) alone, so that more clips or
 * words leave the earlier ones as they were.
 */
export function planUtterances(
  words: readonly string[],
  voices: readonly Voice[],
  options: { clips: number; seed: number },
): Utterance[] {
  const speakers = [...new Set(voices.map((voice) => voice.speaker))];
  return words.flatMap((word) =>
    Array.from({ length: options.clips }, (_, index) => {
      const take = Math.floor(index / speakers.length);
      const own = voices.filter((voice) => voice.speaker === speakers[index % speakers.length]);
      return drawUtterance(word, own[take % own.length], take, options.seed);
    }),
  );
}

function drawUtterance(word: string, voice: Voice, take: number, seed: number): Utterance {
  const random = new Random(seed, hashText(word), hashText(voice.name), take);
  const tract = TRACT_STEP * Math.round(random.between(...TRACT) / TRACT_STEP);
  const stretch = random.between(...STRETCH);
  const pitchRatio = random.between(...PITCH_RATIO);
  return {
    word,
    voice,
    take,
    request: {
      engine: voice.engine,
      voice: voice.name,
      text: word,
      stretch: round(stretch * tract),
      pitchHz: round(voice.pitchHz * pitchRatio),
      pitchRatio: round(pitchRatio),
    },
    tract,
    peakDb: random.between(...PEAK_DB),
    offsetMs: random.between(...OFFSET_MS),
  };
}

/** Three decimals: what a command line of Flite's can carry without doubt. */
function round(value: number): number {
  return Math.round(1000 * value) / 1000;
}
