/**
 * Whether memory stays flat: 100,000 inferences and 2,000 training steps of a Ghost network of 25,000 parameters, resident
 * memory after the first tenth against the end. Ends with 1 where it grew by more than 5 %.
 *
 *   npm run bench:soak [-- SHARE]       SHARE: the part of the counts to run, 0.1 for a quick look
 */
import { initializeParameters, initializeStatistics, modelEntry } from '../dist/models.js';
import { createEngine, withLoss } from '../dist/train.js';

const MODEL = 'ghost-25k';
const INFERENCES = 100_000;
const STEPS = 2_000;
const BATCH = 16;
const THREADS = 2;
const MAX_GROWTH = 0.05;
/** A garbage collection before each reading, so that only what is held counts. */
const COLLECTIONS = 4;

const share = Number(process.argv[2] ?? 1);
if (!(share > 0 && share <= 1)) {
  console.error(`Cannot soak: expected a share in (0, 1], got ${process.argv[2]}`);
  process.exit(2);
}

const graph = modelEntry(MODEL).build();
const [input] = graph.inputs;
const [output] = graph.outputs;
const sizeOf = (name) => graph.nodes.find((node) => node.name === name).shape.reduce((a, b) => a * b, 1);
const parameters = initializeParameters(graph, 1);
const features = Float32Array.from(
  { length: BATCH * sizeOf(input) },
  (_, i) => ((i * 7919) % 1009) / 500 - 1,
);
const targets = new Float32Array(BATCH * sizeOf(output));
for (let clip = 0; clip < BATCH; clip++) targets[clip * sizeOf(output) + (clip % sizeOf(output))] = 1;

async function residentBytes() {
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc?.();
    await new Promise((later) => setImmediate(later));
  }
  return process.memoryUsage.rss();
}

/** Runs a task so often and returns its row of the table. */
async function soak(what, count, run) {
  const tenth = Math.ceil(count / 10);
  let early = 0;
  for (let i = 0; i < count; i++) {
    await run(i);
    if (i + 1 === tenth) early = await residentBytes();
  }
  const late = await residentBytes();
  return { what, count, early, late, growth: late / early - 1 };
}

async function soakInference(engine) {
  const program = await engine.compileInference(graph, { maxBatch: 1 });
  program.assign({ ...parameters, ...initializeStatistics(graph) });
  const inputs = { [input]: features };
  const row = await soak('inferences', Math.ceil(INFERENCES * share), () => void program.run(inputs, 1));
  program.dispose();
  return row;
}

async function soakTraining(engine) {
  const options = { maxBatch: BATCH, normShard: BATCH / THREADS, threads: THREADS };
  const program = await engine.compileTraining(withLoss(graph), options);
  for (const [name, values] of Object.entries(parameters)) program.parameters[name].set(values);
  const inputs = { [input]: features, targets };
  const row = await soak('training steps', Math.ceil(STEPS * share), async (step) => {
    const { gradients } = await program.step({ inputs, count: BATCH, seed: step });
    for (const [name, live] of Object.entries(program.parameters)) {
      const gradient = gradients[name];
      for (let i = 0; i < live.length; i++) live[i] -= 1e-3 * gradient[i];
    }
  });
  program.dispose();
  return row;
}

console.log(`${MODEL}, Node ${process.version}, ${process.platform} ${process.arch}\n`);
console.log('| what | count | MB after a tenth | MB at the end | growth |\n|---|---|---|---|---|');
const engine = await createEngine('wasm');
let flat = true;
for (const task of [soakInference, soakTraining]) {
  const { what, count, early, late, growth } = await task(engine);
  const megabytes = [early, late].map((bytes) => (bytes / 1e6).toFixed(1));
  console.log(`| ${what} | ${count} | ${megabytes.join(' | ')} | ${(100 * growth).toFixed(1)} % |`);
  flat &&= growth <= MAX_GROWTH;
}
engine.dispose();
if (!flat) {
  console.error(`Resident memory grew by more than ${100 * MAX_GROWTH} %`);
  process.exitCode = 1;
}
