/** Which utterances a set holds: word by word, dealt to the speakers, each with its own drawn manner. */
import { hashText, Random } from '../../../numerics/random.js';
import type { SpeechRequest } from './speech-messages.js';
import type { Voice } from './voices.js';

/**
 * How far the manner of an utterance strays from the voice's own. Voices to learn from stand in for all those that are
 * not there: other sexes and ages by the length of the vocal tract (formants and pitch together, a woman's being some 1.2
 * times a man's), other moods by pitch and pace, other throats and microphones by a tilt of the spectrum. Held-out voices stay close to themselves.
 */
interface Manner {
  readonly stretch: readonly [low: number, high: number];
  readonly pitchRatio: readonly [low: number, high: number];
  readonly tract: readonly [low: number, high: number];
  readonly tilt: readonly [low: number, high: number];
}
const LEARNT: Manner = {
  stretch: [0.75, 1.25],
  pitchRatio: [0.8, 1.4],
  tract: [0.85, 1.3],
  tilt: [-0.5, 0.5],
};
const HELD_OUT: Manner = {
  stretch: [0.8, 1.15],
  pitchRatio: [0.85, 1.2],
  tract: [0.95, 1.05],
  tilt: [-0.1, 0.1],
};
/** Steps that keep the resampling ratio simple. */
const TRACT_STEP = 0.025;
/** Clips of a speaker to learn from for each of a held-out one's. */
const LEARNT_TURNS = 3;
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
  /** How much of the last sample is taken from each: over 0 brightens, under 0 dulls. */
  readonly tilt: number;
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
  const turns = turnsOf(voices);
  return words.flatMap((word) => {
    const takes = new Map<string, number>();
    return Array.from({ length: options.clips }, (_, index) => {
      const speaker = turns[index % turns.length];
      const take = takes.get(speaker) ?? 0;
      takes.set(speaker, take + 1);
      const own = voices.filter((voice) => voice.speaker === speaker);
      return drawUtterance(word, own[take % own.length], take, options.seed);
    });
  });
}

/** Who speaks when, over and over: everyone once, then those to learn from `LEARNT_TURNS` − 1 times more. */
function turnsOf(voices: readonly Voice[]): string[] {
  const speakersOf = (some: readonly Voice[]) => [...new Set(some.map((voice) => voice.speaker))];
  const learnt = speakersOf(voices.filter((voice) => voice.split === 'train'));
  return [...speakersOf(voices), ...Array.from({ length: LEARNT_TURNS - 1 }, () => learnt).flat()];
}

function drawUtterance(word: string, voice: Voice, take: number, seed: number): Utterance {
  const random = new Random(seed, hashText(word), hashText(voice.name), take);
  const manner = voice.split === 'train' ? LEARNT : HELD_OUT;
  const tract = TRACT_STEP * Math.round(random.between(...manner.tract) / TRACT_STEP);
  const stretch = random.between(...manner.stretch);
  const pitchRatio = random.between(...manner.pitchRatio);
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
    tilt: random.between(...manner.tilt),
    peakDb: random.between(...PEAK_DB),
    offsetMs: random.between(...OFFSET_MS),
  };
}

/** Three decimals: what a command line of Flite's can carry without doubt. */
function round(value: number): number {
  return Math.round(1000 * value) / 1000;
}
