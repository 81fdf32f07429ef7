/** Counts what a downloaded data set holds, by its own list files or manifests. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSetError } from '../../../errors.js';
import type { DataCounts, DataRecipe } from './recipes.js';

/** Words, clips and splits of a folder: WAV files in word folders (`dataset/` of the manifests, else its own). */
export async function countClips(folder: string): Promise<DataCounts> {
  const names = new Set(await readdir(folder));
  const manifests = names.has('train.csv');
  const root = manifests ? join(folder, 'dataset') : folder;
  let words = 0;
  let clips = 0;
  for (const entry of await readdir(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || /^[._]|background_noise/.test(entry.name)) continue;
    const wavs = (await readdir(join(root, entry.name))).filter((name) =>
      name.toLowerCase().endsWith('.wav'),
    );
    if (wavs.length > 0) words++;
    clips += wavs.length;
  }
  const lines = async (name: string) =>
    names.has(name) ? countLines(await readFile(join(folder, name), 'utf8')) : 0;
  if (manifests) {
    const rows = async (name: string) => Math.max(0, (await lines(name)) - 1);
    const [train, validation, test] = [
      await rows('train.csv'),
      await rows('val.csv'),
      await rows('test.csv'),
    ];
    return { words, clips, train, validation, test };
  }
  const [validation, test] = [await lines('validation_list.txt'), await lines('testing_list.txt')];
  return { words, clips, train: clips - validation - test, validation, test };
}

function countLines(text: string): number {
  return text.split('\n').filter((line) => line.trim() !== '').length;
}

/** @throws DataSetError `wrong-counts` naming the first count that differs. */
export function checkCounts(recipe: DataRecipe, counts: DataCounts): void {
  for (const name of Object.keys(recipe.expected) as (keyof DataCounts)[]) {
    if (counts[name] === recipe.expected[name]) continue;
    throw new DataSetError(
      'wrong-counts',
      `Cannot use ${recipe.name}: expected ${recipe.expected[name]} ${nameOf(name)}, got ${counts[name]}`,
      { value: counts },
    );
  }
}

function nameOf(count: keyof DataCounts): string {
  return count === 'words' || count === 'clips' ? count : `${count} clips`;
}
