/** `hearken bench NAME`: one network's speed on this machine. (`npm run bench` of the repository sets it beside others.) */
import type { Command } from 'commander';
import { createEngine } from '../../engine/create-engine.js';
import { profileTraining } from '../../engine/wasm/profile.js';
import type { Graph } from '../../graph/graph.js';
import { buildModel, describeModel } from '../../models/models.js';
import { type Io, printResult } from '../io.js';
import { type ComputeOptions, engineOption, integer, kernelsOption } from '../options.js';
import { formatCount, formatPercent, formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';
import { measureNetwork } from './measure-network.js';
import { type NodeTime, profileNodes } from './profile-nodes.js';

interface BenchOptions extends ComputeOptions {
  readonly threads: number;
  readonly batch: number;
  readonly ms: number;
  readonly profile?: boolean;
  readonly json?: boolean;
}

/** Clips of the shard that is profiled, as in training. */
const SHARD = 32;
const PROFILE_ROUNDS = 20;

export function registerBench(program: Command, io: Io): void {
  program
    .command('bench')
    .summary("measure one network's speed here")
    .description(
      'Measures how fast a network trains (forward and backward alone, no data, no optimizer) and answers on this machine.',
    )
    .argument('<name>', 'a network, see `hearken models`')
    .option('-t, --threads <n>', 'threads to train with; inference takes one', integer(1, 256), 1)
    .option('--batch <n>', 'clips a step', integer(1, 65536), 64)
    .addOption(engineOption())
    .addOption(kernelsOption('auto'))
    .option('--ms <n>', 'milliseconds that each measurement takes', integer(1, 600_000), 1000)
    .option('--profile', "where a training step's time goes, node by node (wasm engine, one thread)")
    .option('--json', 'print one JSON value')
    .action((name: string, options: BenchOptions) => bench(name, options, io));
}

async function bench(name: string, options: BenchOptions, io: Io): Promise<void> {
  const { engine: engineName, kernels } = options;
  if (options.profile && engineName !== 'wasm') throw new UsageError('--profile is for the wasm engine');
  const graph = buildModel(name);
  const engine = await createEngine(engineName, { kernels });
  try {
    if (options.profile)
      return await profile(name, graph, engine.kernels as 'strict' | 'relaxed', { options, io });
    const { threads, batch, ms: milliseconds } = options;
    const { signal } = io;
    const nowMs = () => io.nowMs();
    const speed = await measureNetwork(graph, { engine, batch, threads, milliseconds, nowMs, signal });
    // As `models` has them: of a network that chooses its resolution, those of the dearest.
    const { parameters, macs } = describeModel(name);
    const value = {
      name,
      parameters,
      macs,
      threads,
      batch,
      engine: engine.name,
      kernels: engine.kernels,
      ...speed,
    };
    printResult(io, options, value, () => formatSpeed(value));
  } finally {
    engine.dispose();
  }
}

type Speed = Awaited<ReturnType<typeof measureNetwork>> & {
  readonly name: string;
  readonly parameters: number;
  readonly macs: number;
  readonly threads: number;
  readonly batch: number;
  readonly engine: string;
  readonly kernels: string;
};

function formatSpeed(speed: Speed): string {
  const { name, parameters, macs, threads, batch } = speed;
  const on = threads === 1 ? 'one thread' : `${threads} threads`;
  return [
    `${name}: ${formatCount(parameters)} parameters, ${formatCount(macs)} MACs; ${speed.engine}, ${speed.kernels} kernels`,
    `training    ${formatCount(Math.round(speed.trainSamplesPerSecond))} clips/s (batches of ${batch}, ${on}; forward and backward alone)`,
    `inference   ${formatCount(Math.round(speed.batchClipsPerSecond))} clips/s (batches of ${batch}, one thread)`,
    `one clip    ${speed.clipMs.toFixed(3)} ms (network alone, one thread)`,
  ].join('\n');
}

async function profile(
  name: string,
  graph: Graph,
  kernels: 'strict' | 'relaxed',
  { options, io }: { options: BenchOptions; io: Io },
): Promise<void> {
  const clips = Math.min(SHARD, options.batch);
  const now = () => io.nowMs();
  const times = await profileTraining(graph, { kernels, clips, rounds: PROFILE_ROUNDS, now });
  const nodes = profileNodes(graph, times, clips);
  const microseconds = nodes.reduce((sum, node) => sum + node.microseconds, 0);
  printResult(io, options, { name, kernels, clips, microseconds, nodes }, () =>
    [
      `${name}: ${formatCount(Math.round(microseconds))} µs for a shard of ${clips} clips, forward and backward, one thread, ${kernels} kernels`,
      formatNodes(nodes),
    ].join('\n\n'),
  );
}

function formatNodes(nodes: readonly NodeTime[]): string {
  const fixed = (value: number | undefined) => (value === undefined || value === 0 ? '' : value.toFixed(1));
  return formatTable(nodes, [
    { title: 'node', cell: (row) => row.node },
    { title: 'pass', cell: (row) => row.pass },
    { title: 'calls', cell: (row) => `${row.calls}`, align: 'right' },
    { title: 'µs', cell: (row) => row.microseconds.toFixed(0), align: 'right' },
    { title: 'GFLOP/s', cell: (row) => fixed(row.gflopsPerSecond), align: 'right' },
    { title: 'GB/s', cell: (row) => fixed(row.gigabytesPerSecond), align: 'right' },
    { title: 'share', cell: (row) => formatPercent(row.share), align: 'right' },
  ]);
}
