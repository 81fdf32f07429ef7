/** Unpacks a `.tar.gz` that may be hostile. */

import { extract, type ReadEntry } from 'tar';
import { DataSetError, throwIfAborted } from '../../../errors.js';
import { makeFolders } from '../../../formats/files/make-folders.js';

export interface UnpackOptions {
  readonly file: string;
  /** A new folder. */
  readonly into: string;
  /** Leading folders to drop from each path. Default 0. */
  readonly strip?: number;
  /** The files together may take this many bytes. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
  /** Files unpacked so far. */
  readonly onProgress?: (files: number) => void;
}

/**
 * Unpacks files and folders, and nothing else. At the first entry that climbs out of the folder, is absolute, is a link or
 * a device, or exceeds `maxBytes`, nothing more is written.
 * @throws DataSetError `unsafe-archive`, `archive-too-large`, `damaged-archive`.
 */
export async function unpackArchive(options: UnpackOptions): Promise<void> {
  await makeFolders(options.into);
  let refusal: Error | undefined;
  let bytes = 0;
  let files = 0;
  const accept = (path: string, entry: ReadEntry): boolean => {
    if (refusal || options.signal?.aborted) return false;
    bytes += entry.size;
    refusal = refusalOf(path, entry, options, bytes);
    if (refusal) return false;
    if (entry.type === 'File') options.onProgress?.(++files);
    return true;
  };
  try {
    await extract({
      file: options.file,
      cwd: options.into,
      strip: options.strip ?? 0,
      filter: (path, entry) => accept(path, entry as ReadEntry),
      strict: true,
      preserveOwner: false,
      noMtime: true,
    });
  } catch (error) {
    throw refusal ?? asError(error, options.file);
  }
  throwIfAborted(options.signal);
  if (refusal) throw refusal;
}

function refusalOf(
  path: string,
  entry: ReadEntry,
  { file, maxBytes }: UnpackOptions,
  bytes: number,
): Error | undefined {
  const unsafe = (what: string) =>
    new DataSetError(
      'unsafe-archive',
      `Cannot unpack ${file}: expected files inside one folder, got ${what}`,
      {
        value: path,
      },
    );
  if (/^([/\\]|[a-z]:)/i.test(path)) return unsafe(`the absolute path "${path}"`);
  if (path.split(/[/\\]/).includes('..')) return unsafe(`the path "${path}" that climbs out`);
  if (!['File', 'OldFile', 'ContiguousFile', 'Directory', 'GNUDumpDir'].includes(entry.type))
    return unsafe(`"${path}" of type ${entry.type}`);
  if (bytes <= maxBytes) return undefined;
  return new DataSetError(
    'archive-too-large',
    `Cannot unpack ${file}: expected at most ${maxBytes} bytes, got more`,
    {
      value: maxBytes,
    },
  );
}

/** A full or read-only disk stays what it is; the rest is the archive's fault. */
function asError(error: unknown, file: string): unknown {
  const { code, syscall, message } = error as { code?: string; syscall?: string; message: string };
  if (syscall && !code?.startsWith('Z_')) return error;
  return new DataSetError(
    'damaged-archive',
    `Cannot unpack ${file}: expected a whole .tar.gz, got: ${message}`,
    {
      value: file,
      cause: error,
    },
  );
}
