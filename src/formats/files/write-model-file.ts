/** Model files onto a disk. */
import type { Model } from '../model.js';
import { encodeModel } from '../model-file.js';
import { writeFileAtomic } from './write-file-atomic.js';

/**
 * Writes a model file whole or not at all.
 * @throws ModelFileError if the model is not sound; HearkenError `file-write` if the place is not writable.
 */
export async function writeModelFile(path: string, model: Model): Promise<void> {
  await writeFileAtomic(path, encodeModel(model));
}
