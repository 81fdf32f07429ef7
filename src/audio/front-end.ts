/**
 * What turns sound into the map a network sees. With the default configuration, sample x[i] at 16 kHz becomes
 *
 *     frame t     = x[160 t … 160 t + 479] × Hann(480), followed by 32 zeros
 *     P[t, k]     = |FFT512(frame t)[k]|², k = 0 … 255
 *     E[t, b]     = Σₖ filter[b, k] · P[t, k], 40 triangles between 20 and 7600 Hz on the HTK mel scale
 *     map[t, b, 0] = ln(E[t, b] + 1e-6)
 *
 * so one second is 98 frames of 10 ms. `meyda-front-end.ts` is the definition, `wasm-front-end.ts` its fast twin.
 */
import { ShapeError } from '../errors.js';
import { SAMPLE_RATE_HZ } from './sample-rate.js';

/** ln(E + floor). */
export interface LogCompression {
  readonly kind: 'log';
  readonly floor: number;
}

/**
 * Per-channel energy normalisation: M[t] = (1 − smoothing) M[t−1] + smoothing E[t], M[0] = E[0], and
 * (E / (floor + M)^gain + bias)^root − bias^root. It starts anew with each call of `compute`.
 * Source: Wang et al., 2017, "Trainable frontend for robust and far-field keyword spotting", equations 1 and 2.
 */
export interface PcenCompression {
  readonly kind: 'pcen';
  readonly smoothing: number;
  readonly gain: number;
  readonly bias: number;
  readonly root: number;
  readonly floor: number;
}

/** The settings of a front end as plain JSON: stored in every model file, no number left to a default. */
export interface FrontEndConfig {
  readonly sampleRateHz: 16000;
  /** Length of the periodic Hann window. */
  readonly windowSamples: number;
  readonly hopSamples: number;
  /** The windowed samples are followed by zeros up to this length. */
  readonly fftSamples: 512;
  readonly bands: number;
  /** Lower edge of the lowest filter, upper edge of the highest. */
  readonly lowHz: number;
  readonly highHz: number;
  readonly compression: LogCompression | PcenCompression;
  /** Replaces the bands of each frame by that many coefficients of their orthonormal DCT-II. */
  readonly mfcc: { readonly coefficients: number } | null;
  /** Adds Δ and ΔΔ as second and third map: Δx[t] = Σₙ n (x[t+n] − x[t−n]) / 2Σₙ n², n = 1 … reach, edge frames repeated. */
  readonly deltas: { readonly reachFrames: number } | null;
}

/** 40 log-mel bands every 10 ms. */
export const DEFAULT_FRONT_END: FrontEndConfig = {
  sampleRateHz: SAMPLE_RATE_HZ,
  windowSamples: 480,
  hopSamples: 160,
  fftSamples: 512,
  bands: 40,
  lowHz: 20,
  highHz: 7600,
  compression: { kind: 'log', floor: 1e-6 },
  mfcc: null,
  deltas: null,
};

/** PCEN with the constants of the paper, for `{ ...DEFAULT_FRONT_END, compression: DEFAULT_PCEN }`. */
export const DEFAULT_PCEN: PcenCompression = {
  kind: 'pcen',
  smoothing: 0.025,
  gain: 0.98,
  bias: 2,
  root: 0.5,
  floor: 1e-6,
};

/** `[frames, bands, maps]`; the same order as the shape of a graph's input node. */
export type FeatureShape = readonly [frames: number, bands: number, maps: number];

/** A front end ready to run. Two implementations of one configuration agree to 1e-4. */
export interface FrontEnd {
  readonly config: FrontEndConfig;
  readonly implementation: 'wasm' | 'meyda';
  /** The shape `compute` gives for so many samples. @throws ShapeError if they do not fill one window. */
  shape(sampleCount: number): FeatureShape;
  /**
   * The map of a clip, `[frames, bands, maps]`. `samples`: 16 kHz, in [−1, 1]. `out`: where to put the map (its start
   * is overwritten); without it a new array is made.
   * @throws ShapeError if the samples do not fill one window or `out` is too small.
   */
  compute(samples: Float32Array, out?: Float32Array): Float32Array;
}

/** How many whole windows fit in a clip: ⌊(samples − window) / hop⌋ + 1, or 0. */
export function frameCount(config: FrontEndConfig, sampleCount: number): number {
  if (sampleCount < config.windowSamples) return 0;
  return Math.floor((sampleCount - config.windowSamples) / config.hopSamples) + 1;
}

/**
 * The shape of the map of a clip: `[frames, bands or coefficients, 1 or 3 maps]`.
 * @throws ShapeError if the samples do not fill one window.
 */
export function featureShape(config: FrontEndConfig, sampleCount: number): FeatureShape {
  const frames = frameCount(config, sampleCount);
  if (frames < 1) {
    throw new ShapeError(
      'clip-too-short',
      `Cannot compute features: expected at least ${config.windowSamples} samples, got ${sampleCount}`,
      { value: sampleCount },
    );
  }
  return [frames, config.mfcc?.coefficients ?? config.bands, config.deltas ? 3 : 1];
}

/** `out` if it can hold the map, a new array if there is none. @throws ShapeError */
export function featureArray(shape: FeatureShape, out: Float32Array | undefined): Float32Array {
  const size = shape[0] * shape[1] * shape[2];
  if (out === undefined) return new Float32Array(size);
  if (out.length < size) {
    throw new ShapeError(
      'features-too-small',
      `Cannot compute features: expected room for ${size} numbers, got ${out.length}`,
      { value: out.length },
    );
  }
  return out;
}
