/** Looks through a folder of recordings: one sub-folder a word, which may have folders inside. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSetError } from '../../errors.js';
import type { Skipped } from '../data-set.js';
import { BACKGROUND_NOISE, compareTexts } from '../data-set.js';

const AUDIO = /\.(wav|wave|flac|mp3|ogg|oga|opus)$/i;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'none of that name',
  ENOTDIR: 'a file',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
};

export interface FoundFile {
  readonly file: string;
  /** Relative to the data set, `/` between its parts, NFC. */
  readonly path: string;
  readonly word: string;
}

export interface FoundRecordings {
  readonly recordings: readonly FoundFile[];
  /** Every sub-folder but that of noise, also empty ones. */
  readonly words: readonly string[];
  readonly noiseFiles: readonly string[];
  readonly skipped: readonly Skipped[];
}

/**
 * Recordings by word, ordered by path whatever order the file system has. Hidden files and folders are passed over, links
 * are followed except back to a folder they lie in.
 * @throws DataSetError if the folder cannot be read.
 */
export async function findRecordings(folder: string): Promise<FoundRecordings> {
  const skipped: Skipped[] = [];
  const recordings: FoundFile[] = [];
  const words: string[] = [];
  const top = await list(folder);
  for (const { name, isFolder } of await kindsOf(folder, top, skipped)) {
    if (!isFolder) continue;
    const word = name.normalize('NFC');
    if (word !== BACKGROUND_NOISE) words.push(word);
    const files: FoundFile[] = [];
    await walk({ folder: join(folder, name), path: word, word, above: [] }, files, skipped);
    recordings.push(...files);
  }
  recordings.sort((a, b) => compareTexts(a.path, b.path));
  const isNoise = ({ word }: FoundFile) => word === BACKGROUND_NOISE;
  return {
    recordings: recordings.filter((file) => !isNoise(file)),
    words: words.sort(compareTexts),
    noiseFiles: recordings.filter(isNoise).map(({ file }) => file),
    skipped,
  };
}

interface Place {
  readonly folder: string;
  readonly path: string;
  readonly word: string;
  /** Real paths of the folders it lies in. */
  readonly above: readonly string[];
}

async function walk(place: Place, files: FoundFile[], skipped: Skipped[]): Promise<void> {
  const real = await realpath(place.folder);
  if (place.above.includes(real)) return;
  for (const { name, isFolder } of await kindsOf(place.folder, await list(place.folder), skipped)) {
    const file = join(place.folder, name);
    const path = `${place.path}/${name.normalize('NFC')}`;
    if (isFolder) await walk({ ...place, folder: file, path, above: [...place.above, real] }, files, skipped);
    else if (AUDIO.test(name)) files.push({ file, path, word: place.word });
  }
}

interface Entry {
  readonly name: string;
  /** `undefined`: a link, to be followed. */
  readonly isFolder: boolean | undefined;
}

async function list(folder: string): Promise<Entry[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const visible = entries.filter(({ name }) => !name.startsWith('.') && name !== '__MACOSX');
    return visible.map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory() ? true : entry.isFile() ? false : undefined,
    }));
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const found = REASONS[code] ? `${REASONS[code]} (${code})` : code;
    throw new DataSetError(
      'unreadable-folder',
      `Cannot open data set ${folder}: expected a folder that can be read, got ${found}`,
      { value: folder, cause },
    );
  }
}

/** What links point to; those that point nowhere are listed as skipped if they are named like recordings. */
async function kindsOf(
  folder: string,
  entries: readonly Entry[],
  skipped: Skipped[],
): Promise<{ name: string; isFolder: boolean }[]> {
  const result: { name: string; isFolder: boolean }[] = [];
  for (const { name, isFolder } of entries) {
    if (isFolder !== undefined) {
      result.push({ name, isFolder });
      continue;
    }
    const file = join(folder, name);
    const target = await stat(file).catch(() => undefined);
    if (target?.isDirectory() || target?.isFile()) result.push({ name, isFolder: target.isDirectory() });
    else if (AUDIO.test(name)) skipped.push({ file, reason: 'not a file' });
  }
  return result;
}
