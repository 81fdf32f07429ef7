/** Downloads, checks, unpacks and counts a known data set. */

import { access, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DataSetError } from '../../../errors.js';
import { makeFolders } from '../../../formats/files/make-folders.js';
import { readAttribution, writeAttribution } from '../attribution-file.js';
import { checkCounts, countClips } from './count-clips.js';
import { downloadFile } from './download-file.js';
import type { DataCounts, DataRecipe } from './recipes.js';
import { unpackArchive } from './unpack-archive.js';

/** What is under way lives here, inside the folder asked for. */
const WORKSHOP = '.download';

export interface GetOptions {
  /** A new folder, an empty one, or one where an earlier call was cut off. */
  readonly outDir: string;
  readonly retryDelayMs?: number;
  readonly signal?: AbortSignal;
  /** Bytes while downloading, files while unpacking. */
  readonly onProgress?: (phase: 'download' | 'unpack', done: number, total: number | undefined) => void;
}

/**
 * Puts the data set into `outDir` and returns its counts, which are those of the recipe. A call that was cut off goes on
 * where it stopped; a folder that already holds the set is only counted. The archive is removed at the end, and
 * `ATTRIBUTION.txt` says whom models trained on the set have to name.
 * @throws DataSetError `output-not-empty`, `download-failed`, `wrong-checksum`, `unsafe-archive`, `wrong-counts`, …
 */
export async function getDataSet(recipe: DataRecipe, options: GetOptions): Promise<DataCounts> {
  const { outDir, signal } = options;
  const workshop = join(outDir, WORKSHOP);
  await makeFolders(outDir);
  const entries = await readdir(outDir);
  if (entries.length > 0 && !entries.includes(WORKSHOP)) return countPresent(recipe, outDir);
  await makeFolders(workshop);
  const archive = join(workshop, `${recipe.name}-${basename(new URL(recipe.url).pathname)}`);
  if (!(await exists(archive))) {
    await downloadFile({
      url: recipe.url,
      path: archive,
      bytes: recipe.archiveBytes,
      sha256: recipe.sha256,
      retryDelayMs: options.retryDelayMs,
      signal,
      onProgress: (done, total) => options.onProgress?.('download', done, total),
    });
  }
  const unpacked = join(workshop, 'unpacked');
  const counts = await unpackAndCount(recipe, archive, unpacked, options);
  await writeAttribution(unpacked, [recipe.attribution]);
  await moveIn(unpacked, outDir);
  await rm(workshop, { recursive: true });
  return counts;
}

/** Unpacks into a fresh folder and counts. An archive that is at fault is removed, so that a next call fetches it anew. */
async function unpackAndCount(
  recipe: DataRecipe,
  archive: string,
  into: string,
  options: GetOptions,
): Promise<DataCounts> {
  await rm(into, { recursive: true, force: true });
  try {
    await unpackArchive({
      file: archive,
      into,
      strip: recipe.strip,
      maxBytes: recipe.maxUnpackedBytes,
      signal: options.signal,
      onProgress: (files) => options.onProgress?.('unpack', files, recipe.expected.clips),
    });
    const counts = await countClips(into);
    checkCounts(recipe, counts);
    return counts;
  } catch (error) {
    if (error instanceof DataSetError) await rm(archive, { force: true });
    throw error;
  }
}

/** The counts of a folder that should already hold the set. */
async function countPresent(recipe: DataRecipe, outDir: string): Promise<DataCounts> {
  const counts = await countClips(outDir).catch(() => undefined);
  if (counts && counts.clips === recipe.expected.clips) {
    checkCounts(recipe, counts);
    if ((await readAttribution(outDir)).length === 0) await writeAttribution(outDir, [recipe.attribution]);
    return counts;
  }
  throw new DataSetError(
    'output-not-empty',
    `Cannot put ${recipe.name} into ${outDir}: expected an empty or new folder, got one that holds other files`,
    { value: outDir },
  );
}

/** Renames each entry into place; what an earlier, cut-off move left there is replaced. */
async function moveIn(from: string, into: string): Promise<void> {
  for (const name of await readdir(from)) {
    await rm(join(into, name), { recursive: true, force: true });
    await rename(join(from, name), join(into, name));
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
