/**
 * What follows the mel bands, shared by both front ends so that they can only differ before it:
 * PCEN, then MFCC, then deltas.
 */
import { cos, exp, log } from '../numerics/elementary.js';
import type { FrontEndConfig, PcenCompression } from './front-end.js';

/** Turns bands (`[frames, bands]`, log or plain as `startsFromLog` says) into the map of the configuration. */
export interface FeatureFinisher {
  /** Whether bands are wanted as ln(E + floor); else as E. */
  readonly startsFromLog: boolean;
  /** Whether the bands are the map already, so that they may be written straight into `out`. */
  readonly isIdentity: boolean;
  /** Scratch for the bands of so many frames; the next call may give the same array. */
  bands(frames: number): Float32Array;
  /** Overwrites `bands`; writes `[frames, bands or coefficients, maps]` into `out`. */
  finish(bands: Float32Array, frames: number, out: Float32Array): void;
}

/** @returns the finisher of a configuration; it keeps scratch arrays that grow to the longest clip seen. */
export function createFeatureFinisher(config: FrontEndConfig): FeatureFinisher {
  const width = config.mfcc?.coefficients ?? config.bands;
  const dct = config.mfcc ? dctMatrix(config.bands, width) : undefined;
  const grow = (array: Float32Array, size: number) => (array.length >= size ? array : new Float32Array(size));
  let bandScratch: Float32Array = new Float32Array(0);
  let coefficientScratch: Float32Array = new Float32Array(0);
  return {
    startsFromLog: config.compression.kind === 'log',
    isIdentity: config.compression.kind === 'log' && !dct && !config.deltas,
    bands: (frames) => (bandScratch = grow(bandScratch, frames * config.bands)),
    finish(bands, frames, out) {
      let map = bands;
      if (config.compression.kind === 'pcen') applyPcen(config.compression, map, frames, config.bands);
      if (dct) {
        if (config.deltas) coefficientScratch = grow(coefficientScratch, frames * width);
        map = applyDct(dct, map, frames, config.bands, config.deltas ? coefficientScratch : out);
      }
      if (config.deltas) writeWithDeltas(map, frames, width, config.deltas.reachFrames, out);
      else if (!dct) for (let i = 0; i < frames * width; i++) out[i] = map[i];
    },
  };
}

/** In place: energies `[frames, bands]` → normalised energies. The formula stands at `PcenCompression`. */
export function applyPcen(
  pcen: PcenCompression,
  energies: Float32Array,
  frames: number,
  bands: number,
): void {
  const { smoothing, gain, bias, floor } = pcen;
  const root = pcen.root === 0.5 ? Math.sqrt : (x: number) => (x > 0 ? exp(pcen.root * log(x)) : 0);
  const offset = root(bias);
  for (let band = 0; band < bands; band++) {
    let smooth = energies[band];
    for (let at = band; at < frames * bands; at += bands) {
      const energy = energies[at];
      smooth = (1 - smoothing) * smooth + smoothing * energy;
      energies[at] = root(energy * exp(-gain * log(floor + smooth)) + bias) - offset;
    }
  }
}

/** `[coefficients, bands]`: c₀ = √(1/n), else √(2/n), times cos(π k (b + ½) / n). */
export function dctMatrix(bands: number, coefficients: number): Float64Array {
  const matrix = new Float64Array(coefficients * bands);
  for (let k = 0; k < coefficients; k++) {
    const scale = Math.sqrt((k === 0 ? 1 : 2) / bands);
    for (let b = 0; b < bands; b++) {
      matrix[k * bands + b] = scale * cos((Math.PI * k * (b + 0.5)) / bands);
    }
  }
  return matrix;
}

function applyDct(
  matrix: Float64Array,
  map: Float32Array,
  frames: number,
  bands: number,
  out: Float32Array,
): Float32Array {
  const coefficients = matrix.length / bands;
  for (let t = 0; t < frames; t++) {
    for (let k = 0; k < coefficients; k++) {
      let sum = 0;
      for (let b = 0; b < bands; b++) sum += matrix[k * bands + b] * map[t * bands + b];
      out[t * coefficients + k] = sum;
    }
  }
  return out;
}

/** `[frames, width]` → `[frames, width, 3]`: the map, its regression slope over ±reach frames, the slope of the slope. */
function writeWithDeltas(
  map: Float32Array,
  frames: number,
  width: number,
  reach: number,
  out: Float32Array,
): void {
  for (let i = 0; i < frames * width; i++) out[3 * i] = map[i];
  for (const column of [0, 1]) writeSlope(out, frames, width, reach, column);
}

function writeSlope(out: Float32Array, frames: number, width: number, reach: number, column: number): void {
  const scale = 1 / ((reach * (reach + 1) * (2 * reach + 1)) / 3); // 1 / 2Σn²
  const row = 3 * width;
  for (let t = 0; t < frames; t++) {
    for (let b = 0; b < width; b++) {
      let sum = 0;
      for (let n = 1; n <= reach; n++) {
        const after = Math.min(t + n, frames - 1) * row;
        const before = Math.max(t - n, 0) * row;
        sum += n * (out[after + 3 * b + column] - out[before + 3 * b + column]);
      }
      out[t * row + 3 * b + column + 1] = sum * scale;
    }
  }
}
