/** Makes a data set of recordings whose words and splits are known, and refuses those that would mislead. */
import { DataSetError } from '../errors.js';
import { SILENCE_LABEL, UNKNOWN_LABEL } from '../formats/model.js';
import type { Clip, DataSet, Skipped, SplitName } from './data-set.js';
import { compareTexts, SPLITS, speakerOf } from './data-set.js';

/** One recording before labels are chosen. */
export interface Recording {
  /** Where it is read from. */
  readonly file: string;
  /** The same on every machine: relative to the data set, `/` between its parts. Decides order and speaker. */
  readonly path: string;
  readonly word: string;
  readonly split: SplitName;
}

export interface AssembleOptions {
  /** What is being opened, for messages. */
  readonly name: string;
  /** Training: words to keep, in this order. Evaluation: the labels of the model, `_unknown_` and `_silence_` among them. */
  readonly labels?: readonly string[];
  /** Evaluation asks for no training clips. Default training. */
  readonly purpose?: 'training' | 'evaluation';
  readonly clipMs?: number;
  /** Words that are to be labels although no recording of them may be left. */
  readonly words?: readonly string[];
  readonly noiseFiles?: readonly string[];
  readonly skipped?: readonly Skipped[];
  /** The part of all files that may be left out as missing or unreadable. Default 0.05. */
  readonly maxSkippedShare?: number;
  readonly attribution?: readonly string[];
}

/**
 * A data set of `recordings`, each split ordered by path. Words outside the labels become `_unknown_`; labels are ordered as
 * given or sorted, then `_unknown_`, then `_silence_`.
 * @throws DataSetError for no recordings, fewer than two labels, a label without training clips, a speaker or file in two
 * splits, more skipped files than the share allows.
 */
export function assembleDataSet(recordings: readonly Recording[], options: AssembleOptions): DataSet {
  const { name, purpose = 'training', clipMs = 1000, noiseFiles = [], attribution } = options;
  checkSkippedShare(options.skipped ?? [], recordings.length, options);
  const words = [...new Set([...recordings.map(({ word }) => word), ...(options.words ?? [])])].sort(
    compareTexts,
  );
  if (recordings.length === 0)
    throw fault('empty', name, 'recordings (.wav) in a sub-folder for each word', 'none');
  checkSplits(recordings, name);
  const labels = chooseLabels(words, { ...options, purpose });
  const skipped = [...(options.skipped ?? [])];
  const splits: Record<SplitName, Clip[]> = { train: [], validation: [], test: [] };
  for (const recording of [...recordings].sort((a, b) => compareTexts(a.path, b.path))) {
    const label = labelOf(recording.word, labels);
    if (label >= 0) splits[recording.split].push(toClip(recording, label));
    else skipped.push({ file: recording.file, reason: `"${recording.word}" is not among the labels` });
  }
  const dataSet: DataSet = {
    labels,
    ...splits,
    noiseFiles: [...noiseFiles],
    ...(labels.includes(UNKNOWN_LABEL) ? { unknownLabel: labels.indexOf(UNKNOWN_LABEL) } : {}),
    ...(labels.includes(SILENCE_LABEL) ? { silenceLabel: labels.indexOf(SILENCE_LABEL) } : {}),
    skipped,
    clipMs,
    ...(attribution ? { attribution } : {}),
  };
  if (purpose === 'training') checkTrainable(dataSet, name);
  else if (SPLITS.every((split) => dataSet[split].length === 0)) {
    throw fault('no-known-word', name, `recordings of ${list(labels)}`, `only ${list(words)}`);
  }
  return dataSet;
}

/** Checks what a training run relies on. @throws DataSetError */
export function checkTrainable(dataSet: DataSet, name: string): void {
  const { labels, silenceLabel } = dataSet;
  if (labels.length < 2) throw fault('one-label', name, 'at least two labels', `only ${list(labels)}`);
  const counts = labels.map(() => 0);
  for (const { label } of dataSet.train) counts[label]++;
  const empty = counts.findIndex((count, label) => count === 0 && label !== silenceLabel);
  if (empty >= 0) {
    throw fault(
      'label-without-clips',
      name,
      `at least one training clip of "${labels[empty]}"`,
      'none',
      labels[empty],
    );
  }
  if (dataSet.validation.length === 0) {
    throw fault(
      'no-validation',
      name,
      'clips of at least two speakers, one to train on and one to validate with',
      'no clips left for validation (names without "_nohash_" or "_NO_" count as speakers of their own)',
    );
  }
}

/** @throws DataSetError if more files had to be left out than the share allows. */
export function checkSkippedShare(
  skipped: readonly Skipped[],
  kept: number,
  { name, maxSkippedShare = 0.05 }: Pick<AssembleOptions, 'name' | 'maxSkippedShare'>,
): void {
  const total = kept + skipped.length;
  if (skipped.length <= maxSkippedShare * total) return;
  const shown = skipped.slice(0, 3).map(({ file, reason }) => `${file} (${reason})`);
  const more = skipped.length > 3 ? ` and ${skipped.length - 3} more` : '';
  const wanted = `at most ${Number((100 * maxSkippedShare).toFixed(3))} % unusable files`;
  throw fault(
    'unusable-files',
    name,
    wanted,
    `${skipped.length} of ${total}: ${shown.join(', ')}${more}`,
    skipped,
  );
}

function chooseLabels(
  words: readonly string[],
  { name, labels, purpose, noiseFiles = [] }: AssembleOptions,
): string[] {
  const repeated = labels?.find((label, index) => labels.indexOf(label) !== index);
  if (repeated !== undefined)
    throw fault('label-twice', name, 'different labels', `"${repeated}" twice`, repeated);
  if (labels && purpose === 'evaluation') return [...labels];
  const isWord = (word: string) => word !== UNKNOWN_LABEL && word !== SILENCE_LABEL;
  const kept = (labels ?? words).filter(isWord);
  const missing = kept.find((label) => !words.includes(label));
  if (missing !== undefined) {
    throw fault('no-such-word', name, `recordings of "${missing}"`, `only ${list(words)}`, missing);
  }
  const hasUnknown = words.some((word) => word !== SILENCE_LABEL && !kept.includes(word));
  if (!hasUnknown && labels?.includes(UNKNOWN_LABEL)) {
    throw fault(
      'no-unknown',
      name,
      `words beside the labels to make ${UNKNOWN_LABEL}`,
      'none',
      UNKNOWN_LABEL,
    );
  }
  const hasSilence = labels !== undefined || noiseFiles.length > 0 || words.includes(SILENCE_LABEL);
  return [...kept, ...(hasUnknown ? [UNKNOWN_LABEL] : []), ...(hasSilence ? [SILENCE_LABEL] : [])];
}

/** The index of a word's label, of `_unknown_` for other words, −1 where there is neither. */
function labelOf(word: string, labels: readonly string[]): number {
  const own = labels.indexOf(word);
  return own >= 0 ? own : labels.indexOf(UNKNOWN_LABEL);
}

function toClip({ file, path, word }: Recording, label: number): Clip {
  return { file, label, word, speaker: speakerOf(path) };
}

function checkSplits(recordings: readonly Recording[], name: string): void {
  const byPath = new Map<string, Recording>();
  const bySpeaker = new Map<string, Recording>();
  for (const recording of recordings) {
    const { path, split, word } = recording;
    const twin = byPath.get(path);
    if (twin && twin.split !== split) {
      throw fault(
        'file-in-two-splits',
        name,
        `${path} in one split`,
        `it in ${twin.split} and ${split}`,
        path,
      );
    }
    if (twin) throw fault('file-twice', name, `${path} once`, `it as "${twin.word}" and as "${word}"`, path);
    byPath.set(path, recording);
    const speaker = speakerOf(path);
    const other = bySpeaker.get(speaker);
    if (other && other.split !== split) {
      const found = `${other.path} in ${other.split} and ${path} in ${split}`;
      throw fault('speaker-in-two-splits', name, `speaker "${speaker}" in one split`, found, speaker);
    }
    bySpeaker.set(speaker, recording);
  }
}

function list(texts: readonly string[]): string {
  const shown = texts.slice(0, 12).map((text) => `"${text}"`);
  return shown.join(', ') + (texts.length > 12 ? ` and ${texts.length - 12} more` : '');
}

function fault(
  code: string,
  name: string,
  wanted: string,
  found: string,
  value: unknown = name,
): DataSetError {
  return new DataSetError(code, `Cannot use data set ${name}: expected ${wanted}, got ${found}`, { value });
}
