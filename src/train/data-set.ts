/** What a data set is: recordings, their words and speakers, in three splits. `files/open-data-set.ts` reads one from a folder. */

export interface Clip {
  /** The name the clip store knows it by; for a folder a path that can be opened. */
  readonly file: string;
  /** Index into the labels. */
  readonly label: number;
  /** What is said, also where the label is `_unknown_`. */
  readonly word: string;
  readonly speaker: string;
}

export type SplitName = 'train' | 'validation' | 'test';

/** A file that is left out, and why. */
export interface Skipped {
  readonly file: string;
  readonly reason: string;
}

export interface DataSet {
  readonly labels: readonly string[];
  readonly train: readonly Clip[];
  readonly validation: readonly Clip[];
  readonly test: readonly Clip[];
  /** Long recordings without words. */
  readonly noiseFiles: readonly string[];
  /** Its training clips are drawn anew each epoch, as many as a word has on average. */
  readonly unknownLabel?: number;
  /** Trained on crops of noise, drawn likewise; validation and test count files only. */
  readonly silenceLabel?: number;
  readonly skipped: readonly Skipped[];
  readonly clipMs: number;
  /** Who is to be named beside a model that learned from this. */
  readonly attribution?: readonly string[];
}

export const SPLITS: readonly SplitName[] = ['train', 'validation', 'test'];
export const BACKGROUND_NOISE = '_background_noise_';

/**
 * Who speaks in a file: its name before `_nohash_` or `_NO_`, else the file itself (its path), which is then a speaker of
 * its own. `path`: with `/` between its parts.
 */
export function speakerOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const end = name.search(/_nohash_|_NO_/);
  return end > 0 ? name.slice(0, end) : path;
}

/** Orders texts by their UTF-16 units: the same on every system, whatever its language. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
