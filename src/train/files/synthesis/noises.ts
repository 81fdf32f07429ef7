/** Noises for `_background_noise_`, since rooms are not silent: coloured noise, mains hum and babble. */
import { SAMPLE_RATE_HZ } from '../../../audio/sample-rate.js';
import { cos, pow, sin } from '../../../numerics/elementary.js';
import { hashText, Random } from '../../../numerics/random.js';

const RMS_DB = -26;
const MAINS_HZ = 50;
const HUM_HARMONICS = 12;
/** How many talk at once in babble: enough that no word stands out. */
export const BABBLE_STREAMS = 8;

/** What babble says: sentences 1–10 of list 1 and 2 of the Harvard sentences (IEEE, 1969), which hold few commands. */
export const BABBLE_SENTENCES: readonly string[] = [
  'The birch canoe slid along these smooth planks.',
  'Glue that sheet over a dark blue background.',
  'It is easy telling how deep some wells are.',
  'These days a chicken leg is a rare dish.',
  'Rice is often served in round bowls.',
  'The juice of lemons makes fine punch.',
  'The box was thrown beside a parked truck.',
  'The hogs were fed chopped corn and garbage.',
];

/** The noises that need no voice: name → samples at 16 kHz, −26 dB of full scale (root mean square). */
export function colouredNoises(seed: number, seconds: number): Record<string, Float32Array> {
  const length = Math.round(seconds * SAMPLE_RATE_HZ);
  const random = (name: string) => new Random(seed, hashText(`noise ${name}`));
  return {
    white: scaled(whiteNoise(length, random('white'))),
    pink: scaled(pinkNoise(length, random('pink'))),
    brown: scaled(brownNoise(length, random('brown'))),
    hum: scaled(hum(length, random('hum'))),
  };
}

function whiteNoise(length: number, random: Random): Float32Array {
  return Float32Array.from({ length }, () => random.normal());
}

/** 1/f by a sum of first-order low-passes an octave or two apart. Source: P. Kellet's "refined" filter (1999), coefficients for 44.1 kHz, close enough at 16. */
function pinkNoise(length: number, random: Random): Float32Array {
  const poles = [0.99886, 0.99332, 0.969, 0.8665, 0.55];
  const gains = [0.0555179, 0.0750759, 0.153852, 0.3104856, 0.5329522];
  const state = new Float64Array(poles.length);
  return Float32Array.from({ length }, () => {
    const white = random.normal();
    let sum = 0.5362 * white;
    for (let i = 0; i < poles.length; i++) sum += state[i] = poles[i] * state[i] + gains[i] * white;
    return sum;
  });
}

/** 1/f²: white noise summed up, with a leak so that it stays near zero. */
function brownNoise(length: number, random: Random): Float32Array {
  let sum = 0;
  return Float32Array.from({ length }, () => (sum = 0.995 * sum + random.normal()));
}

/** Mains and its harmonics, falling by 1/n, over a little white noise. */
function hum(length: number, random: Random): Float32Array {
  const result = Float32Array.from({ length }, () => 0.02 * random.normal());
  for (let n = 1; n <= HUM_HARMONICS; n++) {
    const step = (2 * Math.PI * n * MAINS_HZ) / SAMPLE_RATE_HZ;
    const phase = 2 * Math.PI * random.uniform();
    // A rotation per sample: exact enough over seconds, and the same on any machine.
    let [re, im] = [cos(phase) / n, sin(phase) / n];
    const [c, s] = [cos(step), sin(step)];
    for (let i = 0; i < length; i++) {
      result[i] += im;
      [re, im] = [re * c - im * s, re * s + im * c];
    }
  }
  return result;
}

/**
 * Voices talking at once: `BABBLE_STREAMS` streams, each a shuffle of the sentences, each begun somewhere inside.
 * `sentences`: samples at 16 kHz; −26 dB as the others.
 */
export function babble(sentences: readonly Float32Array[], seed: number, seconds: number): Float32Array {
  const result = new Float32Array(Math.round(seconds * SAMPLE_RATE_HZ));
  for (let stream = 0; stream < BABBLE_STREAMS; stream++) {
    const random = new Random(seed, hashText('babble'), stream);
    const gain = pow(10, random.between(-6, 0) / 20);
    let at = -random.integer(2 * SAMPLE_RATE_HZ);
    while (at < result.length) {
      for (const sentence of random.shuffle([...sentences])) at = addAt(result, sentence, at, gain);
    }
  }
  return scaled(result);
}

/** Adds `part` to `sum` from `at` on, as far as it lies inside; returns where it ends. */
function addAt(sum: Float32Array, part: Float32Array, at: number, gain: number): number {
  const end = Math.min(sum.length, at + part.length);
  for (let i = Math.max(0, at); i < end; i++) sum[i] += gain * part[i - at];
  return at + part.length;
}

function scaled(samples: Float32Array): Float32Array {
  let power = 0;
  for (const sample of samples) power += sample * sample;
  const gain = pow(10, RMS_DB / 20) / Math.sqrt(power / samples.length);
  for (let i = 0; i < samples.length; i++) samples[i] = Math.max(-1, Math.min(1, samples[i] * gain));
  return samples;
}
