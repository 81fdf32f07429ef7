/** Downloads one file so that a broken connection costs no byte twice. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { DataSetError, throwIfAborted } from '../../../errors.js';

/** How often in a row an attempt may bring nothing. */
const MAX_FRUITLESS = 4;
const RETRY_DELAY_MS = 1000;

export interface DownloadOptions {
  readonly url: string;
  /** Where the whole file goes; `path.part` holds what came so far. */
  readonly path: string;
  /** Size in bytes, if known. */
  readonly bytes?: number | null;
  /** SHA-256 in hexadecimal, if known. */
  readonly sha256?: string | null;
  readonly retryDelayMs?: number;
  readonly signal?: AbortSignal;
  /** Bytes there so far, and of how many, if known. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

/**
 * Downloads `url` to `path`, going on where `path.part` ends, and checks size and checksum before the file gets its name.
 * A connection that breaks is taken up again (HTTP Range) as long as every few attempts bring something.
 * @throws DataSetError `download-failed` (the server refuses, or the connection stays broken: `.part` stays, call again),
 * `wrong-size` or `wrong-checksum` (`.part` is removed).
 */
export async function downloadFile(options: DownloadOptions): Promise<void> {
  const part = `${options.path}.part`;
  for (let fruitless = 0; ; ) {
    throwIfAborted(options.signal);
    const before = await sizeOf(part);
    if (options.bytes != null && before >= options.bytes) break;
    const failure = await attempt(options, part, before);
    if (failure === undefined) break;
    fruitless = (await sizeOf(part)) > before ? 0 : fruitless + 1;
    if (fruitless >= MAX_FRUITLESS || !(failure instanceof Interruption)) throw asError(failure, options.url);
    await wait(options.retryDelayMs ?? RETRY_DELAY_MS, undefined, { signal: options.signal });
  }
  await verify(options, part);
  await rename(part, options.path);
}

/** A failure that another attempt may mend. */
class Interruption extends Error {}

/** One request; returns what went wrong between us and the server, throws what went wrong on the disk. */
async function attempt(options: DownloadOptions, part: string, from: number): Promise<Error | undefined> {
  let response: Response;
  try {
    const headers = { 'accept-encoding': 'identity', ...(from > 0 ? { range: `bytes=${from}-` } : {}) };
    response = await fetch(options.url, { headers, signal: options.signal });
  } catch (error) {
    throwIfAborted(options.signal);
    return new Interruption(`expected an answer, got: ${reasonOf(error)}`);
  }
  // The part is as long as the file, or longer: begin again, the check at the end decides.
  if (response.status === 416) {
    await rm(part, { force: true });
    return new Interruption('expected the rest of the file, got HTTP 416');
  }
  if (response.status !== 200 && response.status !== 206) {
    const message = `expected HTTP 200, got ${response.status} ${response.statusText}`.trim();
    return response.status >= 500 ? new Interruption(message) : new Error(message);
  }
  return receive(response, part, response.status === 206 ? from : 0, options);
}

/** Writes the body behind byte `from` of the part (a server without ranges sends the whole file again). */
async function receive(
  response: Response,
  part: string,
  from: number,
  options: DownloadOptions,
): Promise<Error | undefined> {
  const length = response.headers.get('content-length');
  const total = options.bytes ?? (length === null ? undefined : from + Number(length));
  const file = await open(part, from > 0 ? 'a' : 'w');
  let done = from;
  try {
    const reader = response.body?.getReader();
    while (reader) {
      throwIfAborted(options.signal);
      const read = untilAborted(reader.read(), options.signal);
      const chunk = await read.catch((error) => new Interruption(reasonOf(error)));
      throwIfAborted(options.signal);
      if (chunk instanceof Interruption)
        return new Interruption(`expected ${total ?? 'more'} bytes, got ${done}`);
      if (chunk.done) break;
      await file.writeFile(chunk.value);
      done += chunk.value.length;
      options.onProgress?.(done, total);
    }
  } finally {
    await file.close();
  }
  return total !== undefined && done < total
    ? new Interruption(`expected ${total} bytes, got ${done}`)
    : undefined;
}

/** A promise that the signal ends too: a read may stay open where a connection breaks as it is given up. */
async function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  const watch = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { signal: watch.signal });
  });
  return Promise.race([promise, aborted]).finally(() => watch.abort());
}

async function verify({ url, bytes, sha256, signal }: DownloadOptions, part: string): Promise<void> {
  const size = await sizeOf(part);
  if (bytes != null && size !== bytes) {
    await rm(part);
    throw new DataSetError('wrong-size', `Cannot use ${url}: expected ${bytes} bytes, got ${size}`, {
      value: url,
    });
  }
  if (sha256 == null) return;
  const digest = await sha256Of(part, signal);
  if (digest === sha256) return;
  await rm(part);
  throw new DataSetError('wrong-checksum', `Cannot use ${url}: expected SHA-256 ${sha256}, got ${digest}`, {
    value: url,
  });
}

/** SHA-256 of a file, in hexadecimal. */
export async function sha256Of(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) hash.update(chunk);
  return hash.digest('hex');
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch((error) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  return found?.size ?? 0;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

function asError(failure: Error, url: string): DataSetError {
  return new DataSetError('download-failed', `Cannot download ${url}: ${failure.message}`, {
    value: url,
    cause: failure,
  });
}
