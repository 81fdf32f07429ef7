/** `hearken compare FILE… --pair A:B`: whether one network is better than another over the trials of sweeps. */
import { type Command, InvalidArgumentError } from 'commander';
import {
  type PairedDifference,
  pairedDifference,
  type ResultPair,
} from '../experiments/paired-difference.js';
import { readResults } from '../experiments/parse-results.js';
import { modelEntry } from '../models/models.js';
import { type Io, printResult } from './io.js';
import { wordsColumn } from './sweep-table.js';
import { formatPercent, formatTable } from './table.js';

type Pair = readonly [model: string, rival: string];

interface CompareOptions {
  readonly pair: Pair[];
  readonly json?: boolean;
}

export function registerCompare(program: Command, io: Io): void {
  program
    .command('compare')
    .summary('tell whether one network is better than another, from the results of sweeps')
    .description(
      'Reads results of `sweep` and compares networks that were trained alike: the mean difference of their validation accuracies, paired by data set ' +
        'and seed, with its 95 % confidence interval (Student’s t). Above or below: the interval lies on one side of zero.',
    )
    .argument('<results...>', 'files that `sweep --results` wrote')
    .requiredOption('-p, --pair <model:rival>', 'two networks; may be given again', pairList)
    .option('--json', 'print one JSON value')
    .action((files: string[], options: CompareOptions) => compare(files, options, io));
}

async function compare(files: readonly string[], options: CompareOptions, io: Io): Promise<void> {
  for (const name of options.pair.flat()) modelEntry(name);
  const results = await readResults(files);
  const found = options.pair.map(([model, rival]) => pairedDifference(results, model, rival));
  printResult(io, options, found, () => found.map(formatComparison).join('\n\n'));
}

function formatComparison({ model, rival, pairs, mean, interval, verdict }: PairedDifference): string {
  const table = formatTable<ResultPair>(pairs, [
    { title: 'data', cell: (pair) => pair.data },
    ...wordsColumn(pairs),
    { title: 'seed', cell: (pair) => `${pair.seed}`, align: 'right' },
    { title: 'recipe', cell: (pair) => pair.recipe },
    { title: 'epochs', cell: (pair) => `${pair.epochs}`, align: 'right' },
    { title: model, cell: (pair) => formatPercent(pair.accuracy), align: 'right' },
    { title: rival, cell: (pair) => formatPercent(pair.rivalAccuracy), align: 'right' },
    { title: 'difference', cell: (pair) => formatPoints(pair.difference), align: 'right' },
  ]);
  const [low, high] = interval.map(formatPoints);
  return `${table}\n${model} against ${rival}: ${formatPoints(mean)} points, 95 % interval ${low} to ${high}: ${verdict}`;
}

/** 0.0123 → "+1.23": percentage points. */
function formatPoints(difference: number): string {
  return `${difference < 0 ? '−' : '+'}${Math.abs(100 * difference).toFixed(2)}`;
}

function pairList(text: string, before: readonly Pair[] = []): Pair[] {
  const names = text.split(':').map((name) => name.trim());
  const [model, rival] = names;
  if (names.length !== 2 || !model || !rival || model === rival)
    throw new InvalidArgumentError('Expected two networks, such as ghostnet-27k:bc-resnet-2.');
  return [...before, [model, rival]];
}
