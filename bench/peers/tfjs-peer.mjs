/**
 * TensorFlow.js' wasm or cpu backend on our GraphModel, BatchNorms folded and activations fused. Arguments: backend,
 * folder under which the packages are installed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readProblem } from '../support/read-problem.mjs';
import { serve } from '../support/serve.mjs';

const [, , backend, installed] = process.argv;
const require = createRequire(join(installed, 'package.json'));
const tf = require('@tensorflow/tfjs-core');
const converter = require('@tensorflow/tfjs-converter');
const implementation = require(`@tensorflow/tfjs-backend-${backend}`);
if (backend === 'wasm') {
  const dist = join(installed, 'node_modules', '@tensorflow', 'tfjs-backend-wasm', 'dist');
  implementation.setWasmPaths(join(dist, '/'));
  implementation.setThreadsCount(1);
}
await tf.setBackend(backend);

/** What `tf.io.fileSystem` of tfjs-node would read. */
function modelIn(folder) {
  const model = JSON.parse(readFileSync(join(folder, 'tfjs', 'model.json'), 'utf8'));
  const bytes = readFileSync(join(folder, 'tfjs', 'weights.bin'));
  return converter.loadGraphModel({
    load: async () => ({
      modelTopology: model.modelTopology,
      signature: model.signature,
      weightSpecs: model.weightsManifest[0].weights,
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    }),
  });
}

await serve(async ({ folder, batch, task }) => {
  if (task !== 'inference') throw new Error('it does not train (no gradients of convolutions)');
  const { input, output, shape, features } = readProblem(folder, batch);
  const model = await modelIn(folder);
  const once = () => tf.tidy(() => model.execute({ [input]: tf.tensor(features, shape) }, output).dataSync());
  const run = () => void once();
  return { run, clips: batch, outputs: Array.from(once().slice(0, 64)), version: tf.version_core };
});
