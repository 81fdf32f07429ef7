/** Varies the sound of a clip: time shift, speed, gain, background noise. All randomness comes from the stream given. */
import { changeSpeed } from '../../audio/speed.js';
import { exp } from '../../numerics/elementary.js';
import type { Random } from '../../numerics/random.js';
import type { AugmentConfig, NoiseConfig } from './augment-config.js';
import { readSamples, type StoredClips } from './stored-clips.js';

const SAMPLES_PER_MS = 16;
const DECIBEL = Math.LN10 / 20;

export interface SampleAugmenter {
  /** Writes clip `index`, varied, into `out`. */
  renderClip(index: number, random: Random, out: Float32Array): void;
  /** Writes a crop of a noise file, scaled by U(0, 1), into `out`; zeros where there is no noise file. */
  renderSilence(random: Random, out: Float32Array): void;
}

/** `noise`: which stored clips are noise. `out` of the methods: `sampleCount` samples at 16 kHz in [−1, 1]. */
export function createSampleAugmenter(
  stored: StoredClips,
  { config, noise, sampleCount }: { config: AugmentConfig; noise: Int32Array; sampleCount: number },
): SampleAugmenter {
  const scratch = new Float64Array(Math.ceil(sampleCount * (1 + config.speed)) + 1);
  const noiseCrop = new Float32Array(sampleCount);
  const maxShift = Math.round(config.shiftMs * SAMPLES_PER_MS);
  return {
    renderClip(index, random, out) {
      const start = stored.clips[index].cropStart;
      if (random.uniform() >= (config.probability ?? 1)) return readSamples(stored, index, start, out);
      const shift = maxShift > 0 ? random.integer(2 * maxShift + 1) - maxShift : 0;
      if (config.speed > 0) {
        const factor = random.between(1 - config.speed, 1 + config.speed);
        // As much sound as makes one clip at the new speed, around the same centre.
        const source = scratch.subarray(0, Math.ceil(sampleCount * factor));
        readSamples(stored, index, start - shift - ((source.length - sampleCount) >> 1), source);
        changeSpeed(source, factor, out);
      } else readSamples(stored, index, start - shift, out);
      if (config.gainDb > 0) scale(out, exp(random.between(-config.gainDb, config.gainDb) * DECIBEL));
      if (random.uniform() < config.noise.probability && noise.length > 0) {
        cropNoise(stored, noise, random, noiseCrop);
        addNoise(out, noiseCrop, noiseFactor(config.noise, random, out, noiseCrop));
      }
    },
    renderSilence(random, out) {
      if (noise.length === 0) return void out.fill(0);
      cropNoise(stored, noise, random, out);
      scale(out, random.uniform());
    },
  };
}

/** A crop of a noise file drawn at random; files shorter than the crop are repeated. */
function cropNoise(stored: StoredClips, noise: Int32Array, random: Random, out: Float32Array): void {
  const index = noise[random.integer(noise.length)];
  const { length } = stored.clips[index];
  const start = random.integer(Math.max(1, length - out.length + 1));
  readSamples(stored, index, start, out);
  for (let i = length; i < out.length && length > 0; i++) out[i] = out[i - length];
}

function noiseFactor(config: NoiseConfig, random: Random, signal: Float32Array, noise: Float32Array): number {
  if ('amplitude' in config) return random.between(...config.amplitude);
  const snrDb = random.between(...config.snrDb);
  const noiseEnergy = energyOf(noise);
  return noiseEnergy > 0 ? Math.sqrt(energyOf(signal) / noiseEnergy) * exp(-snrDb * DECIBEL) : 0;
}

function addNoise(out: Float32Array, noise: Float32Array, factor: number): void {
  for (let i = 0; i < out.length; i++) out[i] = Math.max(-1, Math.min(1, out[i] + factor * noise[i]));
}

function scale(out: Float32Array, factor: number): void {
  for (let i = 0; i < out.length; i++) out[i] *= factor;
}

/** Four sums side by side, because each addition waits for the one before it. */
function energyOf(samples: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 4 <= samples.length; i += 4) {
    a += samples[i] * samples[i];
    b += samples[i + 1] * samples[i + 1];
    c += samples[i + 2] * samples[i + 2];
    d += samples[i + 3] * samples[i + 3];
  }
  for (; i < samples.length; i++) a += samples[i] * samples[i];
  return a + b + (c + d);
}
