/**
 * Training speed, the network's step alone (forward, backward, plain SGD), beside PyTorch in the same run where a Python
 * with torch is at hand; and the trainer's end-to-end rate, augmentation included, where recordings are.
 *
 *   npm run bench:training [-- NAME …] [--threads 1,2] [--batch 64] [--rounds 5] [--kernels strict,relaxed] [--python PATH]
 *
 * Sides take turns, round by round; the table has each side's median and best. Absolute figures are the machine's, ratios count.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { costsOf, initializeParameters, modelEntry } from '../dist/models.js';
import { createEngine, loadDataSet, openDataSet, recipeFor, trainModel } from '../dist/train.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string', default: '1,2' },
    batch: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    kernels: { type: 'string', default: 'strict,relaxed' },
    python: { type: 'string', default: process.env.HEARKEN_PYTHON ?? 'python3' },
  },
});
const names =
  positionals.length > 0
    ? positionals
    : ['bc-resnet-1', 'ghost-25k', 'ghostnet-tiny', 'bl-resnet-tiny', 'bl-resnet-small'];
const batch = Number(values.batch);
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

/** Numbers of no meaning but the same on both sides. */
function noise(length, scale) {
  const numbers = new Float32Array(length);
  let state = 12345;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    numbers[i] = scale * (state / 2147483648 - 1);
  }
  return numbers;
}

function sizeOf(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

function problemOf(name) {
  const graph = modelEntry(name).build();
  const shapeOf = (node) => graph.nodes.find((other) => other.name === node).shape;
  const parameters = initializeParameters(graph, 1);
  for (const [key, values] of Object.entries(parameters)) {
    if (graph.parameters[key].role === 'gamma') values.fill(1);
  }
  const features = noise(batch * sizeOf(shapeOf(graph.inputs[0])), 1.7);
  const seeds = noise(batch * sizeOf(shapeOf(graph.outputs[0])), 1 / batch);
  return { name, graph, parameters, features, seeds, macs: costsOf(graph).macs };
}

async function hearkenSide(problem, kernels, threads, normShard) {
  const engine = await createEngine('wasm', { kernels });
  const program = await engine.compileTraining(problem.graph, { maxBatch: batch, normShard, threads });
  for (const [key, numbers] of Object.entries(problem.parameters)) program.parameters[key].set(numbers);
  const [input] = problem.graph.inputs;
  const [output] = problem.graph.outputs;
  const step = () =>
    program.step({
      inputs: { [input]: problem.features },
      count: batch,
      seed: 1,
      outputGradients: { [output]: problem.seeds },
    });
  const { outputs } = await step();
  const first = Array.from(outputs[output].subarray(0, 64));
  return {
    label: `hearken ${kernels}, shard ${normShard}`,
    first,
    async round() {
      const start = performance.now();
      let steps = 0;
      while (performance.now() - start < 1000 * seconds || steps === 0) {
        const { gradients } = await step();
        for (const [key, gradient] of Object.entries(gradients)) {
          const parameter = program.parameters[key];
          for (let i = 0; i < parameter.length; i++) parameter[i] -= 1e-6 * gradient[i];
        }
        steps++;
      }
      return (1000 * steps * batch) / (performance.now() - start);
    },
    close: () => program.dispose(),
  };
}

/** A Python process that answers a line for a line. */
function startPeer() {
  const script = fileURLToPath(new URL('peers/pytorch-peer.py', import.meta.url));
  const child = spawn(values.python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(command) {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error('the PyTorch peer ended');
      return JSON.parse(value);
    },
    close: () => child.kill(),
  };
}

function hasTorch() {
  return spawnSync(values.python, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0;
}

function writeProblem(folder, { graph, parameters, features, seeds }) {
  writeFileSync(join(folder, 'graph.json'), JSON.stringify(graph));
  const write = (name, numbers) =>
    writeFileSync(
      join(folder, `${name.replaceAll('/', '__')}.f32`),
      new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength),
    );
  for (const [name, numbers] of Object.entries(parameters)) write(name, numbers);
  write('features', features);
  write('seeds', seeds);
}

async function torchSide(folder, threads, channelsLast) {
  const peer = startPeer();
  const { outputs, torch } = await peer.ask({ do: 'load', folder, batch, threads, channelsLast });
  return {
    label: `PyTorch ${torch}${channelsLast ? ' channels_last' : ''}`,
    first: outputs,
    round: async () => (await peer.ask({ do: 'train', seconds })).samplesPerSecond,
    close: peer.close,
  };
}

/** The largest difference between two sides' first outputs, as a part of the largest output. Dropout makes networks differ: then NaN. */
function disagreement(a, b) {
  const largest = Math.max(...b.map(Math.abs));
  return Math.max(...a.map((value, i) => Math.abs(value - b[i]))) / largest;
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

/** The graph without dropout, so that outputs can be compared. */
function withoutDropout(graph) {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (node.op === 'dropout' ? { ...node, rate: 0 } : node)),
  };
}

async function compare(problem, threads, torch) {
  const folder = mkdtempSync(join(tmpdir(), 'hearken-bench-'));
  const sides = [];
  try {
    for (const kernels of values.kernels.split(',')) {
      for (const shard of [32, batch]) {
        if (shard === batch && threads > 1) continue;
        try {
          sides.push(await hearkenSide(problem, kernels, threads, shard));
        } catch (error) {
          console.log(
            `| ${problem.name} | ${threads} | hearken ${kernels} | skipped: ${error.message} | | |`,
          );
        }
      }
    }
    if (torch) {
      writeProblem(folder, problem);
      for (const channelsLast of [true, false]) sides.push(await torchSide(folder, threads, channelsLast));
      const exact = sides.find((side) => side.label.endsWith(`shard ${batch}`));
      const worst = exact ? disagreement(exact.first, sides.at(-1).first) : 0;
      if (worst > 1e-3) throw new Error(`${problem.name}: outputs differ by ${worst} of the largest`);
    }
    const rates = sides.map(() => []);
    for (let round = 0; round <= rounds; round++) {
      for (const [i, side] of sides.entries()) {
        const rate = await side.round();
        if (round > 0) rates[i].push(rate);
      }
    }
    const reference = Math.max(
      ...sides.map((side, i) => (side.label.startsWith('PyTorch') ? median(rates[i]) : 0)),
    );
    for (const [i, side] of sides.entries()) {
      const rate = median(rates[i]);
      const gflops = (6 * problem.macs * rate) / 1e9;
      const ratio = reference > 0 ? (rate / reference).toFixed(2) : 'skipped';
      console.log(
        `| ${problem.name} | ${threads} | ${side.label} | ${rate.toFixed(0)} | ${Math.max(...rates[i]).toFixed(0)} | ${gflops.toFixed(1)} | ${ratio} |`,
      );
    }
  } finally {
    for (const side of sides) side.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Samples a second between the first and the last step of an epoch, the second of two: augmentation and optimizer included. */
async function trainerRate(name, kernels, threads) {
  const labels = 'yes,no,up,down,left,right,on,off,stop,go'.split(',');
  const { dataSet, store } = await loadDataSet(
    await openDataSet(join(process.env.HEARKEN_DATA, 'speech-commands'), { labels }),
  );
  const engine = await createEngine('wasm', { kernels });
  const recipe = { ...recipeFor(name), epochs: 2, batchSize: batch };
  let start = 0;
  let rate = 0;
  let samples = 0;
  const onStep = ({ epoch, batch: index, count }) => {
    if (epoch !== 2) return;
    const now = performance.now();
    if (index <= 1) {
      start = now;
      samples = 0;
      return;
    }
    samples += count;
    rate = (1000 * samples) / (now - start);
  };
  await trainModel({ dataSet, store, model: name, engine, recipe, threads, featureThreads: threads, onStep });
  return rate;
}

/** The trainer's rate beside the bare step of the same network, in turns. */
async function compareTrainer(name, threads) {
  if (!process.env.HEARKEN_DATA) {
    console.log(`| ${name} | ${threads} | skipped (no HEARKEN_DATA) | | |`);
    return;
  }
  const problem = problemOf(name);
  const side = await hearkenSide(problem, 'auto', threads, 32);
  const ratios = [];
  const rates = [];
  for (let round = 0; round < Math.min(rounds, 3); round++) {
    await side.round();
    const bare = await side.round();
    const whole = await trainerRate(name, 'auto', threads);
    rates.push([bare, whole]);
    ratios.push(whole / bare);
  }
  side.close();
  const [bare, whole] = rates[ratios.indexOf(median(ratios))];
  console.log(
    `| ${name} | ${threads} | ${bare.toFixed(0)} | ${whole.toFixed(0)} | ${(whole / bare).toFixed(2)} |`,
  );
}

const torch = hasTorch();
console.log(
  `Node ${process.version}, ${cpus()[0].model}, ${cpus().length} cores; batch ${batch}, ${rounds} rounds of ${seconds} s, sides in turn.`,
);
if (!torch) console.log(`PyTorch: skipped (no torch in ${values.python}; give --python or HEARKEN_PYTHON)`);
console.log(
  '\n| network | threads | side | samples/s (median) | best | GFLOP/s | ÷ best PyTorch |\n|---|---|---|---|---|---|---|',
);
for (const name of names) {
  const problem = problemOf(name);
  problem.graph = withoutDropout(problem.graph);
  for (const threads of values.threads.split(',').map(Number)) await compare(problem, threads, torch);
}
console.log(
  '\nThe trainer end to end (augmentation, front end, optimizer) beside the bare step, kernels `auto`:\n',
);
console.log('| network | threads | step, samples/s | trainer, samples/s | ratio |\n|---|---|---|---|---|');
for (const name of names.filter((other) => modelEntry(other).labels !== 35)) {
  for (const threads of values.threads.split(',').map(Number)) await compareTrainer(name, threads);
}
