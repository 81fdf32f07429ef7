/** `hearken models [NAME]`: which networks there are, what they cost, where they come from. */
import { type Command, Option } from 'commander';
import { DEFAULT_FRONT_END } from '../audio/front-end.js';
import { stagesOf } from '../graph/stages.js';
import { meanAccuracy } from '../models/measured.js';
import { buildModel, describeModel, describeModels, type ModelRow } from '../models/models.js';
import { formatCount, formatPercent, formatShort } from '../train/report/numbers.js';
import { type Io, printResult } from './io.js';
import { formatLayers } from './models-layers.js';
import { integer } from './options.js';
import { type Column, formatTable } from './table.js';
import { UsageError } from './usage-error.js';

interface ModelsOptions extends Filter {
  readonly layers?: boolean;
  readonly json?: boolean;
}

/** Which networks to list; what is absent lets all pass. */
interface Filter {
  readonly domain?: ModelRow['domain'];
  readonly family?: string;
  readonly size?: NonNullable<ModelRow['size']>;
  readonly maxParameters?: number;
}

export function registerModels(program: Command, io: Io): void {
  program
    .command('models')
    .summary('list the networks, or show one of them')
    .description('Lists the networks that `train --model` takes, or shows one of them.')
    .argument('[name]', 'a network of the list')
    .option(
      '--layers',
      'stage by stage: shapes, parameters, multiply–accumulates, bytes of maps in training, receptive field',
    )
    .addOption(
      new Option('--domain <domain>', 'of the list, those for words or for images').choices([
        'speech',
        'image',
      ]),
    )
    .option('--family <name>', 'of the list, those of one family')
    .addOption(
      new Option('--size <size>', 'of the list, those of one size').choices(['tiny', 'small', 'base']),
    )
    .option('--max-parameters <n>', 'of the list, those of no more parameters', integer(1, 1e9))
    .option('--json', 'print one JSON value')
    .action((name: string | undefined, options: ModelsOptions) => showModels(name, options, io));
}

function showModels(name: string | undefined, options: ModelsOptions, io: Io): void {
  if (name === undefined) {
    if (options.layers) throw new UsageError('--layers needs the name of a network');
    const rows = selectRows(describeModels(), options);
    printResult(io, options, rows.map(jsonOf), () => formatList(rows));
    return;
  }
  const filtered = [options.domain, options.family, options.size, options.maxParameters];
  if (filtered.some((value) => value !== undefined))
    throw new UsageError(`--domain, --family, --size and --max-parameters are for the list, got ${name}`);
  const row = describeModel(name);
  if (options.layers) {
    const graph = buildModel(name);
    const frontEnd = row.domain === 'speech' ? DEFAULT_FRONT_END : undefined;
    printResult(
      io,
      options,
      [{ ...jsonOf(row), layers: stagesOf(graph) }],
      () => `${formatRow(row)}\n\n${formatLayers(graph, frontEnd)}`,
    );
  } else printResult(io, options, [jsonOf(row)], () => formatRow(row));
}

/** @throws UsageError for a family that does not exist. */
function selectRows(rows: readonly ModelRow[], filter: Filter): ModelRow[] {
  const { domain, family, size, maxParameters = Number.POSITIVE_INFINITY } = filter;
  const families = [...new Set(rows.map((row) => row.family))];
  if (family !== undefined && !families.includes(family))
    throw new UsageError(`--family: expected one of ${families.join(', ')}, got ${family}`);
  return rows.filter(
    (row) =>
      (domain ?? row.domain) === row.domain &&
      (family ?? row.family) === row.family &&
      (size ?? row.size) === row.size &&
      row.parameters <= maxParameters,
  );
}

/** A row as JSON has it: `macs` of a DRNet is a list, one number a resolution. */
function jsonOf(row: ModelRow): Omit<ModelRow, 'macs'> & { macs: number | readonly number[] } {
  return { ...row, macs: row.routing?.macs ?? row.macs };
}

const COLUMNS: readonly Column<ModelRow>[] = [
  { title: 'name', cell: (row) => row.name },
  { title: 'family', cell: (row) => row.family },
  { title: 'parameters', cell: (row) => formatCount(row.parameters), align: 'right' },
  { title: 'MACs', cell: formatMacs, align: 'right' },
  { title: 'MACs against its twin', cell: (row) => formatSaving(row) },
];
const SPEECH_COLUMNS: readonly Column<ModelRow>[] = [
  ...COLUMNS,
  { title: 'size', cell: (row) => row.size ?? '' },
  { title: 'streams', cell: (row) => (row.streamable ? 'yes' : '') },
  { title: 'English', cell: (row) => formatMeasured(row.measured?.english), align: 'right' },
  { title: 'Arabic', cell: (row) => formatMeasured(row.measured?.arabic), align: 'right' },
  { title: 'alike', cell: (row) => formatMeasured(row.measured?.alike), align: 'right' },
];

/** Networks for speech first, then those for images as their papers have them. */
function formatList(rows: readonly ModelRow[]): string {
  const of = (domain: ModelRow['domain']) => rows.filter((row) => row.domain === domain);
  const [speech, images] = [of('speech'), of('image')];
  return [
    ...(speech.length > 0
      ? [
          'For words: one second of log-mel frames in, costs at 12 labels',
          formatTable(speech, SPEECH_COLUMNS),
          'English, Arabic: accuracy where measured, mean over seeds: ten commands and unknown (test), 40 words (validation).\n' +
            'alike: English after one short training alike for all, on validation clips; to compare networks by (docs/models.md).',
        ]
      : []),
    ...(images.length > 0
      ? ['As published: 224 × 224 images in, 1000 classes', formatTable(images, COLUMNS)]
      : []),
    rows.length > 0
      ? '`hearken models NAME --layers` shows one of them stage by stage.'
      : 'No network is like that.',
  ].join('\n\n');
}

function formatMeasured(seeds: readonly number[] | undefined): string {
  const mean = meanAccuracy(seeds);
  return mean === undefined ? '' : formatPercent(mean);
}

function formatSaving({ twin, saving }: ModelRow): string {
  if (!twin || !saving) return '';
  return saving >= 1
    ? `${saving.toFixed(2)}× fewer than ${twin}`
    : `${(1 / saving).toFixed(2)}× those of ${twin}`;
}

/** "29.1 M … 8.8 M" of a network that chooses. */
function formatMacs({ macs, routing }: ModelRow): string {
  return routing ? `${formatShort(macs)} … ${formatShort(Math.min(...routing.macs))}` : formatShort(macs);
}

function formatRowMacs({ macs, routing }: ModelRow): string[] {
  if (!routing) return [`MACs        ${formatCount(macs)}`];
  return [
    ...routing.resolutions.map(
      (size, i) => `MACs        ${formatCount(routing.macs[i])} at ${size.join(' × ')}`,
    ),
    `            ${formatCount(routing.predictorMacs)} to choose one`,
  ];
}

function formatRow(row: ModelRow): string {
  return [
    `${row.name} (${row.family})`,
    `input       ${row.input.join(' × ')} (time × frequency × maps)`,
    `labels      ${row.labels}`,
    `parameters  ${formatCount(row.parameters)}`,
    ...formatRowMacs(row),
    ...(row.twin ? [`twin        ${row.twin}${row.saving ? `: MACs ${formatSaving(row)}` : ''}`] : []),
    `streams     ${row.streamable ? 'yes, frame by frame' : 'by sliding a window'}`,
    ...(row.measured
      ? [
          `measured    English ${formatMeasured(row.measured.english) || 'not'}, Arabic ${formatMeasured(row.measured.arabic) || 'not'}, ` +
            `trained alike ${formatMeasured(row.measured.alike) || 'not'}`,
        ]
      : []),
    `source      ${row.source}`,
  ].join('\n');
}
