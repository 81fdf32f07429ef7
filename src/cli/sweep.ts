/** `hearken sweep DIR`: several networks and seeds trained on one set of recordings, and a table of what came of it. */

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { createEngine } from '../engine/create-engine.js';
import { HearkenError } from '../errors.js';
import { runSweep } from '../experiments/run-sweep.js';
import { planTrials, type Summary, summarize, type Trial, type TrialResult } from '../experiments/trials.js';
import { makeFolders } from '../formats/files/make-folders.js';
import { writeFileAtomic } from '../formats/files/write-file-atomic.js';
import { buildModel, modelEntry } from '../models/models.js';
import { type RecipeName, recipeFor } from '../train/recipe.js';
import { measureClip } from './bench/measure-network.js';
import { checkOwnPlace, fileExists } from './claim-output.js';
import { type Io, note, printResult } from './io.js';
import {
  commaList,
  fileToWrite,
  integer,
  type KernelChoice,
  kernelsOption,
  labelsOption,
  recipeOption,
  text,
} from './options.js';
import { commandLine } from './report-parts.js';
import { formatSummaries, summariesPage } from './sweep-table.js';
import { formatPercent } from './table.js';

/** How long a network is timed on one clip. */
const CLIP_MILLISECONDS = 300;

interface SweepFlags {
  readonly models: string[];
  readonly seeds: number[];
  readonly labels?: string[];
  readonly epochs?: number;
  readonly recipe?: RecipeName;
  readonly results: string;
  readonly work?: string;
  readonly markdown?: string;
  readonly jobs: number;
  readonly kernels: KernelChoice;
  readonly name?: string;
  readonly json?: boolean;
}

export function registerSweep(program: Command, io: Io): void {
  program
    .command('sweep')
    .summary('train several networks and seeds, and compare them')
    .description(
      'Trains each network with each seed on the same recordings, each by its default recipe or by one for all, and compares them on the validation ' +
        'clips. Every result is a line of the results file; the same command again goes on where it stopped.',
    )
    .argument('<dir>', 'recordings, as for `train`')
    .requiredOption('-m, --models <names>', 'networks, parted by commas', commaList)
    .requiredOption('--results <jsonl>', 'the file that results are added to, one a line', fileToWrite)
    .option('--seeds <numbers>', 'seeds, parted by commas', seedList, [1])
    .addOption(labelsOption())
    .option('-e, --epochs <n>', 'epochs of every network (default: what suits the recordings)', integer(1))
    .addOption(recipeOption())
    .option('--name <text>', 'what the data set is called in the results (default: its folder)', text)
    .option(
      '--jobs <n>',
      'trainings at a time, one thread each (default: one a core)',
      integer(1, 64),
      availableParallelism(),
    )
    .addOption(kernelsOption('auto'))
    .option('--work <dir>', 'where models and checkpoints go (default: RESULTS.work)', text)
    .option(
      '--markdown <file>',
      'write the comparison as Markdown too, with the time of one clip',
      fileToWrite,
    )
    .option('--json', 'print one JSON value')
    .action((dir: string, flags: SweepFlags) => sweep(dir, flags, io));
}

async function sweep(dir: string, flags: SweepFlags, io: Io): Promise<void> {
  const { models, seeds, recipe, epochs, results, jobs } = flags;
  for (const name of models) modelEntry(name);
  if (flags.markdown) await checkOwnPlace('--markdown', flags.markdown, [results]);
  const work = flags.work ?? `${results}.work`;
  await makeFolders(work);
  const data = flags.name ?? basename(resolve(dir));
  // A result by another recipe than the family's is none of a trial that names no recipe.
  const trials = planTrials(data, { models, seeds, recipe, epochs }).map((trial) => ({
    ...trial,
    recipe: recipe ?? recipeFor(trial.model).name,
  }));
  const all = await runSweep(trials, {
    results,
    jobs,
    signal: io.signal,
    runTrial: (trial) => trainApart(trial, { dir, work, flags, io }),
    onStart: (missing, trials) => note(io, `${missing} of ${trials} trials to do`),
    onResult: ({ model, seed, validation }) =>
      note(
        io,
        `${model}, seed ${seed}: ${formatPercent(validation.accuracy)} of ${validation.clips} validation clips`,
      ),
  });
  const rows = summarize(all);
  if (flags.markdown) await writePage(flags.markdown, rows, flags, io);
  printResult(io, flags, rows, () => formatSummaries(rows));
}

/** Writes the results as Markdown, with the time of one clip of each network. */
async function writePage(
  path: string,
  rows: readonly Summary[],
  { kernels }: SweepFlags,
  io: Io,
): Promise<void> {
  const engine = await createEngine('wasm', { kernels });
  const clipMs: Record<string, number> = {};
  try {
    for (const { model } of rows) {
      const options = { engine, milliseconds: CLIP_MILLISECONDS, nowMs: () => io.nowMs(), signal: io.signal };
      clipMs[model] ??= await measureClip(buildModel(model), options);
    }
    const machine = `Node ${process.versions.node}, ${process.arch}, ${engine.kernels} kernels`;
    await writeFileAtomic(path, summariesPage({ rows, clipMs, command: commandLine(io.argv), machine }));
  } finally {
    engine.dispose();
  }
}

interface Apart {
  readonly dir: string;
  readonly work: string;
  readonly flags: SweepFlags;
  readonly io: Io;
}

/** `hearken train` in a process of its own, which resumes what an earlier one left. */
async function trainApart(trial: Trial, { dir, work, flags, io }: Apart): Promise<TrialResult> {
  const out = join(
    work,
    `${trial.data}-${trial.model}-s${trial.seed}-${trial.recipe}-e${trial.epochs ?? 'default'}.safetensors`,
  );
  const isBegun = await fileExists(join(`${out}.checkpoint`, 'last.safetensors'));
  const argv = ['train', dir, '--out', out, '--model', trial.model, '--seed', `${trial.seed}`];
  argv.push('--threads', '1', '--kernels', flags.kernels, '--no-report', '--json');
  if (trial.epochs !== undefined) argv.push('--epochs', `${trial.epochs}`);
  if (flags.recipe !== undefined) argv.push('--recipe', flags.recipe);
  if (flags.labels) argv.push('--labels', flags.labels.join(','));
  if (isBegun) argv.push('--resume');
  const value = await hearkenApart(argv, io.signal);
  const { model, seed, parameters, routing, recipe, epochs, labels, validation } = value;
  // Of a network that chooses its resolution: what the validation clips took on average.
  const macs = routing?.meanMacs ?? value.macs;
  return {
    data: trial.data,
    model,
    seed,
    parameters,
    macs,
    recipe,
    epochs,
    labels: labels.length,
    validation,
  };
}

interface TrainJson extends Omit<TrialResult, 'data' | 'labels'> {
  readonly labels: readonly string[];
  readonly routing?: { readonly meanMacs: number };
}

/** The JSON value of a `hearken` command run by this very program. @throws HearkenError `trial-failed` with its last words. */
async function hearkenApart(argv: readonly string[], signal: AbortSignal): Promise<TrainJson> {
  const child = spawn(process.execPath, [process.argv[1], ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  // SIGINT, so that a checkpoint is written first.
  const stop = () => child.kill('SIGINT');
  signal.addEventListener('abort', stop);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-2000);
  });
  const code = await new Promise<number | null>((done, fail) => child.on('close', done).on('error', fail));
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (code === 0) return JSON.parse(stdout) as TrainJson;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  throw new HearkenError(
    'trial-failed',
    `Cannot finish \`hearken ${argv.join(' ')}\`: expected exit 0, got ${code} (${last})`,
  );
}

function seedList(list: string): number[] {
  return commaList(list).map((item) => {
    if (!/^\d{1,10}$/.test(item) || Number(item) >= 2 ** 32)
      throw new InvalidArgumentError('Expected whole numbers below 2³², parted by commas.');
    return Number(item);
  });
}
