/** Whom the recordings of a folder ask to be named, kept beside them so that a model trained on them says it too. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfThere } from './read-text.js';

const NAME = 'ATTRIBUTION.txt';

/**
 * The lines of `ATTRIBUTION.txt` in `folder`, none where there is no such file.
 * @throws DataSetError as `readTextIfThere`.
 */
export async function readAttribution(folder: string): Promise<string[]> {
  const text = (await readTextIfThere(join(folder, NAME))) ?? '';
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

/** Writes `ATTRIBUTION.txt` into `folder`, a line each. */
export async function writeAttribution(folder: string, lines: readonly string[]): Promise<void> {
  await writeFile(join(folder, NAME), lines.map((line) => `${line}\n`).join(''));
}
