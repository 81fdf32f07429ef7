/** `hearken data`: known data sets; `hearken data get NAME --out DIR` fetches one. */
import type { Command } from 'commander';
import { getDataSet } from '../train/files/download/get-data-set.js';
import { DATA_RECIPES, type DataRecipe, recipeByName } from '../train/files/download/recipes.js';
import { type Io, printResult } from './io.js';
import { createProgress, type Progress } from './progress.js';
import { formatCount, formatShort, formatTable } from './table.js';

interface GetCommandOptions {
  readonly out: string;
  readonly json?: boolean;
}

export function registerData(program: Command, io: Io): void {
  const data = program
    .command('data')
    .summary('list known data sets, or fetch one')
    .description('Lists the data sets of recorded words that hearken knows.')
    .option('--json', 'print one JSON value')
    .action((options: { json?: boolean }) => printResult(io, options, DATA_RECIPES, describeAll));
  data
    .command('get')
    .summary('download, check, unpack and count a data set')
    .description(
      'Downloads a data set, checks and unpacks it into a folder that `train` can read, and counts what arrived. A ' +
        'download that was cut off goes on where it stopped: give the same command again.',
    )
    .argument('<name>', 'a data set of the list')
    .requiredOption('--out <dir>', 'a new or empty folder')
    .option('--json', 'print one JSON value')
    // The parent has `--json` too and would swallow it.
    .action((name: string, _: unknown, command: Command) => get(name, command.optsWithGlobals(), io));
}

async function get(name: string, options: GetCommandOptions, io: Io): Promise<void> {
  const recipe = recipeByName(name);
  const bars = new PhaseBars(io);
  try {
    const counts = await getDataSet(recipe, {
      outDir: options.out,
      signal: io.signal,
      onProgress: (phase, done, total) => bars.update(phase, done, total),
    });
    const { licence, attribution } = recipe;
    const result = { name, out: options.out, ...counts, licence, attribution };
    printResult(io, options, result, () => {
      const { words, clips, train, validation, test } = counts;
      return (
        `${formatCount(clips)} clips of ${words} words in ${options.out}, as its authors count them: ` +
        `${formatCount(train)} to train, ${formatCount(validation)} to validate, ${formatCount(test)} to test\n` +
        `licence ${licence}; name beside a model: ${attribution}`
      );
    });
  } finally {
    bars.finish();
  }
}

/** One bar after the other: bytes come in, then files come out. */
class PhaseBars {
  private phase = '';
  private progress: Progress | undefined;

  constructor(private readonly io: Io) {}

  update(phase: 'download' | 'unpack', done: number, total: number | undefined): void {
    // Bars count in megabytes: a rate in bytes is no reading.
    const scale = phase === 'download' ? 1e-6 : 1;
    if (phase !== this.phase) {
      this.finish();
      this.phase = phase;
      this.progress = createProgress(this.io, {
        label: phase === 'download' ? 'downloading' : 'unpacking',
        total: Math.max(1, Math.round((total ?? done) * scale)),
        start: Math.floor(done * scale),
        unit: phase === 'download' ? 'MB' : 'files',
      });
    }
    this.progress?.update(Math.round(done * scale));
  }

  finish(): void {
    this.progress?.finish();
    this.progress = undefined;
  }
}

function describeAll(): string {
  const table = formatTable<DataRecipe>(DATA_RECIPES, [
    { title: 'name', cell: (recipe) => recipe.name },
    { title: 'words', cell: (recipe) => String(recipe.expected.words), align: 'right' },
    { title: 'clips', cell: (recipe) => formatCount(recipe.expected.clips), align: 'right' },
    { title: 'download', cell: (recipe) => sizeOf(recipe), align: 'right' },
    { title: 'licence', cell: (recipe) => recipe.licence },
    { title: 'what', cell: (recipe) => recipe.title },
  ]);
  return `${table}\n\n\`hearken data get NAME --out DIR\` fetches one.`;
}

function sizeOf({ archiveBytes }: DataRecipe): string {
  return archiveBytes === null ? 'unknown' : `${formatShort(archiveBytes)}B`;
}
