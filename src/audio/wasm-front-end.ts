/** The fast twin of the Meyda front end: the same map to 1e-4, computed in WebAssembly with SIMD. */
import { EngineError } from '../errors.js';
import { cos, sin } from '../numerics/elementary.js';
import { checkFrontEndConfig } from './check-front-end.js';
import { createFeatureFinisher } from './finish-features.js';
import { type FrontEnd, type FrontEndConfig, featureArray, featureShape } from './front-end.js';
import kernel from './generated/front-end-wasm.js';
import { hannWindow } from './hann-window.js';
import { melFilters } from './mel-filters.js';

/** Addresses of the tables; assembly/front-end/front-end.ts has the same list. */
const WINDOW = 1024;
const TWIDDLES = 5120;
const SPLIT = 8192;
const FILTERS = 30720;
const WEIGHTS = 31744;
const SAMPLES = 36864;

/** Frames computed by one call of the kernel, which bounds memory for clips of any length. */
const FRAMES_PER_CALL = 128;

interface Kernel {
  melBands(samples: number, frames: number, hop: number, bands: number, floor: number, out: number): void;
}

/**
 * A front end computed in WebAssembly; the formula stands in front-end.ts. `compute` allocates nothing when `out` is given.
 * @throws ConfigError if the configuration is out of range; EngineError where WebAssembly SIMD is missing.
 */
export async function createWasmFrontEnd(config: FrontEndConfig): Promise<FrontEnd> {
  const checked = checkFrontEndConfig(config);
  const binary = kernelBytes();
  const { hopSamples, bands } = checked;
  const sampleRoom = (FRAMES_PER_CALL - 1) * hopSamples + checked.fftSamples;
  const outAddress = SAMPLES + Math.ceil(sampleRoom / 4) * 16;
  const bytes = outAddress + FRAMES_PER_CALL * bands * 4;
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / 65536) });
  const { instance } = await WebAssembly.instantiate(binary, { env: { memory } });
  const { melBands } = instance.exports as unknown as Kernel;
  writeTables(checked, memory);
  const input = new Float32Array(memory.buffer, SAMPLES, sampleRoom);
  const output = new Float32Array(memory.buffer, outAddress, FRAMES_PER_CALL * bands);
  const finisher = createFeatureFinisher(checked);
  const floor = finisher.startsFromLog ? checked.compression.floor : 0;

  function writeBands(samples: Float32Array, frames: number, to: Float32Array): void {
    for (let first = 0; first < frames; first += FRAMES_PER_CALL) {
      const count = Math.min(FRAMES_PER_CALL, frames - first);
      const start = first * hopSamples;
      const wanted = (count - 1) * hopSamples + checked.fftSamples;
      const given = Math.min(wanted, samples.length - start);
      for (let i = 0; i < given; i++) input[i] = samples[start + i];
      input.fill(0, given, wanted);
      melBands(SAMPLES, count, hopSamples, bands, floor, outAddress);
      for (let i = 0; i < count * bands; i++) to[first * bands + i] = output[i];
    }
  }

  return {
    config: checked,
    implementation: 'wasm',
    shape: (sampleCount) => featureShape(checked, sampleCount),
    compute(samples, out) {
      const shape = featureShape(checked, samples.length);
      const features = featureArray(shape, out);
      if (finisher.isIdentity) writeBands(samples, shape[0], features);
      else {
        const scratch = finisher.bands(shape[0]);
        writeBands(samples, shape[0], scratch);
        finisher.finish(scratch, shape[0], features);
      }
      return features;
    },
  };
}

function kernelBytes(): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(kernel), (character) => character.charCodeAt(0));
  if (typeof WebAssembly !== 'object' || !WebAssembly.validate(bytes)) {
    throw new EngineError(
      'no-simd',
      'Cannot start the front end: expected WebAssembly with SIMD (Chrome 91, Firefox 89, Safari 16.4, Node 16.4 or newer), got a JavaScript engine without it',
    );
  }
  return bytes;
}

function writeTables(config: FrontEndConfig, memory: WebAssembly.Memory): void {
  const view = (address: number, length: number) => new Float64Array(memory.buffer, address, length);
  view(WINDOW, 512).set(hannWindow(config.windowSamples));
  const twiddles = view(TWIDDLES, 64 * 6);
  for (let p = 0; p < 64; p++) {
    for (let j = 1; j <= 3; j++) writeUnit(twiddles, p * 3 + j - 1, (p * j) / 256);
  }
  const split = view(SPLIT, 256);
  for (let k = 0; k < 128; k++) writeUnit(split, k, k / 512);

  const ranges = new Int32Array(memory.buffer, FILTERS, config.bands * 2);
  let at = 0;
  melFilters(config).forEach((filter, band) => {
    ranges[2 * band] = filter.firstBin;
    ranges[2 * band + 1] = filter.weights.length;
    // The kernel gives four times the power; a quarter is exact.
    view(WEIGHTS + at * 8, filter.weights.length).set(filter.weights.map((weight) => weight / 4));
    at += filter.weights.length;
  });
}

/** Writes e^(−2πi · turns) as the complex number `index`. */
function writeUnit(table: Float64Array, index: number, turns: number): void {
  table[2 * index] = cos(2 * Math.PI * turns);
  table[2 * index + 1] = -sin(2 * Math.PI * turns);
}
