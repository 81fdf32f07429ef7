/** The linear memory that a program runs in: how large it may be, and what to do where it may not. */
import { EngineError } from '../../errors.js';

export const PAGE_BYTES = 65536;
const MAX_PAGES = 65536;

/** What a program for so many clips would take, in bytes. */
export type BytesFor = (clips: number) => number;

export interface MemoryOptions {
  readonly clips: number;
  readonly bytesFor: BytesFor;
  /** Whether several threads hold it. */
  readonly shared?: boolean;
}

function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) + 1;
}

/**
 * Memory of so many bytes, for a program of `clips` clips.
 * @throws EngineError if WebAssembly's 4 GiB do not hold it, naming the largest batch that would fit, or if the system
 * does not give it.
 */
export function allocateMemory(bytes: number, options: MemoryOptions): WebAssembly.Memory {
  const { clips, bytesFor, shared = false } = options;
  const initial = pagesOf(bytes);
  if (initial > MAX_PAGES) throw tooLarge(clips, bytes, largestBatch(clips, bytesFor));
  try {
    return new WebAssembly.Memory(shared ? { initial, maximum: MAX_PAGES, shared: true } : { initial });
  } catch (cause) {
    throw new EngineError(
      'memory-refused',
      `Cannot compile for ${clips} clips at once: expected ${gib(bytes)} GiB of memory, got none from the system; fewer clips take less`,
      { value: clips, cause },
    );
  }
}

function tooLarge(clips: number, bytes: number, fitting: number): EngineError {
  const advice = fitting > 0 ? `a batch of ${fitting} fits` : 'not even one clip fits';
  return new EngineError(
    'memory-limit',
    `Cannot compile for ${clips} clips at once: expected at most 4 GiB of WebAssembly memory, got ${gib(bytes)} GiB wanted (${advice})`,
    { value: clips },
  );
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 3 : 1);
}

/** The most clips below `tooMany` that fit, by halving; 0 if one does not. */
export function largestBatch(tooMany: number, bytesFor: BytesFor): number {
  let fits = 0;
  for (let above = tooMany; above - fits > 1; ) {
    const middle = Math.floor((fits + above) / 2);
    if (pagesOf(bytesFor(middle)) <= MAX_PAGES) fits = middle;
    else above = middle;
  }
  return fits;
}
