/** Files that are there whole or not at all. */
import { type FileHandle, open, realpath, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { HearkenError } from '../../errors.js';

/** What system errors mean to a person; others show their code alone. */
const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'a full disk',
  EDQUOT: 'a quota that is used up',
  EFBIG: 'a file larger than allowed',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'a read-only disk',
  ENOENT: 'a folder that does not exist',
  ENOTDIR: 'a folder that is a file',
  EISDIR: 'a folder of that name',
  EEXIST: 'a folder of that name',
};
/** Windows refuses to rename onto a file that a virus scanner or an editor holds for a moment. */
const RENAME_DELAYS_MS = process.platform === 'win32' ? [20, 80, 320] : [];

let written = 0;

/**
 * Writes beside the path, makes sure that the bytes are on the disk, then renames: whoever reads the path finds the
 * old contents or the new, also after a crash or a second writer. A symbolic link is followed, not replaced.
 * @throws HearkenError `file-write` naming the path; nothing half-written is left.
 */
export async function writeFileAtomic(path: string, contents: Uint8Array | string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const beside = `${target}.${process.pid}-${written++}.partial`;
  try {
    await writeDurably(beside, contents);
    await renameOver(beside, target);
  } catch (cause) {
    await unlink(beside).catch(() => {});
    throw writeFault(path, cause);
  }
  await syncFolder(dirname(target));
}

/** A HearkenError `file-write` that says in words why a path cannot be written. */
export function writeFault(path: string, cause: unknown): HearkenError {
  const code = String((cause as NodeJS.ErrnoException | null)?.code ?? cause);
  const got = REASONS[code] ? `${REASONS[code]} (${code})` : code;
  return new HearkenError('file-write', `Cannot write ${path}: expected a place to write to, got ${got}`, {
    value: path,
    cause,
  });
}

async function writeDurably(path: string, contents: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(contents);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function renameOver(from: string, to: string): Promise<void> {
  for (const delayMs of RENAME_DELAYS_MS) {
    try {
      return await rename(from, to);
    } catch {
      await wait(delayMs);
    }
  }
  await rename(from, to);
}

/** Makes the rename itself durable where a folder can be opened (not on Windows); the contents already are. */
async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // The file is in place; only a power cut in the next seconds could bring the old one back.
  } finally {
    await handle?.close();
  }
}
