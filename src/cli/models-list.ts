/** The networks as tables to choose by. */
import { CONDITIONS, type Measurement, meanAccuracy } from '../models/measured.js';
import type { ModelRow } from '../models/models.js';
import { type TrainedCosts, trainedCosts } from './models-trained.js';
import { type Column, formatCount, formatPercent, formatShort, formatTable } from './table.js';

/** A network for speech, at what `train` makes of it. */
interface SpeechRow
  extends Omit<ModelRow, 'parameters' | 'macs' | 'input'>,
    Pick<TrainedCosts, 'parameters' | 'input'> {
  /** The least and the most that one clip takes. */
  readonly macs: readonly [number, number];
}

const SIZES = [
  ['tiny', 'up to 60 k parameters'],
  ['small', 'up to 300 k'],
  ['base', 'up to 1.1 M'],
  [null, 'without a size'],
] as const;

const SPEECH_COLUMNS: readonly Column<SpeechRow>[] = [
  { title: 'name', cell: (row) => row.name },
  { title: 'family', cell: (row) => row.family },
  { title: 'parameters', cell: (row) => formatCount(row.parameters), align: 'right' },
  { title: 'MACs', cell: (row) => formatRange(row.macs), align: 'right' },
  { title: 'saves', cell: formatSaving, align: 'right' },
  { title: 'streams', cell: (row) => (row.streamable ? 'could' : '') },
  { title: 'English', cell: (row) => formatMeasurement(row.measured?.english), align: 'right' },
  { title: 'Arabic', cell: (row) => formatMeasurement(row.measured?.arabic), align: 'right' },
  { title: 'alike', cell: (row) => formatMeasurement(row.measured?.alike), align: 'right' },
];

const IMAGE_COLUMNS: readonly Column<ModelRow>[] = [
  { title: 'name', cell: (row) => row.name },
  { title: 'family', cell: (row) => row.family },
  { title: 'input', cell: (row) => row.input.join('×') },
  { title: 'labels', cell: (row) => formatCount(row.labels), align: 'right' },
  { title: 'parameters', cell: (row) => formatCount(row.parameters), align: 'right' },
  {
    title: 'MACs',
    cell: (row) => formatRange(range(row.routing?.macs ?? row.macs, row.routing?.predictorMacs)),
    align: 'right',
  },
  { title: 'saves', cell: formatSaving, align: 'right' },
];

/** Networks for speech by size, each size the cheapest first, then those for images as their papers have them. */
export function formatList(rows: readonly ModelRow[]): string {
  const speech = rows.filter(({ domain }) => domain === 'speech').map(speechRow);
  const images = rows.filter(({ domain }) => domain === 'image');
  if (rows.length === 0) return 'No network is like that.';
  return [
    ...(speech.length > 0
      ? [
          'For words, counted as `train` builds them: one second of sound is a map of 98 × 40, answers are 12 labels',
        ]
      : []),
    ...SIZES.flatMap(([size, budget]) =>
      section(
        `${size ?? 'others'}, ${budget}, the fewest MACs first:`,
        speech.filter((row) => row.size === size),
      ),
    ),
    ...(speech.length > 0 ? [speechLegend(speech)] : []),
    ...(images.length > 0 ? ['For images, as published', formatTable(images, IMAGE_COLUMNS)] : []),
    'MACs: of one clip; of a network that chooses, at its smallest and largest resolution, with those of choosing\n' +
      '      (--json: `macs` without them, `predictorMacs`).\n' +
      'saves: the MACs of its plain twin divided by its own.\n' +
      '`hearken models NAME` tells more of one of them, `hearken models NAME --layers` draws it stage by stage.',
  ].join('\n\n');
}

function section(title: string, rows: readonly SpeechRow[]): string[] {
  const ordered = [...rows].sort((a, b) => a.macs[1] - b.macs[1]);
  return rows.length > 0 ? [`${title}\n${formatTable(ordered, SPEECH_COLUMNS)}`] : [];
}

/** The count that the list has of a network. */
export function listedParameters(row: ModelRow): number {
  return row.domain === 'speech' ? speechRow(row).parameters : row.parameters;
}

function speechRow(row: ModelRow): SpeechRow {
  // Every network for speech can be built at one second; the row itself stands for one that could not.
  const { parameters, macs, predictorMacs, input } = trainedCosts(row) ?? { ...row, predictorMacs: 0 };
  return { ...row, parameters, input, macs: range(macs, predictorMacs) };
}

function range(macs: number | readonly number[], predictorMacs = 0): [number, number] {
  const ways = [macs].flat().map((way) => way + predictorMacs);
  return [Math.min(...ways), Math.max(...ways)];
}

/** "7.54 M", or "8.77–29.1 M" */
function formatRange([least, most]: readonly [number, number]): string {
  const [low, high] = [formatShort(least), formatShort(most)];
  if (low === high) return high;
  return low.at(-1) === high.at(-1) ? `${low.slice(0, -2)}–${high}` : `${low} – ${high}`;
}

function formatSaving({ saving }: Pick<ModelRow, 'saving'>): string {
  return saving === null ? '' : `${saving.toFixed(2)}×`;
}

/** "91.9 % ×3": the mean of three seeds. */
function formatMeasurement(measurement: Measurement | undefined): string {
  if (!measurement) return '';
  const seeds = measurement.accuracies.length;
  return `${formatPercent(meanAccuracy(measurement))} ×${seeds}`;
}

function formatConditions({ set, split, clips }: Omit<Measurement, 'accuracies'>): string {
  return `${set}, ${formatCount(clips)} ${split} clips`;
}

function speechLegend(rows: readonly SpeechRow[]): string {
  const deltas = rows.filter(({ input }) => input[2] > 1).map(({ name }) => name);
  return [
    ...(deltas.length > 0 ? [`With deltas, 98 × 40 × 3: ${deltas.join(', ')}.`] : []),
    ...SPEECH_LEGEND,
  ].join('\n');
}

const SPEECH_LEGEND = [
  'Accuracy where measured, ×3: the mean of three seeds.',
  `English: ${formatConditions(CONDITIONS.english)}.`,
  `Arabic: ${formatConditions(CONDITIONS.arabic)}, which also chose the epoch.`,
  `alike: ${formatConditions(CONDITIONS.alike)},`,
  '       after one short training alike for all; to compare networks by (docs/models.md).',
  'streams: could answer frame by frame along a stream; no command does so yet, all hear clips (README, Limits).',
];
