/** Folders that are there whole or not at all. */
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HearkenError } from '../../errors.js';
import { writeFault, writeFileAtomic } from './write-file-atomic.js';

let written = 0;

/**
 * Writes files by name into a folder beside, then renames it into place. A folder that holds files of these names
 * alone, or nothing, is replaced.
 * @throws HearkenError `file-write` naming the path if it cannot be written or holds anything else; nothing half-written is left.
 */
export async function writeFolder(path: string, files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  const target = resolve(path);
  const isThere = await checkReplaceable(target, path, Object.keys(files));
  const beside = `${target}.${process.pid}-${written++}`;
  const [fresh, old] = [`${beside}.partial`, `${beside}.old`];
  try {
    await mkdir(fresh);
    for (const [name, bytes] of Object.entries(files)) await writeFileAtomic(join(fresh, name), bytes);
    if (isThere) await rename(target, old);
    await rename(fresh, target).catch(async (cause) => {
      if (isThere) await rename(old, target);
      throw cause;
    });
  } catch (cause) {
    await rm(fresh, { recursive: true, force: true });
    throw writeFault(path, cause instanceof HearkenError ? cause.cause : cause);
  }
  await rm(old, { recursive: true, force: true });
}

/** Whether there is a folder already. @throws HearkenError `file-write` if what is there must not be replaced. */
async function checkReplaceable(target: string, path: string, names: readonly string[]): Promise<boolean> {
  const entries = await readdir(target).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw writeFault(path, cause.code === 'ENOTDIR' ? 'a file of that name' : cause);
  });
  const other = entries?.find((entry) => !names.includes(entry));
  if (other !== undefined) throw writeFault(path, `a folder that holds ${other}`);
  return entries !== undefined;
}
