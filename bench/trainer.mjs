/** The trainer end to end (augmentation, front end, optimizer) beside the bare step of the same network, on real recordings. */
import { join } from 'node:path';
import { median } from './support/compare.mjs';
import { makeProblem } from './support/problem.mjs';

const MODELS = ['bc-resnet-1', 'ghostnet-tiny', 'bl-resnet-tiny', 'bl-resnet-small'];
const BATCH = 64;
const LABELS = 'yes,no,up,down,left,right,on,off,stop,go'.split(',');

/** Samples a second between the first and the last step of the second of two epochs. `hearken`: the built package. */
async function trainerRate(hearken, model, threads) {
  const folder = join(process.env.HEARKEN_DATA, 'speech-commands');
  const { dataSet, store } = await hearken.loadDataSet(await hearken.openDataSet(folder, { labels: LABELS }));
  const engine = await hearken.createEngine('wasm', { kernels: 'auto' });
  const recipe = { ...hearken.recipeFor(model), epochs: 2, batchSize: BATCH };
  let start = 0;
  let rate = 0;
  let samples = 0;
  const onStep = ({ epoch, batch, count }) => {
    if (epoch !== 2) return;
    const now = performance.now();
    if (batch <= 1) {
      start = now;
      samples = 0;
      return;
    }
    samples += count;
    rate = (1000 * samples) / (now - start);
  };
  await hearken.trainModel({
    dataSet,
    store,
    model,
    engine,
    recipe,
    threads,
    featureThreads: threads,
    onStep,
  });
  return rate;
}

/** The bare step before each run of the trainer, so that both meet the same machine. */
async function compareTrainer(bench, name, threads) {
  const { pool, sources, options } = bench;
  const hearken = await import('../dist/train.js');
  const problem = makeProblem(name, BATCH, sources);
  const { folder } = problem;
  const pairs = [];
  try {
    const command = { task: 'training', folder, batch: BATCH, threads, kernels: 'auto', normShard: 32 };
    const side = await pool.load('hearken', { slot: 'bare', ...command });
    for (let round = 0; round < Math.min(options.rounds, 3); round++) {
      await side.run(options.seconds);
      const { clipsPerSecond } = await side.run(options.seconds);
      pairs.push([clipsPerSecond, await trainerRate(hearken, name, threads)]);
    }
  } finally {
    problem.remove();
  }
  const ratio = median(pairs.map(([bare, whole]) => whole / bare));
  return pairs.find(([bare, whole]) => whole / bare === ratio);
}

/** Prints a row a network and number of threads. Needs the built package and `HEARKEN_DATA`. */
export async function benchTrainer(bench) {
  const { options, print } = bench;
  print('\n## The trainer end to end beside the bare step, kernels `auto`\n');
  if (!process.env.HEARKEN_DATA) {
    print('skipped: HEARKEN_DATA names no folder of recordings');
    return;
  }
  print('| network | threads | step, samples/s | trainer, samples/s | ratio |\n|---|---|---|---|---|');
  for (const name of options.models ?? MODELS) {
    for (const threads of options.threads) {
      const [bare, whole] = await compareTrainer(bench, name, threads);
      const cells = [bare.toFixed(0), whole.toFixed(0), (whole / bare).toFixed(2)];
      print(`| ${name} | ${threads} | ${cells.join(' | ')} |`);
    }
  }
}
