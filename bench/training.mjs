/** Training: the network's step alone (forward, backward, plain SGD) beside the peers that train. */
import { median, takeTurns, timesOf } from './support/compare.mjs';
import { makeProblem } from './support/problem.mjs';

export const TRAINING_MODELS = [
  'bc-resnet-1',
  'bc-resnet-3',
  'ghost-25k',
  'ghostnet-tiny',
  'bl-resnet-tiny',
  'ghostnet-small',
  'bl-resnet-small',
];
const BATCH = 64;
/** Clips that share BatchNorm moments unless a recipe says otherwise. */
const DEFAULT_SHARD = 32;

function sidesOf(folder, threads, { kernels, peers }) {
  const command = { task: 'training', folder, batch: BATCH, threads };
  // A shard runs on one thread.
  const batchLabel = threads > 1 ? 'batch (one thread works)' : 'batch';
  const own = [BATCH, DEFAULT_SHARD].flatMap((normShard) =>
    kernels.map((set) => ({
      label: `hearken ${set}, shard ${normShard === BATCH ? batchLabel : normShard}`,
      peer: 'hearken',
      // Other moments, other outputs: only the batch as one shard computes what the peers do.
      ownOutputs: normShard !== BATCH,
      command: { ...command, kernels: set, normShard },
    })),
  );
  const layouts = ['channels_last', 'default'].map((layout) => ({
    label: `PyTorch ${layout}`,
    peer: 'pytorch',
    command: { ...command, layout },
  }));
  const native = { label: 'tfjs-node', peer: 'tfjs-node', command };
  return [...own, ...[...layouts, native].filter(({ peer }) => peers.includes(peer))];
}

/** Prints rows network by network. `bench`: options, pool, sources, print, versions. */
export async function benchTraining(bench) {
  const { options, pool, sources, print } = bench;
  const sets = options.kernels;
  print(`\n## Training, the network's step alone, batch ${BATCH}\n`);
  print(
    `Forward, backward and plain SGD. Samples a second, by median and at best; 6 × MACs × samples as GFLOP/s; then how many times as long as hearken with its default shard of ${DEFAULT_SHARD} clips a side takes.\n`,
  );
  const columns = [
    'network',
    'threads',
    'side',
    'samples/s',
    'best',
    'GFLOP/s',
    ...sets.map((set) => `÷ ${set}`),
  ];
  print(`| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
  for (const name of options.models ?? TRAINING_MODELS) {
    const problem = makeProblem(name, BATCH, sources);
    try {
      for (const threads of options.threads) {
        const sides = await takeTurns(pool, sidesOf(problem.folder, threads, options), options);
        const label = (set) => `hearken ${set}, shard ${DEFAULT_SHARD}`;
        const bases = sets.map((set) => sides.find((side) => side.label === label(set)));
        for (const side of sides) {
          bench.versions.set(side.peer, side.version);
          const rate = median(side.rates);
          const cells = [rate, Math.max(...side.rates)].map((value) => value.toFixed(0));
          cells.push(((6 * problem.macs * rate) / 1e9).toFixed(1));
          cells.push(...bases.map((base) => timesOf(side, base).toFixed(2)));
          print(`| ${name} | ${threads} | ${side.label} | ${cells.join(' | ')} |`);
        }
      }
    } finally {
      problem.remove();
    }
  }
}
