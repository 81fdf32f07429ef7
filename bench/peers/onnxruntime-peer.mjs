/** onnxruntime-node or onnxruntime-web on our ONNX export. Arguments: package, folder under which it is installed. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readProblem } from '../support/read-problem.mjs';
import { serve } from '../support/serve.mjs';

const [, , name, installed] = process.argv;
const require = createRequire(join(installed, 'package.json'));
const ort = require(name);
const { version } = require(join(installed, 'node_modules', name, 'package.json'));
const isWeb = name === 'onnxruntime-web';
if (isWeb) Object.assign(ort.env.wasm, { numThreads: 1, proxy: false });

await serve(async ({ folder, batch, threads, task }) => {
  if (task !== 'inference') throw new Error('it does not train');
  const { input, output, shape, features } = readProblem(folder, batch);
  const session = await ort.InferenceSession.create(join(folder, 'model.onnx'), {
    executionProviders: [isWeb ? 'wasm' : 'cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  });
  const feeds = { [input]: new ort.Tensor('float32', features, shape) };
  const run = () => session.run(feeds);
  const { data } = (await run())[output];
  return { run, clips: batch, outputs: Array.from(data.slice(0, 64)), version };
});
