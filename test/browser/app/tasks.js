/** What an app does with hearken, the same under Node, in a page and in a worker. `read(path)` gets a file of the package. */
import { createWasmEngine, decodeModel, loadModel, readWav } from 'hearken';
import { withLoss } from 'hearken/train';

const MODEL = 'pretrained/spoken-commands.safetensors';
const CLIP = 'data/mini/stop/slt_nohash_0.wav';
const BATCH = 4;

/** Scores of a clip by label. */
export async function recognizeClip(read, { assets } = {}) {
  const engine = assets && (await createWasmEngine({ assets }));
  const recognizer = await loadModel(await read(MODEL), engine && { engine });
  const { samples, sampleRateHz } = readWav(await read(CLIP));
  const { scores } = recognizer.recognize(samples, sampleRateHz);
  recognizer.dispose();
  return scores;
}

/** Loss and gradients of one step on made-up features, in two shards; and how many workers it took. */
export async function trainStep(read, { threads, assets }) {
  const workers = countWorkers();
  const { graph, parameters } = decodeModel(await read(MODEL));
  const engine = await createWasmEngine({ assets });
  const program = await engine.compileTraining(withLoss(graph), {
    maxBatch: BATCH,
    normShard: BATCH / 2,
    threads,
  });
  for (const [name, values] of Object.entries(parameters)) program.parameters[name].set(values);
  const [frames, bands, maps] = graph.nodes.find(({ name }) => name === graph.inputs[0]).shape;
  const labels = graph.nodes.find(({ name }) => name === graph.outputs[0]).shape[2];
  const features = Float32Array.from(
    { length: BATCH * frames * bands * maps },
    (_, i) => ((i * 7919) % 1009) / 500 - 1,
  );
  const targets = new Float32Array(BATCH * labels);
  for (let clip = 0; clip < BATCH; clip++) targets[clip * labels + (clip % labels)] = 1;
  const inputs = { [graph.inputs[0]]: features, targets };
  try {
    const { loss, gradients } = await program.step({ inputs, count: BATCH, seed: 3 });
    const lists = Object.entries(gradients).map(([name, values]) => [name, Array.from(values)]);
    return { loss, gradients: Object.fromEntries(lists), workers: workers() };
  } finally {
    program.dispose();
  }
}

/** The class, code and message of what a task throws. */
export async function faultOf(task) {
  return task.then(
    () => 'no fault',
    ({ name, code, message }) => ({ name, code, message }),
  );
}

/** Counts the web workers that are started from now on. */
function countWorkers() {
  const { Worker } = globalThis;
  let count = 0;
  if (Worker) {
    globalThis.Worker = class extends Worker {
      constructor(...given) {
        super(...given);
        count++;
      }
    };
  }
  return () => {
    globalThis.Worker = Worker;
    return count;
  };
}
