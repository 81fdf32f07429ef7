/** Opens a folder of recordings: sub-folders by word, or CSV manifests; nothing is decoded yet. */
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DataSetError } from '../../errors.js';
import { type AssembleOptions, assembleDataSet, type Recording } from '../assemble-data-set.js';
import type { DataSet, Skipped, SplitName } from '../data-set.js';
import { compareTexts } from '../data-set.js';
import { readAttribution } from './attribution-file.js';
import { type FoundRecordings, findRecordings } from './find-recordings.js';
import { mapConcurrently } from './map-concurrently.js';
import { cleanPath, type ManifestRow, readManifest } from './read-manifest.js';
import { readTextIfThere } from './read-text.js';
import { splitBySpeaker } from './split-by-speaker.js';

export interface OpenDataSetOptions
  extends Pick<AssembleOptions, 'labels' | 'purpose' | 'clipMs' | 'maxSkippedShare' | 'attribution'> {
  readonly signal?: AbortSignal;
}

const MANIFESTS: readonly [file: string, split: SplitName][] = [
  ['train.csv', 'train'],
  ['val.csv', 'validation'],
  ['test.csv', 'test'],
];
const LISTS: readonly [file: string, split: SplitName][] = [
  ['validation_list.txt', 'validation'],
  ['testing_list.txt', 'test'],
];

/**
 * The data set in `folder`. Splits come from `train.csv`, `val.csv`, `test.csv` where they exist, else from
 * `validation_list.txt` and `testing_list.txt`, else from the speakers' hashes; a set without validation recordings
 * gives a share of its training speakers. Whom the recordings ask to be named: the lines of `ATTRIBUTION.txt`, where there
 * is one, and `attribution`.
 *
 * @example
 * const dataSet = await openDataSet('speech-commands', { labels: ['yes', 'no'] });
 * dataSet.labels; // ['yes', 'no', '_unknown_', '_silence_']
 * @throws DataSetError as `assembleDataSet`, and for a folder or manifest that cannot be read.
 */
export async function openDataSet(folder: string, options: OpenDataSetOptions = {}): Promise<DataSet> {
  const found = await findRecordings(folder);
  options.signal?.throwIfAborted();
  const manifests = await readManifests(folder);
  if (manifests?.length === 0) {
    const wanted = `recordings listed in ${MANIFESTS.map(([name]) => name).join(', ')}`;
    throw new DataSetError('empty', `Cannot use data set ${folder}: expected ${wanted}, got none`, {
      value: folder,
    });
  }
  const source = manifests
    ? await fromManifests(folder, manifests, options)
    : await fromFolders(folder, found);
  const attribution = [...new Set([...(await readAttribution(folder)), ...(options.attribution ?? [])])];
  const dataSet = assembleDataSet(giveValidation(source.recordings), {
    ...options,
    attribution: attribution.length > 0 ? attribution : undefined,
    name: folder,
    words: source.words,
    noiseFiles: found.noiseFiles,
    skipped: source.skipped,
  });
  checkLabels(dataSet.labels, folder);
  return dataSet;
}

/** A name that no model file takes must not show only when training is over. */
function checkLabels(labels: readonly string[], folder: string): void {
  if (!labels.includes('__proto__')) return;
  const message = `Cannot use data set ${folder}: expected labels that a model file can hold, got "__proto__"`;
  throw new DataSetError('label-name', message, { value: '__proto__' });
}

interface Source {
  readonly recordings: Recording[];
  readonly words: readonly string[];
  readonly skipped: readonly Skipped[];
}

/** Lets training speakers validate where no recordings were set apart for it. */
function giveValidation(recordings: Recording[]): Recording[] {
  if (recordings.some(({ split }) => split === 'validation')) return recordings;
  const training = recordings.filter(({ split }) => split === 'train');
  const splits = splitBySpeaker(training);
  const halves = training.map((recording, i): Recording => {
    return splits[i] === 'validation' ? { ...recording, split: 'validation' } : recording;
  });
  return [...halves, ...recordings.filter(({ split }) => split !== 'train')];
}

async function fromFolders(folder: string, found: FoundRecordings): Promise<Source> {
  const skipped = [...found.skipped];
  const listed = await readLists(folder);
  const present = new Set(found.recordings.map(({ path }) => path));
  for (const [path, [, list]] of listed) {
    // Lists outlive words that were taken out of a folder; single files that are gone are worth telling.
    const wordIsThere = found.words.includes(path.slice(0, path.indexOf('/')));
    if (wordIsThere && !present.has(path)) {
      skipped.push({ file: join(folder, path), reason: `listed in ${list}, but not there` });
    }
  }
  const hashed = listed.size === 0 ? splitBySpeaker(found.recordings) : [];
  const recordings = found.recordings.map((recording, i): Recording => {
    return { ...recording, split: hashed[i] ?? listed.get(recording.path)?.[0] ?? 'train' };
  });
  return { recordings, words: found.words, skipped };
}

/** Paths named in the split lists, with their split and list. @throws DataSetError for one in both. */
async function readLists(folder: string): Promise<Map<string, [split: SplitName, list: string]>> {
  const listed = new Map<string, [SplitName, string]>();
  for (const [name, split] of LISTS) {
    const text = await readTextIfThere(join(folder, name));
    for (const line of text?.split(/\r?\n/) ?? []) {
      const path = cleanPath(line).normalize('NFC');
      if (path === '') continue;
      if (listed.has(path) && listed.get(path)![0] !== split) {
        throw new DataSetError(
          'file-in-two-splits',
          `Cannot use data set ${folder}: expected ${path} in one split, got it in ${listed.get(path)![1]} and ${name}`,
          { value: path },
        );
      }
      listed.set(path, [split, name]);
    }
  }
  return listed;
}

interface SplitRow extends ManifestRow {
  readonly split: SplitName;
}

async function readManifests(folder: string): Promise<SplitRow[] | undefined> {
  let rows: SplitRow[] | undefined;
  for (const [name, split] of MANIFESTS) {
    const text = await readTextIfThere(join(folder, name));
    if (text === undefined) continue;
    const read = readManifest(text, join(folder, name)).map((row) => ({ ...row, split }));
    rows = [...(rows ?? []), ...read];
  }
  return rows;
}

async function fromManifests(
  folder: string,
  rows: readonly SplitRow[],
  { signal }: OpenDataSetOptions,
): Promise<Source> {
  const recordings: Recording[] = [];
  const skipped: Skipped[] = [];
  const isFile = await mapConcurrently(rows, { limit: 32, signal }, async ({ file }) =>
    stat(resolve(folder, file)).then(
      (entry) => entry.isFile(),
      () => false,
    ),
  );
  rows.forEach(({ file: written, path, word, split }, i) => {
    const file = resolve(folder, written);
    if (isFile[i]) recordings.push({ file, path, word, split });
    else skipped.push({ file, reason: `listed in ${manifestOf(split)}, but not there` });
  });
  const present = new Set(recordings.map(({ word }) => word));
  const lost = rows.find(({ word }) => !present.has(word));
  if (lost) {
    throw new DataSetError(
      'label-without-files',
      `Cannot use data set ${folder}: expected recordings of "${lost.word}", got none of the files that ` +
        `${manifestOf(lost.split)} lists (line ${lost.line}: ${lost.path})`,
      { value: lost.word },
    );
  }
  return { recordings, words: [...present].sort(compareTexts), skipped };
}

function manifestOf(split: SplitName): string {
  return MANIFESTS.find(([, manifestSplit]) => manifestSplit === split)![0];
}
