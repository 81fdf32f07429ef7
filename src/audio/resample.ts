/** From any sample rate to another, in one go or chunk by chunk. */
import { AudioFormatError } from '../errors.js';
import { designResampleFilter, type ResampleFilter } from './resample-filter.js';
import { HIGHEST_SAMPLE_RATE_HZ, LOWEST_SAMPLE_RATE_HZ } from './sample-rate.js';

export interface ResampleOptions {
  /** 8000 … 192000, whole numbers. */
  readonly fromHz: number;
  readonly toHz: number;
}

/** A resampler with memory: the outputs do not depend on how the input is cut. */
export interface Resampler {
  /** Takes the next samples and gives what can be computed by now, in a new array. */
  push(samples: Float32Array): Float32Array;
  /** Gives the rest, as if zeros followed; ⌈inputs × toHz / fromHz⌉ outputs altogether. Then starts anew. */
  flush(): Float32Array;
}

/**
 * A resampler for a stream. Output n stands for the time n / toHz: the delay of the filter is taken out, so that `push`
 * lags by 38 periods of the lower rate (2.4 ms at 16 kHz). Flat within 0.5 dB to 7/8 of the lower Nyquist frequency, aliases
 * and images below −80 dB.
 * @throws AudioFormatError if a rate is out of range.
 */
export function createResampler({ fromHz, toHz }: ResampleOptions): Resampler {
  checkRate(fromHz);
  checkRate(toHz);
  if (fromHz === toHz) return { push: (samples) => samples.slice(), flush: () => new Float32Array(0) };
  return new FilterResampler(filterFor(fromHz, toHz));
}

/** A whole clip at another rate, ⌈samples × toHz / fromHz⌉ long; the clip itself if the rates agree. @throws AudioFormatError */
export function resample(samples: Float32Array, options: ResampleOptions): Float32Array {
  const resampler = createResampler(options);
  if (options.fromHz === options.toHz) return samples;
  const start = resampler.push(samples);
  const rest = resampler.flush();
  const whole = new Float32Array(start.length + rest.length);
  whole.set(start);
  whole.set(rest, start.length);
  return whole;
}

class FilterResampler implements Resampler {
  readonly #filter: ResampleFilter;
  /** Inputs still needed, oldest first; it starts with the zeros before the first sample. */
  #held: Float32Array;
  #heldCount = 0;
  /** Where the next output's first tap lies in `#held`, and its phase × up. */
  #first = 0;
  #phase = 0;
  /** Inputs taken × up − outputs given × down: flush stops where it would pass 0. */
  #due = 0;

  constructor(filter: ResampleFilter) {
    this.#filter = filter;
    this.#held = new Float32Array(4 * filter.taps);
    this.#restart();
  }

  push(samples: Float32Array): Float32Array {
    this.#take(samples);
    this.#due += samples.length * this.#filter.up;
    return this.#give(Infinity);
  }

  flush(): Float32Array {
    this.#take(new Float32Array(this.#filter.taps));
    const rest = this.#give(Math.ceil(this.#due / this.#filter.down));
    this.#restart();
    return rest;
  }

  #restart(): void {
    this.#heldCount = this.#filter.taps / 2 - 1;
    this.#held.fill(0, 0, this.#heldCount);
    this.#first = 0;
    this.#phase = 0;
    this.#due = 0;
  }

  /** Drops what no output needs any more and appends. */
  #take(samples: Float32Array): void {
    const dropped = Math.min(this.#first, this.#heldCount);
    const kept = this.#held.subarray(dropped, this.#heldCount);
    const wanted = kept.length + samples.length;
    const held = this.#held.length >= wanted ? this.#held : new Float32Array(2 * wanted);
    held.set(kept);
    held.set(samples, kept.length);
    this.#held = held;
    this.#heldCount = wanted;
    this.#first -= dropped;
  }

  #give(most: number): Float32Array {
    const { up, down, taps, rows, isExact, table } = this.#filter;
    const count = Math.max(0, Math.min(most, this.#ready()));
    const out = new Float32Array(count);
    for (let n = 0; n < count; n++) {
      if (isExact) out[n] = dot(this.#held, this.#first, table, this.#phase * taps, taps);
      else {
        const place = (this.#phase / up) * rows;
        const row = Math.floor(place);
        const below = dot(this.#held, this.#first, table, row * taps, taps);
        const above = dot(this.#held, this.#first, table, (row + 1) * taps, taps);
        out[n] = below + (above - below) * (place - row);
      }
      this.#phase += down;
      const step = Math.floor(this.#phase / up);
      this.#phase -= step * up;
      this.#first += step;
    }
    this.#due -= count * down;
    return out;
  }

  /** How many outputs have all their inputs: those whose first tap is at most `heldCount − taps`. */
  #ready(): number {
    const { up, down, taps } = this.#filter;
    const room = this.#heldCount - taps - this.#first;
    // Output m from here has its first tap ⌊(phase + m · down) / up⌋ further on.
    return room < 0 ? 0 : Math.floor(((room + 1) * up - 1 - this.#phase) / down) + 1;
  }
}

/** Σ a[i] b[i] over `count` (a multiple of 4) products, in float64 and always in the same order. */
function dot(a: Float32Array, aStart: number, b: Float32Array, bStart: number, count: number): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let i = 0; i < count; i += 4) {
    sum0 += a[aStart + i] * b[bStart + i];
    sum1 += a[aStart + i + 1] * b[bStart + i + 1];
    sum2 += a[aStart + i + 2] * b[bStart + i + 2];
    sum3 += a[aStart + i + 3] * b[bStart + i + 3];
  }
  return sum0 + sum1 + (sum2 + sum3);
}

/** Filters by rates, so that a folder of clips designs each once. Never changes a result: they depend on the rates alone. */
const filters = new Map<string, ResampleFilter>();
const MOST_FILTERS = 8;

function filterFor(fromHz: number, toHz: number): ResampleFilter {
  const key = `${fromHz} ${toHz}`;
  let filter = filters.get(key);
  if (!filter) {
    filter = designResampleFilter(fromHz, toHz);
    if (filters.size >= MOST_FILTERS) filters.clear();
    filters.set(key, filter);
  }
  return filter;
}

function checkRate(hz: number): void {
  if (Number.isInteger(hz) && hz >= LOWEST_SAMPLE_RATE_HZ && hz <= HIGHEST_SAMPLE_RATE_HZ) return;
  throw new AudioFormatError(
    'sample-rate',
    `Cannot resample: expected a whole sample rate of ${LOWEST_SAMPLE_RATE_HZ} to ${HIGHEST_SAMPLE_RATE_HZ} Hz, got ${hz}`,
    { value: hz },
  );
}
