/** Which clips an epoch trains on, and in which order. */
import { Random } from '../../numerics/random.js';

/** Training clips as numbers; plain data that workers can be sent. */
export interface TrainingClips {
  readonly labels: number;
  /** Label of each training clip. */
  readonly labelOf: Int32Array;
  readonly unknownLabel?: number;
  readonly silenceLabel?: number;
  readonly hasNoise: boolean;
}

/** In a plan: a clip made of noise. */
export const MADE_SILENCE = -1;

/** Keys of the random streams, so that one draw never shifts another. */
const ORDER = 1;
const UNKNOWN_DRAW = 2;
const SILENCE_DRAW = 3;

export interface EpochSize {
  /** Clips an epoch draws for each label. */
  readonly perLabel: readonly number[];
  readonly batchesPerEpoch: number;
  readonly clipsPerEpoch: number;
}

/**
 * How large an epoch is: every clip of every word, and of `_unknown_` and `_silence_` as many as a word has on average.
 * Batches are full: the number of clips is rounded to whole batches, up by repeating some or down by leaving some
 * out for this epoch. A set smaller than one batch is one batch.
 */
export function epochSize(clips: TrainingClips, batchSize: number): EpochSize {
  const perLabel: number[] = new Array(clips.labels).fill(0);
  for (const label of clips.labelOf) perLabel[label]++;
  const words = perLabel.filter((_, label) => label !== clips.unknownLabel && label !== clips.silenceLabel);
  const mean = Math.max(
    1,
    Math.round(words.reduce((sum, count) => sum + count, 0) / Math.max(1, words.length)),
  );
  if (clips.unknownLabel !== undefined && perLabel[clips.unknownLabel] > 0)
    perLabel[clips.unknownLabel] = mean;
  if (clips.silenceLabel !== undefined) perLabel[clips.silenceLabel] = mean;
  const total = perLabel.reduce((sum, count) => sum + count, 0);
  const batchesPerEpoch = Math.max(1, Math.round(total / batchSize));
  return {
    perLabel,
    batchesPerEpoch,
    clipsPerEpoch: total < batchSize ? total : batchesPerEpoch * batchSize,
  };
}

/** The clips of an epoch in their order (indices of training clips or `MADE_SILENCE`), `clipsPerEpoch` of them. */
export function planEpoch(
  clips: TrainingClips,
  { perLabel, clipsPerEpoch }: EpochSize,
  { seed, epoch }: { seed: number; epoch: number },
): Int32Array {
  const words: number[] = [];
  const unknown: number[] = [];
  const silence: number[] = [];
  clips.labelOf.forEach((label, clip) => {
    const pool = label === clips.unknownLabel ? unknown : label === clips.silenceLabel ? silence : words;
    pool.push(clip);
  });
  if (unknown.length > 0) {
    new Random(seed, UNKNOWN_DRAW, epoch).shuffle(unknown);
    for (let i = 0; i < perLabel[clips.unknownLabel!]; i++) words.push(unknown[i % unknown.length]);
  }
  if (clips.silenceLabel !== undefined) {
    const random = new Random(seed, SILENCE_DRAW, epoch);
    for (let i = 0; i < perLabel[clips.silenceLabel]; i++)
      words.push(drawSilence(silence, clips.hasNoise, random));
  }
  new Random(seed, ORDER, epoch).shuffle(words);
  return Int32Array.from({ length: clipsPerEpoch }, (_, i) => words[i % words.length]);
}

/** A recorded silence or one made of noise: half of each where there are both. */
function drawSilence(recorded: readonly number[], hasNoise: boolean, random: Random): number {
  const made = random.uniform() < 0.5;
  if (recorded.length === 0 || (hasNoise && made)) return MADE_SILENCE;
  return recorded[random.integer(recorded.length)];
}
