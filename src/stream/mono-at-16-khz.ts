/** Samples from a caller, checked and brought to the rate that everything inside runs at. */
import { resample } from '../audio/resample.js';
import { HIGHEST_SAMPLE_RATE_HZ, LOWEST_SAMPLE_RATE_HZ, SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import { AudioFormatError } from '../errors.js';

/**
 * Floats at 16 kHz; integers are divided by 32768. Floats at 16 kHz are returned as they are, not copied.
 * @throws AudioFormatError for no samples, NaN, infinity, or a rate outside 8 … 192 kHz.
 */
export function monoAt16Khz(samples: Float32Array | Int16Array, sampleRateHz: number): Float32Array {
  if (!(samples instanceof Float32Array || samples instanceof Int16Array)) {
    throw fault('samples-type', 'a Float32Array or an Int16Array', typeName(samples), samples);
  }
  if (!(sampleRateHz >= LOWEST_SAMPLE_RATE_HZ && sampleRateHz <= HIGHEST_SAMPLE_RATE_HZ)) {
    const wanted = `a sample rate of ${LOWEST_SAMPLE_RATE_HZ} to ${HIGHEST_SAMPLE_RATE_HZ} Hz`;
    throw fault('sample-rate', wanted, `${sampleRateHz}`, sampleRateHz);
  }
  if (samples.length === 0) throw fault('no-samples', 'samples', 'none', 0);
  const floats = samples instanceof Int16Array ? Float32Array.from(samples, (x) => x / 32768) : samples;
  const bad = floats.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) {
    throw fault('samples-not-finite', 'finite samples', `${floats[bad]} at ${bad}`, bad);
  }
  return sampleRateHz === SAMPLE_RATE_HZ
    ? floats
    : resample(floats, { fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
}

function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function fault(code: string, wanted: string, found: string, value: unknown): AudioFormatError {
  return new AudioFormatError(code, `Cannot recognise: expected ${wanted}, got ${found}`, { value });
}
