/**
 * hearken beside its peers, in one run, in turns: the same networks, weights, batch and threads on all sides, outputs compared
 * before anything is timed. Absolute figures are the machine's; ratios count.
 *
 *   npm run bench [-- --only inference,training,trainer] [--models a,b] [--peers a,b] [--threads 1,2] [--batches 1,64]
 *     [--kernels strict,relaxed] [--rounds 5] [--seconds 0.5] [--quick] [--node PATH] [--python PATH] [--no-install] [--out FILE]
 *
 * Peers are installed in a cache folder (HEARKEN_BENCH_CACHE), never among the project's dependencies; one that cannot be had is
 * printed as skipped. `--node`: which Node runs the JavaScript sides.
 */
import { writeFileSync } from 'node:fs';
import { cpus, platform } from 'node:os';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { benchInference } from './inference.mjs';
import { peerPool } from './support/peers.mjs';
import { bundleSources } from './support/sources.mjs';
import { benchTrainer } from './trainer.mjs';
import { benchTraining } from './training.mjs';

const ALL_PEERS = 'pytorch,onnxruntime-node,onnxruntime-web,tfjs-wasm,tfjs-cpu,tfjs-node';
const SECTIONS = { inference: benchInference, training: benchTraining, trainer: benchTrainer };

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(SECTIONS).join(',') },
    models: { type: 'string' },
    peers: { type: 'string', default: ALL_PEERS },
    threads: { type: 'string', default: '1,2' },
    batches: { type: 'string', default: '1,64' },
    kernels: { type: 'string', default: 'strict,relaxed' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
    python: { type: 'string', default: process.env.HEARKEN_PYTHON ?? 'python3' },
    'no-install': { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const list = (text) => text?.split(',').filter(Boolean);
const options = {
  models: list(values.models),
  peers: list(values.peers),
  threads: list(values.threads).map(Number),
  batches: list(values.batches).map(Number),
  kernels: list(values.kernels),
  rounds: Number(values.rounds ?? (values.quick ? 3 : 7)),
  seconds: Number(values.seconds ?? (values.quick ? 0.15 : 0.5)),
};

const lines = [];
const print = (line) => {
  lines.push(line);
  console.log(line);
};

const bundle = await bundleSources([
  'src/engine/wasm/wasm-engine.ts',
  'src/engine/tensorflow/tensorflow-engine.ts',
  'src/formats/onnx/export-graph.ts',
  'src/formats/tfjs/export-graph.ts',
  'src/graph/costs.ts',
  'src/graph/initialize.ts',
  'src/models/models.ts',
]);
const pool = peerPool({
  node: values.node,
  python: values.python,
  sources: bundle.file,
  install: !values['no-install'],
});
const versions = new Map();
try {
  const sources = await import(pathToFileURL(bundle.file).href);
  const command = process.argv.slice(2).join(' ');
  const date = new Date().toISOString().slice(0, 10);
  print(
    `\`npm run bench${command && ` -- ${command}`}\` on ${date}: ${cpus()[0].model.trim()}, ${cpus().length} cores, ${platform()}.`,
  );
  print(
    `${options.rounds} rounds of ${options.seconds} s a side, sides in turn; outputs agree to 1e-3 before anything is timed.`,
  );
  for (const name of list(values.only)) {
    if (!(name in SECTIONS)) throw new Error(`--only: expected ${Object.keys(SECTIONS)}, got ${name}`);
    await SECTIONS[name]({ options, pool, sources, print, versions });
  }
  print('');
  for (const [peer, version] of versions) print(`- ${peer}: ${version}`);
  for (const [peer, reason] of pool.skipped) print(`- ${peer}: skipped: ${reason}`);
} finally {
  pool.close();
  bundle.remove();
  if (values.out) writeFileSync(values.out, `${lines.join('\n')}\n`);
}
