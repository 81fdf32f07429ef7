/** hearken's own engine as a peer. Arguments: the module that bundleSources made. */
import { pathToFileURL } from 'node:url';
import { readFloats, readProblem, readTensors } from '../support/read-problem.mjs';
import { serve } from '../support/serve.mjs';

const { createWasmEngine } = await import(pathToFileURL(process.argv[2]).href);

async function loadInference({ folder, batch, kernels }) {
  const { graph, input, output, features } = readProblem(folder, batch);
  const engine = await createWasmEngine({ kernels });
  const program = await engine.compileInference(graph, { maxBatch: batch });
  program.assign(readTensors(folder, { ...graph.parameters, ...graph.statistics }));
  const inputs = { [input]: features };
  const run = () => void program.run(inputs, batch);
  return { run, clips: batch, outputs: Array.from(program.run(inputs, batch)[output].slice(0, 64)) };
}

async function loadTraining({ folder, batch, kernels, threads, normShard }) {
  const { graph, input, output, features } = readProblem(folder, batch);
  const engine = await createWasmEngine({ kernels });
  const program = await engine.compileTraining(graph, { maxBatch: batch, normShard, threads });
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
  return { run, clips: batch, outputs: Array.from(outputs[output].slice(0, 64)) };
}

await serve(async (command) => {
  const load = command.task === 'training' ? loadTraining : loadInference;
  return { version: `Node ${process.version}`, ...(await load(command)) };
});
