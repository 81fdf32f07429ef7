/** The front end by definition: Meyda gives the power spectrum. Slow (about 0.1 ms a frame) and easy to read. */
import Meyda from 'meyda';
import { log } from '../numerics/elementary.js';
import { checkFrontEndConfig } from './check-front-end.js';
import { createFeatureFinisher } from './finish-features.js';
import { type FrontEnd, type FrontEndConfig, featureArray, featureShape } from './front-end.js';
import { hannWindow } from './hann-window.js';
import { type MelFilter, melFilters } from './mel-filters.js';

/**
 * A front end computed through Meyda's `powerSpectrum`; the formula stands in front-end.ts.
 * @throws ConfigError if the configuration is out of range.
 */
export function createMeydaFrontEnd(config: FrontEndConfig): FrontEnd {
  const checked = checkFrontEndConfig(config);
  const window = hannWindow(checked.windowSamples);
  const filters = melFilters(checked);
  const finisher = createFeatureFinisher(checked);
  const floor = finisher.startsFromLog ? checked.compression.floor : undefined;
  return {
    config: checked,
    implementation: 'meyda',
    shape: (sampleCount) => featureShape(checked, sampleCount),
    compute(samples, out) {
      const shape = featureShape(checked, samples.length);
      const features = featureArray(shape, out);
      const bands = finisher.bands(shape[0]);
      for (let t = 0; t < shape[0]; t++) {
        const power = powerSpectrum(samples, t * checked.hopSamples, window);
        filters.forEach((filter, b) => {
          const energy = filterEnergy(filter, power);
          bands[t * filters.length + b] = floor === undefined ? energy : log(energy + floor);
        });
      }
      finisher.finish(bands, shape[0], features);
      return features;
    },
  };
}

/** Power in bins 0 … 255 of one frame, windowed and padded by us. */
function powerSpectrum(samples: Float32Array, start: number, window: Float64Array): Float32Array {
  // In float64, because Meyda's FFT rounds to the type it is given after every stage.
  const frame = new Float64Array(512);
  for (let i = 0; i < window.length; i++) frame[i] = samples[start + i] * window[i];
  // Meyda keeps its settings in one global object, and anyone may have changed them.
  Meyda.bufferSize = frame.length;
  Meyda.sampleRate = 16000;
  Meyda.windowingFunction = 'rect';
  return Meyda.extract('powerSpectrum', frame as unknown as Float32Array) as unknown as Float32Array;
}

function filterEnergy(filter: MelFilter, power: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < filter.weights.length; i++) sum += filter.weights[i] * power[filter.firstBin + i];
  return sum;
}
