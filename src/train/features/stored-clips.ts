/** Recordings in memory as 16-bit samples at 16 kHz: what the clip store fills and feature workers read, never copied. */

/** Where one clip lies, and which part of it a network sees when nothing is shifted. */
export interface StoredClip {
  readonly chunk: number;
  readonly offset: number;
  readonly length: number;
  /** The first sample of the crop around its energy, counted from `offset`; 0 for clips that are short enough. */
  readonly cropStart: number;
}

/** Plain data that workers share: the same memory where it is shared memory. */
export interface StoredClips {
  readonly chunks: readonly Int16Array[];
  readonly clips: readonly StoredClip[];
}

/** The samples of clip `index`, a view. */
export function samplesOf(stored: StoredClips, index: number): Int16Array {
  const { chunk, offset, length } = stored.clips[index];
  return stored.chunks[chunk].subarray(offset, offset + length);
}

/**
 * Writes the samples of a clip from `start` on (counted from its first, may lie before it) into the whole of `out`,
 * integer / 32768; zeros where it has none.
 */
export function readSamples(
  stored: StoredClips,
  index: number,
  start: number,
  out: Float32Array | Float64Array,
): void {
  const { chunk, offset, length } = stored.clips[index];
  const source = stored.chunks[chunk];
  const from = Math.min(Math.max(0, -start), out.length);
  const to = Math.max(from, Math.min(out.length, length - start));
  out.fill(0, 0, from);
  for (let i = from; i < to; i++) out[i] = source[offset + start + i] / 32768;
  out.fill(0, to);
}
