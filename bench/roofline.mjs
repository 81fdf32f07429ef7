/**
 * Where a training step stands under the roofs of one core: what its nodes could reach at most by arithmetic (fused 128-bit
 * multiply-adds, all that WebAssembly has) and by memory (at the level of cache that a shard's maps fit), and what they reach.
 *
 *   node bench/roofline.mjs [--models a,b] [--clips 32] [--nodes 12] [--rounds 30] [--out FILE]
 */
import { writeFileSync } from 'node:fs';
import { cpus, platform } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import asc from 'assemblyscript/asc';
import { bundleSources } from './support/sources.mjs';

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: 'ghost-25k,bc-resnet-1,bc-resnet-3,ghostnet-small,bl-resnet-small' },
    clips: { type: 'string', default: '32' },
    nodes: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '30' },
    out: { type: 'string' },
  },
});

/** Bytes that are walked over to find the speed of a level; a node belongs to the first that holds as much as it touches. */
const LEVELS = [
  { name: 'first cache', walked: 24 * 2 ** 10, holds: 40 * 2 ** 10 },
  { name: 'second cache', walked: 384 * 2 ** 10, holds: 768 * 2 ** 10 },
  { name: 'third cache', walked: 6 * 2 ** 20, holds: 24 * 2 ** 20 },
  { name: 'memory', walked: 192 * 2 ** 20, holds: Number.POSITIVE_INFINITY },
];

async function startRoofs() {
  const file = fileURLToPath(new URL('../assembly/bench/roofs.ts', import.meta.url));
  const flags = [
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--importMemory',
    '--enable',
    'simd',
    '--enable',
    'relaxed-simd',
  ];
  let bytes;
  const { error, stderr } = await asc.main([file, '--outFile', 'roofs.wasm', ...flags], {
    writeFile: (_, contents) => {
      bytes = contents;
    },
  });
  if (error) throw new Error(stderr.toString());
  const memory = new WebAssembly.Memory({ initial: 4096 });
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  return instance.exports;
}

/** Amounts a microsecond by the best of many turns. */
function best(run, amount) {
  let least = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < 40; turn++) {
    const before = performance.now();
    run();
    least = Math.min(least, performance.now() - before);
  }
  return amount / (1000 * least);
}

/** The roofs in numbers a microsecond: floating-point operations, and bytes of each level. */
async function measureRoofs() {
  const { multiplyAdd, sum } = await startRoofs();
  const [rounds, calls] = [1000, 500];
  const multiply = () => {
    for (let i = 0; i < calls; i++) multiplyAdd(65536, rounds);
  };
  // Short calls first: until an optimised form is there, and only calls move to it.
  for (let i = 0; i < 20; i++) multiply();
  const operations = best(multiply, calls * rounds * 12 * 4 * 2);
  const bytes = LEVELS.map(({ walked }) => {
    const third = Math.floor(walked / 3 / 64) * 64;
    const times = Math.max(1, Math.round((8 * 2 ** 20) / walked));
    const walk = () => {
      for (let i = 0; i < times; i++) sum(65536, third);
    };
    return best(walk, 3 * third * times);
  });
  return { operations, bytes };
}

/** One node's time and the least that either roof allows, in microseconds. */
function place(node, roofs) {
  const { microseconds, gflopsPerSecond = 0, gigabytesPerSecond } = node;
  const flops = gflopsPerSecond * 1e3 * microseconds;
  const bytes = gigabytesPerSecond * 1e3 * microseconds;
  const level = LEVELS.findIndex(({ holds }) => bytes <= holds);
  const byArithmetic = flops / roofs.operations;
  const byMemory = bytes / roofs.bytes[level];
  return {
    ...node,
    flops,
    bytes,
    byArithmetic,
    byMemory,
    least: Math.max(byArithmetic, byMemory),
    level: LEVELS[level].name,
  };
}

const row = (cells) => `| ${cells.join(' | ')} |`;
const head = (cells) => [row(cells), `|${'---|'.repeat(cells.length)}`];
const sumOf = (rows, key) => rows.reduce((total, each) => total + each[key], 0);

/** Convolutions and dense layers by kind; what only moves numbers (normalisation, activations, sums, joins) together. */
function kindOf({ node, flops }, graph) {
  const found = graph.nodes.find(({ name }) => name === node);
  if (!found || flops === 0) return 'numbers moved';
  if (found.op === 'depthwiseConv2d') return 'depthwise';
  return 'products';
}

function describe(name, graph, nodes, clips) {
  const total = sumOf(nodes, 'microseconds');
  const lines = [
    `\n## ${name}\n`,
    ...head(['kind', 'µs a clip', 'share', 'GFLOP/s', 'GB/s', 'µs at the roof', 'reached']),
  ];
  for (const kind of ['products', 'depthwise', 'numbers moved']) {
    const rows = nodes.filter((node) => kindOf(node, graph) === kind);
    if (rows.length === 0) continue;
    const [time, flops, bytes, least] = ['microseconds', 'flops', 'bytes', 'least'].map((key) =>
      sumOf(rows, key),
    );
    const rates = [flops ? (flops / time / 1e3).toFixed(1) : '', (bytes / time / 1e3).toFixed(1)];
    const percent = (part) => `${(100 * part).toFixed(0)} %`;
    lines.push(
      row([
        kind,
        (time / clips).toFixed(1),
        percent(time / total),
        ...rates,
        (least / clips).toFixed(1),
        percent(least / time),
      ]),
    );
  }
  const least = sumOf(nodes, 'least');
  lines.push(
    `\nWhole step: ${(total / clips).toFixed(1)} µs a clip; at the roofs ${(least / clips).toFixed(1)} (${(total / least).toFixed(2)} times as fast).\n`,
  );
  lines.push(
    ...head([
      'node',
      'pass',
      'µs a clip',
      'kFLOP a clip',
      'kB a clip',
      'GFLOP/s',
      'GB/s',
      'bound by',
      'reached',
    ]),
  );
  for (const node of nodes.slice(0, Number(values.nodes))) {
    const { microseconds: time, flops, bytes } = node;
    const bound = node.byArithmetic > node.byMemory ? 'arithmetic' : node.level;
    const cells = [
      (time / clips).toFixed(2),
      (flops / clips / 1e3).toFixed(0),
      (bytes / clips / 1e3).toFixed(1),
    ];
    const rates = [flops ? (flops / time / 1e3).toFixed(1) : '', (bytes / time / 1e3).toFixed(1)];
    lines.push(
      row([node.node, node.pass, ...cells, ...rates, bound, `${((100 * node.least) / time).toFixed(0)} %`]),
    );
  }
  return lines;
}

const bundle = await bundleSources([
  'src/engine/wasm/profile.ts',
  'src/cli/bench/profile-nodes.ts',
  'src/models/models.ts',
]);
const lines = [];
const print = (line) => {
  lines.push(line);
  console.log(line);
};
try {
  const { profileTraining, profileNodes, buildModel } = await import(pathToFileURL(bundle.file).href);
  const roofs = await measureRoofs();
  const clips = Number(values.clips);
  const date = new Date().toISOString().slice(0, 10);
  print(
    `\`node bench/roofline.mjs\` on ${date}, Node ${process.version}, ${cpus()[0].model.trim()}, ${platform()}; one thread, relaxed kernels, a shard of ${clips} clips, forward and backward, each node by itself, the best of ${values.rounds} rounds.\n`,
  );
  print(
    `Roofs: ${(roofs.operations / 1e3).toFixed(1)} GFLOP/s by fused multiply-adds of four numbers; ${LEVELS.map(({ name }, i) => `${name} ${(roofs.bytes[i] / 1e3).toFixed(0)} GB/s`).join(', ')} (two streams read, one written). Operations are those of plain sums: a convolution in Winograd's form, which multiplies less, may reach more than 100 %.`,
  );
  for (const name of values.models.split(',')) {
    const graph = buildModel(name);
    const options = {
      kernels: 'relaxed',
      clips,
      rounds: Number(values.rounds),
      now: () => performance.now(),
    };
    await profileTraining(graph, { ...options, rounds: 5 });
    const nodes = profileNodes(graph, await profileTraining(graph, options), clips);
    for (const line of describe(
      name,
      graph,
      nodes.map((node) => place(node, roofs)),
      clips,
    ))
      print(line);
  }
} finally {
  bundle.remove();
}
if (values.out) writeFileSync(values.out, `${lines.join('\n')}\n`);
