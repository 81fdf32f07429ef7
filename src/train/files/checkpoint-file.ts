/** Checkpoints on a disk: one file, replaced as a whole each time. */
import { readFile } from 'node:fs/promises';
import { ModelFileError } from '../../errors.js';
import { writeFileAtomic } from '../../formats/files/write-file-atomic.js';
import { decodeSafetensors } from '../../formats/safetensors.js';
import type { CheckpointSink } from '../checkpoint.js';

export interface CheckpointFile extends CheckpointSink {
  readonly path: string;
  /** The bytes of the last checkpoint; undefined if there is none. @throws ModelFileError if it cannot be read. */
  read(): Promise<Uint8Array | undefined>;
}

/** A checkpoint at a path. A run killed while it writes leaves the one before. */
export function openCheckpointFile(path: string): CheckpointFile {
  return {
    path,
    write: (bytes) => writeFileAtomic(path, bytes),
    read: () => readIfThere(path),
  };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    const bytes = await readFile(path);
    // What is damaged shows here, with its path, before all recordings have been read.
    decodeSafetensors(bytes, path);
    return bytes;
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ModelFileError('file-read', `Cannot resume from ${path}: expected a checkpoint, got ${code}`, {
      value: path,
      cause,
    });
  }
}
