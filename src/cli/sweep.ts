/** `hearken sweep DIR`: several networks and seeds trained on one set of recordings, and a table of what came of it. */

import { availableParallelism } from 'node:os';
import { basename, resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { createEngine } from '../engine/create-engine.js';
import { runSweep } from '../experiments/run-sweep.js';
import { planTrials, type Summary, summarize } from '../experiments/trials.js';
import { writeFileAtomic } from '../formats/files/write-file-atomic.js';
import { buildModel, modelEntry } from '../models/models.js';
import { type RecipeName, recipeFor } from '../train/recipe.js';
import { measureClip } from './bench/measure-network.js';
import { checkOwnPlace } from './claim-output.js';
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
import { trainApart } from './train-apart.js';

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
  readonly jobs?: number;
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
    .option('--name <text>', 'what the data set is called in the results (default: its folder)', plainName)
    .option('--jobs <n>', 'trainings at a time, one thread each (default: one a core)', integer(1, 64))
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
  const { models, seeds, recipe, epochs, results, jobs = availableParallelism() } = flags;
  for (const name of models) modelEntry(name);
  if (flags.markdown) await checkOwnPlace('--markdown', flags.markdown, [results]);
  const work = flags.work ?? `${results}.work`;
  const data = flags.name ?? basename(resolve(dir));
  // A result by another recipe than the family's is none of a trial that names no recipe.
  const trials = planTrials(data, { models, seeds, recipe, epochs, only: flags.labels?.join(',') }).map(
    (trial) => ({
      ...trial,
      recipe: recipe ?? recipeFor(trial.model).name,
    }),
  );
  const all = await runSweep(trials, {
    results,
    jobs,
    signal: io.signal,
    runTrial: (trial) => trainApart(trial, { dir, work, flags, signal: io.signal }),
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

function seedList(list: string): number[] {
  const seeds = commaList(list).map((item) => {
    if (!/^\d{1,10}$/.test(item) || Number(item) >= 2 ** 32)
      throw new InvalidArgumentError('Expected whole numbers below 2³², parted by commas.');
    return Number(item);
  });
  // 1 and 01 are two texts, but one seed.
  if (new Set(seeds).size !== seeds.length) throw new InvalidArgumentError('Expected each seed once.');
  return seeds;
}

/** A text that can stand in the name of a file on any system. */
function plainName(value: string): string {
  const name = text(value);
  if (/[/\\:*?"<>|\p{Cc}]/u.test(name) || /^\.+$/.test(name))
    throw new InvalidArgumentError('Expected a name that can be part of a file’s, such as english-commands.');
  return name;
}
