/** Reads recordings from disk into a clip store. */
import { readFile } from 'node:fs/promises';
import { decodeAudio } from '../../audio/decode.js';
import { resample } from '../../audio/resample.js';
import { SAMPLE_RATE_HZ } from '../../audio/sample-rate.js';
import { HearkenError } from '../../errors.js';
import { checkSkippedShare, checkTrainable } from '../assemble-data-set.js';
import { ClipStore } from '../clip-store.js';
import { type Clip, type DataSet, type Skipped, SPLITS, type SplitName } from '../data-set.js';
import { mapConcurrently } from './map-concurrently.js';

/** Files open at once: enough to hide a disk's latency. */
const FILES_AT_ONCE = 8;

export interface LoadProgress {
  readonly done: number;
  readonly total: number;
}

export interface LoadClipsOptions {
  readonly store: ClipStore;
  /** Keep recordings whole (noise). Default false. */
  readonly whole?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: LoadProgress) => void;
}

/**
 * Decodes files (mixed down to mono, 16 kHz) into the store and returns those that cannot be read; files that are stored
 * already are passed over.
 * @throws the signal's reason.
 */
export async function loadClips(
  clips: readonly Pick<Clip, 'file'>[],
  { store, whole = false, signal, onProgress }: LoadClipsOptions,
): Promise<Skipped[]> {
  let done = 0;
  const reasons = await mapConcurrently(clips, { limit: FILES_AT_ONCE, signal }, async ({ file }) => {
    const reason = store.has(file) ? undefined : await loadClip(file, store, whole);
    onProgress?.({ done: ++done, total: clips.length });
    return reason;
  });
  return clips.flatMap(({ file }, i) => (reasons[i] === undefined ? [] : [{ file, reason: reasons[i] }]));
}

export interface LoadDataSetOptions extends Pick<LoadClipsOptions, 'signal' | 'onProgress'> {
  /** Which splits are read; noise comes with `train`. Default train and validation. */
  readonly splits?: readonly SplitName[];
  /** The part of the files read here that may be unreadable. Default 0.05. */
  readonly maxSkippedShare?: number;
  /** For messages. */
  readonly name?: string;
  /** Default: a new one for clips of the data set's length. */
  readonly store?: ClipStore;
}

/**
 * Loads splits of a data set. The set returned lacks the files that cannot be read; they are added to `skipped`.
 * @throws DataSetError where too many files are unreadable or training lost a label.
 */
export async function loadDataSet(
  dataSet: DataSet,
  options: LoadDataSetOptions = {},
): Promise<{ dataSet: DataSet; store: ClipStore }> {
  const {
    splits = ['train', 'validation'],
    signal,
    onProgress,
    maxSkippedShare,
    name = 'of recordings',
  } = options;
  const store = options.store ?? new ClipStore({ clipMs: dataSet.clipMs });
  const clips = SPLITS.filter((split) => splits.includes(split)).flatMap((split) => dataSet[split]);
  const noise = splits.includes('train') ? dataSet.noiseFiles.map((file) => ({ file })) : [];
  const total = clips.length + noise.length;
  const report = (before: number) => (progress: LoadProgress) =>
    onProgress?.({ done: before + progress.done, total });
  const unreadable = [
    ...(await loadClips(noise, { store, whole: true, signal, onProgress: report(0) })),
    ...(await loadClips(clips, { store, signal, onProgress: report(noise.length) })),
  ];
  const skipped = [...dataSet.skipped, ...unreadable];
  const lost = new Set(unreadable.map(({ file }) => file));
  checkSkippedShare(unreadable, total - unreadable.length, { name, maxSkippedShare });
  const isLeft = ({ file }: { file: string }) => !lost.has(file);
  const left: DataSet = {
    ...dataSet,
    train: dataSet.train.filter(isLeft),
    validation: dataSet.validation.filter(isLeft),
    test: dataSet.test.filter(isLeft),
    noiseFiles: dataSet.noiseFiles.filter((file) => !lost.has(file)),
    skipped,
  };
  if (splits.includes('train')) checkTrainable(left, name);
  return { dataSet: left, store };
}

/** Stores one file; returns why it cannot, if the file is to blame. */
async function loadClip(file: string, store: ClipStore, whole: boolean): Promise<string | undefined> {
  try {
    const { samples, sampleRateHz } = await decodeAudio(await readFile(file), file);
    if (samples.length === 0) return 'it holds no samples';
    const inside =
      sampleRateHz === SAMPLE_RATE_HZ
        ? samples
        : resample(samples, { fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
    store.add(file, inside, { whole });
    return undefined;
  } catch (error) {
    // The file is named beside the reason already.
    if (error instanceof HearkenError) return error.message.replace(`Cannot read ${file}: `, '');
    if (isSystemError(error)) return error.message;
    throw error;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
