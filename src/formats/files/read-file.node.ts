/** Bytes of a file under Node; imported as `#read-file`. */
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ModelFileError } from '../../errors.js';

/** Larger than any model here by far; a wrong path to a disk image must not fill the memory. */
export const MAX_FILE_BYTES = 2 ** 30;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'none of that name',
  ENOTDIR: 'none of that name',
  EISDIR: 'a folder',
  EACCES: 'no permission to read it',
  EPERM: 'no permission to read it',
};

/**
 * The bytes of a model file by path or `file:` URL.
 * @throws ModelFileError `file-read` if it is missing, a folder, not readable or over 1 GiB.
 */
export async function readFile(path: string | URL, signal?: AbortSignal): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const name = typeof path === 'string' ? path : fileURLToPath(path);
  try {
    const file = await open(name, 'r');
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw fault(name, stats.isDirectory() ? 'a folder' : 'a device or a pipe');
      const { size } = stats;
      if (size > MAX_FILE_BYTES) throw fault(name, `${size} bytes, more than ${MAX_FILE_BYTES}`);
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof ModelFileError) throw cause;
    const code = String((cause as NodeJS.ErrnoException).code ?? cause);
    throw fault(name, REASONS[code] ?? code, cause);
  }
}

function fault(name: string, got: string, cause?: unknown): ModelFileError {
  return new ModelFileError('file-read', `Cannot read ${name}: expected a file, got ${got}`, {
    value: name,
    cause,
  });
}
