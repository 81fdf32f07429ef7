/**
 * Keeps the recordings of a data set in memory as 16-bit samples at 16 kHz: 100,000 clips of one second take 3.2 GB and
 * no more. The memory is shared where the platform allows it, so that feature workers read it in place.
 */
import { ConfigError } from '../errors.js';
import { energyCropStart } from './energy-crop.js';
import type { StoredClip, StoredClips } from './features/stored-clips.js';
import { samplesOf } from './features/stored-clips.js';

const SAMPLES_PER_MS = 16;
const FIRST_CHUNK_SAMPLES = 1 << 19;
const MAX_CHUNK_SAMPLES = 1 << 25;

export interface ClipStoreOptions {
  /** The length a network sees; longer clips keep a crop around their energy. */
  readonly clipMs: number;
  /** How much a long clip keeps on each side of that crop, for time shift and speed. Default 250. */
  readonly slackMs?: number;
}

/** What `add` is told beside the samples. */
export interface AddOptions {
  /** Keep every sample (noise recordings). Default false. */
  readonly whole?: boolean;
}

/** Clips by name (their file). Names are added once; nothing is ever taken out. */
export class ClipStore implements StoredClips {
  readonly clipSamples: number;
  readonly chunks: Int16Array[] = [];
  readonly clips: StoredClip[] = [];
  private readonly slackSamples: number;
  private readonly indices = new Map<string, number>();
  private used = 0;

  constructor({ clipMs, slackMs = 250 }: ClipStoreOptions) {
    this.clipSamples = clipMs * SAMPLES_PER_MS;
    this.slackSamples = Math.round(slackMs * SAMPLES_PER_MS);
    const usable = Number.isInteger(this.clipSamples) && this.clipSamples > 0 && this.slackSamples >= 0;
    if (!usable) {
      throw new ConfigError(
        'clip-length',
        `Cannot store clips: expected clipMs > 0 and slackMs ≥ 0 in whole samples at 16 kHz, got ${clipMs} and ${slackMs}`,
        { value: clipMs },
      );
    }
  }

  /** How many clips are stored. */
  get size(): number {
    return this.clips.length;
  }

  has(name: string): boolean {
    return this.indices.has(name);
  }

  /** @throws ConfigError if no clip has this name. */
  indexOf(name: string): number {
    const index = this.indices.get(name);
    if (index !== undefined) return index;
    throw new ConfigError('clip-missing', `Cannot read clip: expected a stored one, got ${name}`, {
      value: name,
    });
  }

  /** The stored samples of clip `index`, a view: integer = sample × 32768. */
  samples(index: number): Int16Array {
    return samplesOf(this, index);
  }

  /**
   * Stores a clip and returns its index. `samples`: 16 kHz in [−1, 1], rounded to 16 bits and clipped to them.
   * A clip longer than `clipMs` keeps the crop around its energy and the slack.
   */
  add(name: string, samples: Float32Array, { whole = false }: AddOptions = {}): number {
    const known = this.indices.get(name);
    if (known !== undefined) return known;
    const integers = toInt16(samples);
    const crop = whole ? 0 : energyCropStart(integers, this.clipSamples);
    const long = !whole && integers.length > this.clipSamples;
    const from = long ? Math.max(0, crop - this.slackSamples) : 0;
    const to = long
      ? Math.min(integers.length, crop + this.clipSamples + this.slackSamples)
      : integers.length;
    this.reserve(to - from);
    const chunk = this.chunks.length - 1;
    this.chunks[chunk].set(integers.subarray(from, to), this.used);
    this.clips.push({ chunk, offset: this.used, length: to - from, cropStart: crop - from });
    this.used += to - from;
    this.indices.set(name, this.clips.length - 1);
    return this.clips.length - 1;
  }

  /** Makes sure that the last chunk has room; chunks double up to 64 MB, of which untouched pages cost nothing. */
  private reserve(length: number): void {
    const last = this.chunks.at(-1);
    if (last && last.length - this.used >= length) return;
    const next = Math.min(MAX_CHUNK_SAMPLES, last ? last.length * 2 : FIRST_CHUNK_SAMPLES);
    const bytes = 2 * Math.max(length, next);
    const shared = typeof SharedArrayBuffer === 'function';
    this.chunks.push(new Int16Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)));
    this.used = 0;
  }
}

function toInt16(samples: Float32Array): Int16Array {
  const integers = new Int16Array(samples.length);
  for (let i = 0; i < samples.length; i++) {
    integers[i] = Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768)));
  }
  return integers;
}
