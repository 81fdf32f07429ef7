/** Text files of a data set. */
import { readFile } from 'node:fs/promises';
import { DataSetError } from '../../errors.js';

/**
 * What a UTF-8 file says; undefined if there is none of that name.
 * @throws DataSetError `unreadable-file` or `text-encoding`.
 */
export async function readTextIfThere(file: string): Promise<string | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR') return undefined;
    throw new DataSetError('unreadable-file', `Cannot open data set: expected to read ${file}, got ${code}`, {
      value: file,
      cause,
    });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const isUtf16 = ['fffe', 'feff'].includes(bytes.toString('hex', 0, 2));
    throw new DataSetError(
      'text-encoding',
      `Cannot read ${file}: expected text in UTF-8, got ${isUtf16 ? 'UTF-16' : 'another encoding'}`,
      { value: file, cause },
    );
  }
}
