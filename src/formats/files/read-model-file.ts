/** Model files from a disk. */
import type { Model } from '../model.js';
import { decodeModel } from '../model-file.js';
import { readFile } from './read-file.node.js';

/**
 * The model in a file.
 * @throws ModelFileError naming the file, and the field or tensor that is damaged.
 */
export async function readModelFile(path: string, signal?: AbortSignal): Promise<Model> {
  return decodeModel(await readFile(path, signal), path);
}
