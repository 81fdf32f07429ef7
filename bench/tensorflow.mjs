/**
 * A training step of the tensorflow engine on tfjs-node: with libtensorflow's own kernels, with the ops of TensorFlow.js as the
 * engine uses them elsewhere, and with those that TensorFlow.js has for BatchNorm. Taken in turns, so that a busy machine slows
 * all alike. Run: node bench/tensorflow.mjs FOLDER [NAME] [ROUNDS] (reads the sources, not dist); FOLDER is what
 * scripts/install-tfjs-node.mjs installed into.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleSources } from './support/sources.mjs';

const BATCH = 64;
const [, , folder, name = 'ghost-25k', rounds = '30'] = process.argv;
if (!folder) throw new Error('Cannot bench: expected the folder of tfjs-node, got none');
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';

const bundle = await bundleSources([
  'src/engine/tensorflow/load-tensorflow.ts',
  'src/engine/tensorflow/native-kernels.ts',
  'src/engine/tensorflow/training-program.ts',
  'src/graph/initialize.ts',
  'src/models/models.ts',
  'src/numerics/random.ts',
]);
const sources = await import(pathToFileURL(bundle.file).href);
bundle.remove();

const installed = createRequire(resolve(folder, 'package.json')).resolve(
  '@tensorflow/tfjs-node/package.json',
);
const tf = await sources.importTensorflow([resolve(installed, '..')]);
await tf.ready();

/** What a user of TensorFlow.js writes. */
const usual = {
  convolve(kind, x, weight, { stride, padding }) {
    const padded = tf.pad(x, [[0, 0], ...padding.map((pair) => [...pair]), [0, 0]]);
    return (kind === 'Conv2D' ? tf.conv2d : tf.depthwiseConv2d)(padded, weight, [...stride], 'valid');
  },
  batchNorm(x, gamma, beta, epsilon) {
    const { mean, variance } = tf.moments(x, [0, 1, 2]);
    return { y: tf.batchNorm(x, mean, variance, beta, gamma, epsilon), mean, variance };
  },
  relu: (x) => tf.relu(x),
  relu6: (x) => tf.relu6(x),
};

const graph = sources.buildModel(name);
const random = new sources.Random(1);
const draw = (size) => Float32Array.from({ length: size }, () => random.normal());
const sizeOf = (node) =>
  graph.nodes.find((other) => other.name === node).shape.reduce((a, b) => a * b, BATCH);
const parameters = sources.initializeParameters(graph, 1);
const step = {
  inputs: { features: draw(sizeOf('features')) },
  count: BATCH,
  seed: 1,
  outputGradients: { logits: draw(sizeOf('logits')) },
};

function sideOf(label, native) {
  const program = new sources.TensorflowTraining({ tf, native }, graph, {
    maxBatch: BATCH,
    normShard: BATCH,
  });
  for (const [key, values] of Object.entries(parameters)) program.parameters[key].set(values);
  return { label, program, milliseconds: [] };
}
const native = sources.findNativeKernels(tf);
if (!native) throw new Error(`Cannot bench: expected native kernels, got the backend ${tf.getBackend()}`);
const sides = [
  sideOf('native kernels', native),
  sideOf('stock ops', undefined),
  sideOf('tf.moments and tf.batchNorm', usual),
];

const results = [];
for (const { program } of sides) results.push(structuredClone(await program.step(step)));
for (const { outputs } of results)
  outputs.logits.forEach((value, i) => {
    const off = Math.abs(value - results[0].outputs.logits[i]);
    if (!(off <= 1e-3)) throw new Error(`Cannot compare: expected the same logits, got ${off} apart`);
  });

for (let round = 0; round < Number(rounds); round++)
  for (const { program, milliseconds } of sides) {
    const start = performance.now();
    await program.step(step);
    milliseconds.push(performance.now() - start);
  }

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const base = sides[0];
console.log(`${name}, batch ${BATCH}, ${rounds} rounds, Node ${process.version}, tfjs ${tf.version_core}`);
for (const { label, milliseconds } of sides) {
  const [middle, best] = [median(milliseconds), Math.min(...milliseconds)];
  const times = (middle / median(base.milliseconds)).toFixed(2);
  const atBest = (best / Math.min(...base.milliseconds)).toFixed(2);
  const rate = ((1000 * BATCH) / middle).toFixed(0);
  console.log(
    `${label.padEnd(28)} ${middle.toFixed(1)} ms, best ${best.toFixed(1)}; ${rate} samples/s; × ${times}, at best × ${atBest}`,
  );
}
