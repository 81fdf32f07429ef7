/**
 * TensorFlow.js on its native library. It infers with our GraphModel, BatchNorms folded and activations fused, and trains with
 * hearken's engine for it. Arguments: the package's folder, the module that bundleSources made.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';
import { readFloats, readProblem, readTensors } from '../support/read-problem.mjs';
import { serve } from '../support/serve.mjs';

const [, , folder, sources] = process.argv;
// Gone since Node 23, and called for each op's attributes.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
const tf = createRequire(import.meta.url)(folder);
const { createTensorflowEngine } = await import(pathToFileURL(sources).href);
const version = tf.version_core;

async function loadInference({ folder, batch }) {
  const { input, output, shape, features } = readProblem(folder, batch);
  const model = await tf.loadGraphModel(tf.io.fileSystem(join(folder, 'tfjs', 'model.json')));
  const once = () => tf.tidy(() => model.execute({ [input]: tf.tensor(features, shape) }, output).dataSync());
  const run = () => void once();
  return { run, clips: batch, outputs: Array.from(once().slice(0, 64)), version };
}

async function loadTraining({ folder, batch }) {
  const { graph, input, output, features } = readProblem(folder, batch);
  const engine = await createTensorflowEngine(tf);
  const program = await engine.compileTraining(graph, { maxBatch: batch, normShard: batch });
  for (const [name, values] of Object.entries(readTensors(folder, graph.parameters)))
    program.parameters[name].set(values);
  const outputGradients = { [output]: readFloats(folder, 'seeds') };
  const step = () => program.step({ inputs: { [input]: features }, count: batch, seed: 1, outputGradients });
  const { outputs } = await step();
  const run = async () => {
    const { gradients } = await step();
    for (const [name, gradient] of Object.entries(gradients)) {
      const parameter = program.parameters[name];
      for (let i = 0; i < parameter.length; i++) parameter[i] -= 1e-6 * gradient[i];
    }
  };
  return { run, clips: batch, outputs: Array.from(outputs[output].slice(0, 64)), version };
}

await serve((command) => (command.task === 'training' ? loadTraining(command) : loadInference(command)));
