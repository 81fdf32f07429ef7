/**
 * Splits recordings without split lists by a hash of the speaker's name, so that a speaker stays in one split however many
 * files come later.
 *
 * Source: `which_set` of TensorFlow's speech_commands example and the README of Speech Commands (Warden, 2018). What
 * differs: `_NO_` ends a speaker's name as `_nohash_` does, and small folders are mended, see `splitBySpeaker`.
 */
import { createHash } from 'node:crypto';
import type { SplitName } from '../data-set.js';
import { compareTexts, speakerOf } from '../data-set.js';

const MAX_HASH = 2 ** 27 - 1;

interface Speaker {
  readonly name: string;
  readonly percent: number;
  readonly clips: number[];
  split: SplitName;
}

/** SHA-1 of a speaker's name (or file name) modulo 2^27, as a percentage of 2^27 − 1. */
export function speakerPercent(name: string): number {
  const digest = createHash('sha1').update(name, 'utf8').digest();
  return (digest.readUInt32BE(16) % (MAX_HASH + 1)) * (100 / MAX_HASH);
}

/**
 * The split of each recording: speakers below 10 % validate, those below 20 % test, the others train. Repairs make small
 * folders trainable; they never touch a large one:
 * - a word that would have no training clip takes its speaker of the highest hash back;
 * - an empty validation (then test) split gets the speakers of the lowest hashes, up to a tenth of the clips, as long as
 *   every word keeps training clips (for test: and half of all clips train);
 * - where there are too few speakers for both, those of the test split validate.
 */
export function splitBySpeaker(recordings: readonly { path: string; word: string }[]): SplitName[] {
  const speakers = groupBySpeaker(recordings);
  const splits = new Split(recordings, speakers);
  splits.returnLastSpeakers();
  if (splits.count('validation') === 0) splits.fill('validation', 0.5);
  if (splits.count('validation') === 0) splits.fill('validation', 0);
  if (splits.count('validation') === 0) splits.validateInsteadOfTest();
  if (splits.count('test') === 0) splits.fill('test', 0.5);
  const result: SplitName[] = new Array(recordings.length);
  for (const { clips, split } of speakers) for (const clip of clips) result[clip] = split;
  return result;
}

/** Speakers in the order of their hashes. */
function groupBySpeaker(recordings: readonly { path: string }[]): Speaker[] {
  const speakers = new Map<string, Speaker>();
  recordings.forEach(({ path }, clip) => {
    const name = speakerOf(path);
    const known = speakers.get(name);
    if (known) {
      known.clips.push(clip);
      return;
    }
    // A file that is its own speaker is hashed by its file name, as TensorFlow does.
    const percent = speakerPercent(name.slice(name.lastIndexOf('/') + 1));
    const split = percent < 10 ? 'validation' : percent < 20 ? 'test' : 'train';
    speakers.set(name, { name, percent, clips: [clip], split });
  });
  return [...speakers.values()].sort((a, b) => a.percent - b.percent || compareTexts(a.name, b.name));
}

class Split {
  /** Training clips by word. */
  private readonly training = new Map<string, number>();

  constructor(
    private readonly recordings: readonly { word: string }[],
    private readonly speakers: readonly Speaker[],
  ) {
    for (const { word } of recordings) this.training.set(word, 0);
    for (const speaker of speakers) if (speaker.split === 'train') this.countTraining(speaker, 1);
  }

  count(split: SplitName): number {
    return this.speakers.reduce(
      (sum, speaker) => sum + (speaker.split === split ? speaker.clips.length : 0),
      0,
    );
  }

  returnLastSpeakers(): void {
    for (const speaker of [...this.speakers].reverse()) {
      const needed = this.wordsOf(speaker).some(([word]) => this.training.get(word) === 0);
      if (speaker.split !== 'train' && needed) this.move(speaker, 'train');
    }
  }

  /** Moves training speakers of low hashes to `split`; at least `trainShare` of all clips stay in training. */
  fill(split: SplitName, trainShare: number): void {
    const all = this.recordings.length;
    for (const speaker of this.speakers) {
      if (this.count(split) >= 0.1 * all) return;
      const left = this.count('train') - speaker.clips.length;
      const spared = this.wordsOf(speaker).every(([word, clips]) => this.training.get(word)! > clips);
      if (speaker.split === 'train' && spared && left >= trainShare * all) this.move(speaker, split);
    }
  }

  validateInsteadOfTest(): void {
    for (const speaker of this.speakers) if (speaker.split === 'test') this.move(speaker, 'validation');
  }

  private move(speaker: Speaker, split: SplitName): void {
    if (speaker.split === 'train') this.countTraining(speaker, -1);
    speaker.split = split;
    if (split === 'train') this.countTraining(speaker, 1);
  }

  private countTraining(speaker: Speaker, sign: number): void {
    for (const [word, clips] of this.wordsOf(speaker)) {
      this.training.set(word, this.training.get(word)! + sign * clips);
    }
  }

  /** How many clips of each word a speaker has. */
  private wordsOf({ clips }: Speaker): [word: string, clips: number][] {
    const counts = new Map<string, number>();
    for (const clip of clips) {
      const { word } = this.recordings[clip];
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    return [...counts];
  }
}
