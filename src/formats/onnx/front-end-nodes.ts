/**
 * The front end as ONNX nodes, so that raw samples go in. The spectrum is a product with the Fourier matrix in float64,
 * as in our own front ends (float32 misses quiet bands beside a loud tone). Matrices that follow from a few numbers are
 * made by nodes, which runtimes fold when they load the file: it stays a few kB larger, not a megabyte.
 */
import { dctMatrix } from '../../audio/finish-features.js';
import type { FrontEndConfig, PcenCompression } from '../../audio/front-end.js';
import { hannWindow } from '../../audio/hann-window.js';
import { melFilters } from '../../audio/mel-filters.js';
import { cos, exp, log } from '../../numerics/elementary.js';
import type { OnnxBuilder } from './onnx-builder.js';
import { ELEMENT_TYPES } from './onnx-file.js';

/**
 * Adds the nodes that turn samples `[batch, samples]` (16 kHz, −1 … 1) into a map `[batch, maps, frames, bands]`;
 * returns its name. The formula stands in src/audio/front-end.ts.
 */
export function addFrontEnd(
  onnx: OnnxBuilder,
  samples: string,
  config: FrontEndConfig,
  frames: number,
): string {
  const energies = addMelEnergies(
    onnx,
    addPowerSpectrum(onnx, addFrames(onnx, samples, config, frames), config),
    config,
  );
  const { compression } = config;
  const floor = scalar(onnx, 'front-end/floor', compression.floor);
  const compressed =
    compression.kind === 'log'
      ? onnx.node('Log', 'front-end/log', [onnx.node('Add', 'front-end/floored', [energies, floor])])
      : addPcen(onnx, energies, floor, compression, frames);
  let map = onnx.node('Cast', 'front-end/bands', [compressed], { to: ELEMENT_TYPES.float });
  if (config.mfcc) map = addDct(onnx, map, config.bands, config.mfcc.coefficients);
  map = onnx.node('Unsqueeze', 'front-end/map', [map, onnx.integers('front-end/maps-axis', [1])]);
  return config.deltas ? addDeltas(onnx, map, config.deltas.reachFrames, frames) : map;
}

/** Windowed frames `[batch, frames, window]`, float64. */
function addFrames(onnx: OnnxBuilder, samples: string, config: FrontEndConfig, frames: number): string {
  const { hopSamples, windowSamples } = config;
  const starts = onnx.integers(
    'front-end/starts',
    range(frames).map((t) => t * hopSamples),
    [frames, 1],
  );
  const within = onnx.integers('front-end/offsets', range(windowSamples), [1, windowSamples]);
  const places = onnx.node('Add', 'front-end/places', [starts, within]);
  const doubles = onnx.node('Cast', 'front-end/samples', [samples], { to: ELEMENT_TYPES.double });
  const cut = onnx.node('Gather', 'front-end/frames', [doubles, places], { axis: 1 });
  const window = onnx.doubles('front-end/hann', hannWindow(windowSamples), [windowSamples]);
  return onnx.node('Mul', 'front-end/windowed', [cut, window]);
}

/** Power of the bins that a filter reads, `[batch, frames, bins]`. */
function addPowerSpectrum(onnx: OnnxBuilder, windowed: string, config: FrontEndConfig): string {
  const { windowSamples, fftSamples } = config;
  const bins = usedBins(config);
  const times = onnx.integers('front-end/times', range(windowSamples), [windowSamples, 1]);
  const frequencies = onnx.integers('front-end/bins', bins, [1, bins.length]);
  const products = onnx.node('Mul', 'front-end/products', [times, frequencies]);
  const circle = Float64Array.from(range(fftSamples), (i) => cos((2 * Math.PI * i) / fftSamples));
  const table = onnx.doubles('front-end/cosines', circle, [fftSamples]);
  const round = onnx.integers('front-end/round', [fftSamples], []);
  const square = (part: string, angles: string) => {
    const wrapped = onnx.node('Mod', `front-end/${part}-angles`, [angles, round]);
    const matrix = onnx.node('Gather', `front-end/${part}-matrix`, [table, wrapped]);
    const product = onnx.node('MatMul', `front-end/${part}`, [windowed, matrix]);
    return onnx.node('Mul', `front-end/${part}-squared`, [product, product]);
  };
  // sin(x) = cos(x + ¾ of a round)
  const turn = onnx.integers('front-end/turn', [(3 * fftSamples) / 4], []);
  const turned = onnx.node('Add', 'front-end/turned', [products, turn]);
  return onnx.node('Add', 'front-end/power', [square('real', products), square('imaginary', turned)]);
}

/** `[batch, frames, bands]`; the filters, nearly all zeros, are scattered into their matrix. */
function addMelEnergies(onnx: OnnxBuilder, power: string, config: FrontEndConfig): string {
  const bins = usedBins(config);
  const { bands } = config;
  const weights: number[] = [];
  const places: number[] = [];
  melFilters(config).forEach((filter, band) => {
    filter.weights.forEach((weight, i) => {
      weights.push(weight);
      places.push((filter.firstBin + i - bins[0]) * bands + band);
    });
  });
  const size = onnx.integers('front-end/filter-size', [bins.length * bands]);
  const zeros = onnx.node('Expand', 'front-end/zeros', [scalar(onnx, 'front-end/zero', 0), size]);
  const values = onnx.doubles('front-end/filter-weights', Float64Array.from(weights), [weights.length]);
  const indices = onnx.integers('front-end/filter-places', places);
  const filled = onnx.node('ScatterElements', 'front-end/filled', [zeros, indices, values], { axis: 0 });
  const dims = onnx.integers('front-end/filter-dims', [bins.length, bands]);
  const matrix = onnx.node('Reshape', 'front-end/filters', [filled, dims]);
  return onnx.node('MatMul', 'front-end/energies', [power, matrix]);
}

/** From the first bin of any filter to the last. */
function usedBins(config: FrontEndConfig): number[] {
  const filters = melFilters(config);
  const first = Math.min(...filters.map(({ firstBin }) => firstBin));
  const end = Math.max(...filters.map(({ firstBin, weights }) => firstBin + weights.length));
  return range(end - first).map((i) => first + i);
}

/** The smoothed energies are a weighted sum of the frames so far: M[t] = (1 − s)ᵗ E[0] + Σᵤ s (1 − s)ᵗ⁻ᵘ E[u], 1 ≤ u ≤ t. */
function addPcen(
  onnx: OnnxBuilder,
  energies: string,
  floor: string,
  pcen: PcenCompression,
  frames: number,
): string {
  const { smoothing, gain, bias, root } = pcen;
  const matrix = new Float64Array(frames * frames);
  for (let t = 0; t < frames; t++) {
    let weight = 1;
    for (let u = t; u > 0; u--) {
      matrix[t * frames + u] = smoothing * weight;
      weight *= 1 - smoothing;
    }
    matrix[t * frames] = weight;
  }
  const number = (name: string, value: number) => scalar(onnx, `front-end/${name}`, value);
  const smoother = onnx.doubles('front-end/smoother', matrix, [frames, frames]);
  const smooth = onnx.node('MatMul', 'front-end/smooth', [smoother, energies]);
  const level = onnx.node('Add', 'front-end/level', [smooth, floor]);
  const gains = onnx.node('Pow', 'front-end/gains', [level, number('gain', -gain)]);
  const evened = onnx.node('Mul', 'front-end/evened', [energies, gains]);
  const lifted = onnx.node('Add', 'front-end/lifted', [evened, number('bias', bias)]);
  const rooted = onnx.node('Pow', 'front-end/rooted', [lifted, number('root', root)]);
  const offset = root === 0.5 ? Math.sqrt(bias) : bias > 0 ? exp(root * log(bias)) : 0;
  return onnx.node('Sub', 'front-end/pcen', [rooted, number('offset', offset)]);
}

function addDct(onnx: OnnxBuilder, map: string, bands: number, coefficients: number): string {
  const matrix = dctMatrix(bands, coefficients);
  const turned = Float32Array.from(range(matrix.length), (i) => {
    return matrix[(i % coefficients) * bands + Math.floor(i / coefficients)];
  });
  return onnx.node('MatMul', 'front-end/mfcc', [
    map,
    onnx.floats('front-end/dct', turned, [bands, coefficients]),
  ]);
}

/** The map, its slope over ±reach frames with the edge frames repeated, and the slope of that: `[batch, 3, frames, bands]`. */
function addDeltas(onnx: OnnxBuilder, map: string, reach: number, frames: number): string {
  const taps = range(2 * reach + 1);
  const scale = 3 / (reach * (reach + 1) * (2 * reach + 1)); // 1 / 2Σn²
  const kernel = onnx.floats(
    'front-end/slope',
    Float32Array.from(taps, (i) => (i - reach) * scale),
    [1, 1, taps.length, 1],
  );
  const clamped = range(frames + 2 * reach).map((t) => Math.min(Math.max(t - reach, 0), frames - 1));
  const edges = onnx.integers('front-end/edges', clamped);
  const slope = (name: string, x: string) => {
    const padded = onnx.node('Gather', `front-end/${name}-padded`, [x, edges], { axis: 2 });
    return onnx.node('Conv', `front-end/${name}`, [padded, kernel], { kernel_shape: [taps.length, 1] });
  };
  const delta = slope('delta', map);
  return onnx.node('Concat', 'front-end/maps', [map, delta, slope('delta-delta', delta)], { axis: 1 });
}

function scalar(onnx: OnnxBuilder, name: string, value: number): string {
  return onnx.doubles(name, Float64Array.of(value), []);
}

function range(size: number): number[] {
  return Array.from({ length: size }, (_, i) => i);
}
