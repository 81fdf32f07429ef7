/**
 * One clip on one thread, float32 beside int8 of the same network, each with strict and (where there are any) relaxed kernels,
 * taken in turns so that a busy machine slows all alike; and the size of the model files. Ratios are medians over rounds of
 * float32's time by int8's with the same set: above 1 int8 is faster. Outputs are compared before anything is timed.
 *
 *   node bench/int8.mjs [NAME …] [--rounds 15] [--milliseconds 100]
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { INFERENCE_MODELS } from './inference.mjs';
import { disagreement, median } from './support/compare.mjs';
import { bundleSources } from './support/sources.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '15' },
    milliseconds: { type: 'string', default: '100' },
  },
});
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);
const names = positionals.length > 0 ? positionals : INFERENCE_MODELS;

const bundle = await bundleSources([
  'src/audio/front-end.ts',
  'src/engine/wasm/binaries.ts',
  'src/engine/wasm/inference-program.ts',
  'src/formats/model-file.ts',
  'src/graph/initialize.ts',
  'src/models/models.ts',
  'src/train/quantize.ts',
]);
const sources = await import(pathToFileURL(bundle.file).href);
bundle.remove();
const LABELS = Array.from({ length: 12 }, (_, i) => `label ${i}`);
const sets = sources.relaxedSupported() ? ['strict', 'relaxed'] : ['strict'];

/** Numbers of no meaning, between −2 and 2 about a centre of their own a frame. */
function featuresOf(shape) {
  let state = 12345;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 4294967296;
  const size = shape.reduce((product, axis) => product * axis, 1);
  const frame = shape[1] * shape[2];
  return Float32Array.from(
    { length: size },
    (_, i) => 4 * random() - 2 + Math.sin(Math.floor(i / frame) / 9),
  );
}

/** The network with random weights, and its quantised self. */
async function modelsOf(name) {
  const { input, build } = sources.modelEntry(name);
  const graph = build({ labels: LABELS.length });
  const [, bands, maps] = input;
  const frontEnd = { ...sources.DEFAULT_FRONT_END, bands, deltas: maps === 3 ? { reachFrames: 2 } : null };
  const parameters = sources.initializeParameters(graph, 1);
  for (const [key, numbers] of Object.entries(parameters))
    if (graph.parameters[key].role === 'gamma') numbers.fill(1);
  const statistics = sources.initializeStatistics(graph);
  const float = { name, graph, labels: LABELS, frontEnd, clipMs: 1000, parameters, statistics };
  const features = featuresOf(input);
  const calibration = {
    featureShape: input,
    clips: 1,
    read: async (_start, _count, out) => void out.set(features),
    dispose: () => {},
  };
  return { features, float, int8: await sources.quantizeModel(float, { calibration }) };
}

async function sideOf(label, model, set, features) {
  const { graph, quantization, parameters, statistics } = model;
  const program = await sources.compileInference(graph, { maxBatch: 1, quantization }, { set });
  program.assign({ ...parameters, ...statistics });
  const inputs = { [graph.inputs[0]]: features };
  const run = () => program.run(inputs, 1)[graph.outputs[0]];
  return { label: `${label} ${set}`, set, run, outputs: Array.from(run()), times: [] };
}

function timeTurn(side) {
  const start = performance.now();
  let runs = 0;
  for (; performance.now() - start < milliseconds; runs++) side.run();
  return (performance.now() - start) / runs;
}

const bytesOf = ({ parity: _, ...model }) => sources.encodeModel(model).length;

console.log(
  `Node ${process.versions.node}, one thread, one clip; ${rounds} rounds of ${milliseconds} ms a side\n`,
);
console.log('| network | side | ms a clip | best | float32 ÷ int8 | outputs off | kB |');
console.log('|---|---|---|---|---|---|---|');
for (const name of names) {
  const { features, float, int8 } = await modelsOf(name);
  const pairs = [];
  for (const set of sets) {
    const float32 = await sideOf('float32', float, set, features);
    pairs.push([float32, await sideOf('int8', int8, set, features)]);
  }
  const sides = pairs.flat();
  const bits = new Set(pairs.map(([, { outputs }]) => outputs.join()));
  if (bits.size > 1) throw new Error(`int8 outputs of ${name} differ between kernel sets`);
  for (let round = 0; round <= rounds; round++) {
    for (const side of sides) {
      const time = timeTurn(side);
      if (round > 0) side.times.push(time);
    }
  }
  for (const [float32, small] of pairs) {
    const ratio = median(float32.times.map((time, round) => time / small.times[round]));
    const off = disagreement(small.outputs, float32.outputs);
    const rows = [
      [float32, '', '', bytesOf(float)],
      [small, ratio.toFixed(2), `${(100 * off).toFixed(1)} %`, bytesOf(int8)],
    ];
    for (const [{ label, times }, ...rest] of rows) {
      const [bytes] = rest.splice(2, 1);
      const cells = [median(times).toFixed(4), Math.min(...times).toFixed(4), ...rest];
      console.log(`| ${name} | ${label} | ${cells.join(' | ')} | ${(bytes / 1000).toFixed(1)} |`);
    }
  }
}
