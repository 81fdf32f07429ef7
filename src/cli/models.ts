/** `hearken models [NAME]`: which networks there are, what they cost, where they come from. */
import type { Command } from 'commander';
import { DEFAULT_FRONT_END, type FrontEndConfig } from '../audio/front-end.js';
import type { ReceptiveField } from '../graph/receptive-field.js';
import { type Stage, stagesOf } from '../graph/stages.js';
import { buildModel, describeModel, describeModels, type ModelRow } from '../models/models.js';
import { formatBytes, formatCount, formatShort } from '../train/report/numbers.js';
import { type Io, printResult } from './io.js';
import { type Column, formatTable } from './table.js';
import { UsageError } from './usage-error.js';

interface ModelsOptions {
  readonly layers?: boolean;
  readonly json?: boolean;
}

export function registerModels(program: Command, io: Io): void {
  program
    .command('models')
    .summary('list the networks, or show one of them')
    .description('Lists the networks that `train --model` takes, or shows one of them.')
    .argument('[name]', 'a network of the list')
    .option(
      '--layers',
      'stage by stage: shapes, parameters, multiply–accumulates, activation bytes, receptive field',
    )
    .option('--json', 'print one JSON value')
    .action((name: string | undefined, options: ModelsOptions) => showModels(name, options, io));
}

function showModels(name: string | undefined, options: ModelsOptions, io: Io): void {
  if (name === undefined) {
    if (options.layers) throw new UsageError('--layers needs the name of a network');
    const rows = describeModels();
    printResult(io, options, rows, () => formatList(rows));
    return;
  }
  const row = describeModel(name);
  if (options.layers) {
    const layers = stagesOf(buildModel(name));
    printResult(
      io,
      options,
      [{ ...row, layers }],
      () =>
        `${formatRow(row)}\n\n${formatStages(layers, row.domain === 'speech' ? DEFAULT_FRONT_END : undefined)}`,
    );
  } else printResult(io, options, [row], () => formatRow(row));
}

const COLUMNS: readonly Column<ModelRow>[] = [
  { title: 'name', cell: (row) => row.name },
  { title: 'parameters', cell: (row) => formatCount(row.parameters), align: 'right' },
  { title: 'MACs', cell: (row) => formatShort(row.macs), align: 'right' },
  { title: 'MACs against its twin', cell: (row) => formatSaving(row) },
  { title: 'streams', cell: (row) => (row.streamable ? 'yes' : '') },
];

/** Networks for speech first, then those for images as their papers have them. */
function formatList(rows: readonly ModelRow[]): string {
  const isSpeech = (row: ModelRow) => row.domain === 'speech';
  const part = (title: string, some: readonly ModelRow[]) =>
    some.length === 0 ? [] : [`${title}\n\n${formatTable(some, COLUMNS)}`];
  return [
    ...part('For words: one second of log-mel frames in, costs at 12 labels', rows.filter(isSpeech)),
    ...part(
      'As published, for images: most 224 × 224 with 1000 classes',
      rows.filter((row) => !isSpeech(row)),
    ),
    '`hearken models NAME --layers` shows one of them stage by stage.',
  ].join('\n\n');
}

function formatSaving({ twin, saving }: ModelRow): string {
  if (!twin || !saving) return '';
  return saving >= 1
    ? `${saving.toFixed(2)}× fewer than ${twin}`
    : `${(1 / saving).toFixed(2)}× those of ${twin}`;
}

function formatRow(row: ModelRow): string {
  return [
    `${row.name} (${row.family})`,
    `input       ${row.input.join(' × ')} (time × frequency × maps)`,
    `labels      ${row.labels}`,
    `parameters  ${formatCount(row.parameters)}`,
    `MACs        ${formatCount(row.macs)}`,
    ...(row.twin ? [`twin        ${row.twin}: MACs ${formatSaving(row)}`] : []),
    `streams     ${row.streamable ? 'yes, frame by frame' : 'by sliding a window'}`,
    `source      ${row.source}`,
  ].join('\n');
}

/** A table of stages with their sum below; receptive fields in ms × bands where the front end is known, else in positions. */
export function formatStages(stages: readonly Stage[], frontEnd?: FrontEndConfig): string {
  const total = (pick: (stage: Stage) => number) => stages.reduce((sum, stage) => sum + pick(stage), 0);
  const rows = stages.map((stage) => ({
    ...stage,
    made: formatOps(stage.ops),
    out: stage.shape.join(' × '),
    sees: formatField(stage.receptiveField, frontEnd),
  }));
  const sum = {
    name: 'all',
    made: '',
    out: '',
    sees: '',
    parameters: total((stage) => stage.parameters),
    macs: total((stage) => stage.macs),
    activationBytes: total((stage) => stage.activationBytes),
  };
  return formatTable<typeof sum>(
    [...rows, sum],
    [
      { title: 'stage', cell: (row) => row.name },
      { title: 'output', cell: (row) => row.out },
      { title: 'parameters', cell: (row) => formatCount(row.parameters), align: 'right' },
      { title: 'MACs', cell: (row) => formatCount(row.macs), align: 'right' },
      { title: 'activations', cell: (row) => formatBytes(row.activationBytes), align: 'right' },
      { title: 'sees', cell: (row) => row.sees, align: 'right' },
      { title: 'made of', cell: (row) => row.made },
    ],
  );
}

function formatField({ frames, bands }: ReceptiveField, frontEnd: FrontEndConfig | undefined): string {
  if (!frontEnd) return `${frames} × ${bands}`;
  const { windowSamples, hopSamples, sampleRateHz } = frontEnd;
  const ms = (1000 * (windowSamples + (frames - 1) * hopSamples)) / sampleRateHz;
  return `${Math.round(ms)} ms × ${bands}`;
}

/** "3 conv2d, 2 batchNorm" */
export function formatOps(ops: Readonly<Record<string, number>>): string {
  return Object.entries(ops)
    .map(([op, count]) => (count > 1 ? `${count} ${op}` : op))
    .join(', ');
}
