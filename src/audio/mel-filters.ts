/** Triangular filters on the HTK mel scale. */
import { exp, log } from '../numerics/elementary.js';
import type { FrontEndConfig } from './front-end.js';

/** The non-zero part of one filter: `weights[i]` belongs to FFT bin `firstBin + i`. */
export interface MelFilter {
  readonly firstBin: number;
  readonly weights: Float64Array;
}

/** 2595 · log₁₀(1 + Hz / 700). */
export function hzToMel(hz: number): number {
  return (2595 * log(1 + hz / 700)) / Math.LN10;
}

/** Inverse of `hzToMel`. */
export function melToHz(mel: number): number {
  return 700 * (exp((mel * Math.LN10) / 2595) - 1);
}

/**
 * One filter a band: `bands + 2` points equally spaced in mel from `lowHz` to `highHz`; filter b rises in a straight
 * line (in Hz) from point b to 1 at point b + 1 and falls to 0 at point b + 2. No area normalisation. The Nyquist bin,
 * which Meyda leaves out, has weight 0 in any filter.
 *
 * Source: torchaudio `melscale_fbanks(norm=None, mel_scale="htk")`.
 */
export function melFilters(
  config: Pick<FrontEndConfig, 'bands' | 'lowHz' | 'highHz' | 'fftSamples' | 'sampleRateHz'>,
): MelFilter[] {
  const low = hzToMel(config.lowHz);
  const step = (hzToMel(config.highHz) - low) / (config.bands + 1);
  const points = Array.from({ length: config.bands + 2 }, (_, i) => melToHz(low + i * step));
  const hzPerBin = config.sampleRateHz / config.fftSamples;
  return Array.from({ length: config.bands }, (_, band) => {
    const [from, peak, to] = points.slice(band, band + 3);
    const weights: number[] = [];
    let firstBin = 0;
    for (let bin = 0; bin < config.fftSamples / 2; bin++) {
      const hz = bin * hzPerBin;
      const weight = Math.min((hz - from) / (peak - from), (to - hz) / (to - peak));
      if (weight <= 0) continue;
      if (weights.length === 0) firstBin = bin;
      weights.push(weight);
    }
    return { firstBin, weights: Float64Array.from(weights) };
  });
}
