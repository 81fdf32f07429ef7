/** What an app does with hearken, the same under Node, in a page and in a worker. `read(path)` gets a file of the package. */
import { createWasmEngine, decodeModel, loadModel, readWav } from 'hearken';
import { ClipStore, DEFAULT_RECIPE, encodeModel, trainModel, withLoss } from 'hearken/train';

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

/** A network trained on two made-up words: what identifies the bytes of its model file. */
export async function trainWords(_, { threads, assets, featureWorkerUrl }) {
  const workers = countWorkers();
  const { dataSet, store } = madeUpWords();
  const { model } = await trainModel({
    dataSet,
    store,
    threads,
    model: 'ghost-25k',
    engine: await createWasmEngine({ assets }),
    recipe: { ...DEFAULT_RECIPE, epochs: 2, batchSize: 8, normShard: 4 },
    featureWorkerUrl: featureWorkerUrl && new URL(featureWorkerUrl, globalThis.location.href),
  });
  return { digest: await digestOf(encodeModel(model)), workers: workers() };
}

/** Saw teeth of two pitches, in whole numbers so that they are the same everywhere. */
function madeUpWords() {
  const clipMs = 300;
  const store = new ClipStore({ clipMs });
  const clips = (split, count) =>
    Array.from({ length: count }, (_, i) => {
      const label = i % 2;
      const file = `${split}/${i}.wav`;
      const period = 20 + 30 * label + i;
      store.add(
        file,
        Float32Array.from({ length: clipMs * 16 }, (_, at) => (at % period) / 64 - 0.25),
      );
      return { file, label, word: ['high', 'low'][label], speaker: file };
    });
  const dataSet = {
    labels: ['high', 'low'],
    train: clips('train', 10),
    validation: clips('validation', 4),
    test: [],
    noiseFiles: [],
    skipped: [],
    clipMs,
  };
  return { dataSet, store };
}

async function digestOf(bytes) {
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
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
