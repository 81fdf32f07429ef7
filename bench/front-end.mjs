/**
 * Microseconds a frame of the front ends, and of Meyda's own `melBands` and `powerSpectrum` beside them, taken in turns so that
 * a busy machine slows all alike. Run: node bench/front-end.mjs (after npm ci; reads the sources, not dist).
 */
import { pathToFileURL } from 'node:url';
import Meyda from 'meyda';
import { bundleSources } from './support/sources.mjs';

const ROUNDS = 30;

const bundle = await bundleSources([
  'src/audio/wasm-front-end.ts',
  'src/audio/meyda-front-end.ts',
  'src/audio/front-end.ts',
]);
const { createWasmFrontEnd, createMeydaFrontEnd, DEFAULT_FRONT_END, DEFAULT_PCEN } = await import(
  pathToFileURL(bundle.file).href
);
bundle.remove();

const clip = Float32Array.from({ length: 16000 }, (_, i) => Math.sin(i * i * 1e-5) * Math.sin(i / 3000));
const frames = 98;
const out = new Float32Array(frames * 40 * 3);
const deltas = { reachFrames: 2 };
const wasm = async (name, changes) => {
  const frontEnd = await createWasmFrontEnd({ ...DEFAULT_FRONT_END, ...changes });
  return [name, 40, () => frontEnd.compute(clip, out)];
};
const meyda = createMeydaFrontEnd(DEFAULT_FRONT_END);
const meydas = (feature) => () => {
  Object.assign(Meyda, { bufferSize: 512, sampleRate: 16000, melBands: 40, windowingFunction: 'hanning' });
  for (let t = 0; t < frames; t++) Meyda.extract(feature, clip.subarray(t * 150, t * 150 + 512));
};

const rivals = [
  await wasm('wasm front end'),
  await wasm('wasm front end, deltas', { deltas }),
  await wasm('wasm front end, MFCC', { mfcc: { coefficients: 40 } }),
  await wasm('wasm front end, PCEN', { compression: DEFAULT_PCEN }),
  ['Meyda front end (the definition)', 1, () => meyda.compute(clip, out)],
  ['Meyda melBands', 1, meydas('melBands')],
  ['Meyda powerSpectrum', 1, meydas('powerSpectrum')],
];
const times = rivals.map(() => []);
for (let round = 0; round < ROUNDS; round++) {
  rivals.forEach(([, repeats, run], i) => {
    const start = performance.now();
    for (let n = 0; n < repeats; n++) run();
    times[i].push(((performance.now() - start) * 1000) / repeats / frames);
  });
}
const median = (list) => list.sort((a, b) => a - b)[list.length >> 1];
const medians = times.map(median);
rivals.forEach(([name], i) => {
  const ratio = (medians[i] / medians[0]).toFixed(1);
  console.log(`${name.padEnd(34)} ${medians[i].toFixed(2).padStart(8)} µs a frame  ${ratio.padStart(6)} ×`);
});
