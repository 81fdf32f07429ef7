/**
 * The place a training run writes to, checked before any work is done and held while it goes on. Beside the model
 * file M stands the folder `M.checkpoint`: the last checkpoint, and a lock named after the process that holds it. A
 * lock whose process is gone (killed, power cut) counts for nothing.
 */
import { access, constants, open, readdir, rm, rmdir, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { HearkenError } from '../errors.js';
import { makeFolder } from '../formats/files/make-folders.js';
import { writeFault } from '../formats/files/write-file-atomic.js';
import { UsageError } from './usage-error.js';

export interface ClaimedOutput {
  /** `M.checkpoint/last.safetensors`; may not exist yet. */
  readonly checkpoint: string;
  /** Gives the place free, keeping the checkpoint. */
  release(): Promise<void>;
  /** Gives it free and removes the checkpoint: the work is done. */
  finish(): Promise<void>;
}

const LOCK = /^lock-(\d+)$/;
/** What `writeFileAtomic` adds to a name until the file is whole. */
const PARTIAL = /^\.(\d+)-\d+\.partial$/;
/** Folders that runs of this very process hold; their process is alive, and it is us. */
const heldHere = new Set<string>();

/**
 * Makes sure that `file` can be written and that no other run writes to it.
 * @throws HearkenError `file-write` if it cannot; `output-taken` if a live process holds it.
 */
export async function claimOutput(file: string): Promise<ClaimedOutput> {
  await checkWritable(file);
  const folder = `${file}.checkpoint`;
  await makeFolder(folder);
  const lock = await takeLock(folder, file);
  await removeLeftovers(file);
  heldHere.add(folder);
  const release = async () => {
    heldHere.delete(folder);
    await rm(lock, { force: true });
    // Only an empty folder goes: a checkpoint stays.
    await rmdir(folder).catch(() => {});
  };
  const checkpoint = join(folder, 'last.safetensors');
  // A run that was killed while it wrote may have left halves of checkpoints too.
  const finish = async () => {
    heldHere.delete(folder);
    await rm(folder, { recursive: true, force: true });
  };
  return { checkpoint, release, finish };
}

/** Whether a file is there. */
export async function fileExists(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  );
}

/**
 * Makes sure that a file can be put at a path: its folder takes new files, and no folder stands in the place.
 * @throws HearkenError `file-write`
 */
export async function checkWritable(file: string): Promise<void> {
  const entry = await stat(file).catch(() => undefined);
  if (entry?.isDirectory()) throw writeFault(file, { code: 'EISDIR' });
  try {
    await access(dirname(file), constants.W_OK);
    if (entry) await access(file, constants.W_OK);
  } catch (cause) {
    throw writeFault(file, cause);
  }
}

/**
 * Makes sure that a file can be put at a path, and that none of the files named `kept` stands there. `what` is the
 * flag or argument that names the path.
 * @throws HearkenError `file-write`; UsageError where it would take the place of a kept file.
 */
export async function checkOwnPlace(what: string, file: string, kept: readonly string[]): Promise<void> {
  for (const other of kept) {
    if (await isSameFile(file, other))
      throw new UsageError(`${what} needs a file of its own: ${file} is in use`);
  }
  await checkWritable(file);
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  if (resolve(a) === resolve(b)) return true;
  const [one, other] = await Promise.all([a, b].map((path) => stat(path).catch(() => undefined)));
  return one !== undefined && one.ino === other?.ino && one.dev === other.dev;
}

/** A run that was killed while it put its model in place has left a half beside it. */
async function removeLeftovers(file: string): Promise<void> {
  const name = basename(file);
  for (const entry of await readdir(dirname(file)).catch(() => [])) {
    const pid = entry.startsWith(name) ? PARTIAL.exec(entry.slice(name.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) await rm(join(dirname(file), entry), { force: true });
  }
}

async function takeLock(folder: string, file: string): Promise<string> {
  const lock = join(folder, `lock-${process.pid}`);
  if (heldHere.has(folder)) throw taken(file, process.pid, lock);
  // A lock of our own number that we do not hold was left by a dead process of that number.
  const handle = await open(lock, 'w').catch((cause) => {
    throw writeFault(lock, cause);
  });
  await handle.close();
  // Each run first puts its lock, then looks for others: of two at once at least one sees the other.
  for (const name of await readdir(folder)) {
    const pid = Number(LOCK.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || pid === process.pid) continue;
    if (isAlive(pid)) {
      await rm(lock, { force: true });
      throw taken(file, pid, join(folder, name));
    }
    await rm(join(folder, name), { force: true });
  }
  return lock;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, but belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function taken(file: string, pid: number, lock: string): HearkenError {
  return new HearkenError(
    'output-taken',
    `Cannot write ${file}: expected no other run to write there, got process ${pid} at it ` +
      `(if that is no training run, remove ${lock})`,
    { value: file },
  );
}
