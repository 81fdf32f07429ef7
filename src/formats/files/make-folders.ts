/** Folders to write into. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { writeFault } from './write-file-atomic.js';

/**
 * Makes a folder, and those above it that are missing. (Node's own recursive `mkdir` turns for ever where none may be
 * made, as in /proc.)
 * @throws HearkenError `file-write` naming the folder that cannot be made.
 */
export async function makeFolders(path: string): Promise<void> {
  const folder = resolve(path);
  if (await isFolder(folder)) return;
  const parent = dirname(folder);
  if (parent !== folder) await makeFolders(parent);
  await makeFolder(folder);
}

/**
 * Makes one folder in one that exists, unless it is there.
 * @throws HearkenError `file-write` naming it.
 */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (cause) {
    // It was there, or another process made it in between.
    if (await isFolder(folder)) return;
    const isFile = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw writeFault(folder, isFile ? { code: 'ENOTDIR' } : cause);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}
