/** How long to train where nobody said: as many clips in all whatever the set's size, within bounds. */
import type { DataSet } from './data-set.js';

/** Augmented clips of a whole training. */
const CLIPS_IN_ALL = 300_000;
const FEWEST_EPOCHS = 30;
const MOST_EPOCHS = 200;

/** Clips of one epoch of a data set: all words, `_unknown_` and `_silence_` at the words' mean size. */
export function clipsPerEpoch({ labels, train, unknownLabel, silenceLabel }: DataSet): number {
  const words = train.filter(({ label }) => label !== unknownLabel && label !== silenceLabel).length;
  const drawn = [unknownLabel, silenceLabel].filter((label) => label !== undefined).length;
  return Math.round(words * (1 + drawn / Math.max(1, labels.length - drawn)));
}

/** The part of that which a short training takes: 60 epochs below 1,500 clips, 9 above 10,000. */
export const SHORT_SHARE = 0.3;

/** Epochs for sets of that size: 200 below 1,500 clips, 30 above 10,000; or a part of 1 of that. */
export function epochsFor(clips: number, share = 1): number {
  const whole = Math.round(CLIPS_IN_ALL / Math.max(1, clips));
  return Math.round(share * Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, whole)));
}
