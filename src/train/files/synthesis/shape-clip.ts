/** From what a voice said to a clip of one length: trimmed, resampled, levelled, put in its place. */
import { resample } from '../../../audio/resample.js';
import { SAMPLE_RATE_HZ } from '../../../audio/sample-rate.js';
import type { AudioClip } from '../../../audio/wav.js';
import { pow } from '../../../numerics/elementary.js';

const FRAME_MS = 10;
/** What lies this far under the loudest frame is silence. */
const TRIM_DB = -45;
const MARGIN_MS = 30;
const FADE_MS = 5;

export interface ClipShape {
  /** Formants and pitch over the voice's own: the samples are read as if taken at this many times their rate. */
  readonly tract: number;
  /** How much of the last sample is taken from each: a filter 1 − tilt·z⁻¹. */
  readonly tilt: number;
  readonly peakDb: number;
  readonly offsetMs: number;
  readonly clipMs: number;
}

/**
 * A clip of `clipMs` at 16 kHz (longer where the sound itself is): the sound alone, its peak at `peakDb`, its middle
 * `offsetMs` from the clip's as far as there is room, zeros around it. Empty when there is no sound.
 */
export function shapeClip(clip: AudioClip, shape: ClipShape): Float32Array {
  const sound = trimSilence(clip.samples, clip.sampleRateHz);
  if (sound.length === 0) return sound;
  const samples = warp(sound, clip.sampleRateHz, shape.tract);
  tiltSpectrum(samples, shape.tilt);
  fadeEdges(samples);
  scaleToPeak(samples, shape.peakDb);
  return place(samples, shape);
}

/** The part between the first and the last frame that are not silent, with a margin; empty when all is zero. */
export function trimSilence(samples: Float32Array, sampleRateHz: number): Float32Array {
  const frame = Math.round((FRAME_MS * sampleRateHz) / 1000);
  const count = Math.ceil(samples.length / frame);
  const energies = Array.from({ length: count }, (_, i) => {
    let sum = 0;
    for (const sample of samples.subarray(i * frame, (i + 1) * frame)) sum += sample * sample;
    return sum;
  });
  const floor = Math.max(0, ...energies) * pow(10, TRIM_DB / 10);
  const first = energies.findIndex((energy) => energy > floor);
  if (first < 0) return samples.subarray(0, 0);
  const last = energies.findLastIndex((energy) => energy > floor);
  const margin = Math.round((MARGIN_MS * sampleRateHz) / 1000);
  return samples.subarray(Math.max(0, first * frame - margin), (last + 1) * frame + margin);
}

/** To 16 kHz first: the second step then has one of few simple ratios, and Flite's 8 kHz voice never falls under 8 kHz. */
function warp(sound: Float32Array, sampleRateHz: number, tract: number): Float32Array {
  const plain = resample(sound, { fromHz: sampleRateHz, toHz: SAMPLE_RATE_HZ });
  return resample(plain, { fromHz: Math.round(SAMPLE_RATE_HZ * tract), toHz: SAMPLE_RATE_HZ });
}

function tiltSpectrum(samples: Float32Array, tilt: number): void {
  for (let i = samples.length - 1; i > 0; i--) samples[i] -= tilt * samples[i - 1];
}

function fadeEdges(samples: Float32Array): void {
  const length = Math.min(samples.length >> 1, (FADE_MS * SAMPLE_RATE_HZ) / 1000);
  for (let i = 0; i < length; i++) {
    samples[i] *= i / length;
    samples[samples.length - 1 - i] *= i / length;
  }
}

function scaleToPeak(samples: Float32Array, peakDb: number): void {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  const gain = peak > 0 ? pow(10, peakDb / 20) / peak : 0;
  for (let i = 0; i < samples.length; i++) samples[i] *= gain;
}

function place(samples: Float32Array, { clipMs, offsetMs }: ClipShape): Float32Array {
  const length = Math.round((clipMs * SAMPLE_RATE_HZ) / 1000);
  const room = length - samples.length;
  const margins = (2 * MARGIN_MS * SAMPLE_RATE_HZ) / 1000;
  // A little too long: the margins give way. Much too long: it keeps its own length.
  if (room <= 0) return -room > margins ? samples : samples.slice(-room >> 1, (-room >> 1) + length);
  const start = Math.round(room / 2 + (offsetMs * SAMPLE_RATE_HZ) / 1000);
  const clip = new Float32Array(length);
  clip.set(samples, Math.min(room, Math.max(0, start)));
  return clip;
}
