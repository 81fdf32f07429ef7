/** One network in a few lines. */
import { type Measurement, meanAccuracy } from '../models/measured.js';
import type { ModelRow } from '../models/models.js';
import { differs, type TrainedCosts } from './models-trained.js';
import { formatCount, formatPercent } from './table.js';

/** What its row says, what `train` makes of it where that is something else, what it reached. */
export function formatCard(row: ModelRow, trained: TrainedCosts | null): string {
  return [
    `${row.name} (${row.family}${row.size ? `, ${row.size}` : ''})`,
    `input       ${row.input.join(' × ')} (time × frequency × maps)`,
    `labels      ${row.labels}`,
    `parameters  ${formatCount(row.parameters)}`,
    ...formatMacs(row),
    formatTrained(row, trained),
    ...(row.twin ? [`twin        ${row.twin}${formatSaving(row)}`] : []),
    `streams     ${row.streamable ? 'could, frame by frame; no command does so yet' : 'long recordings by a sliding window'}`,
    ...formatMeasured(row),
    `source      ${row.source}`,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function formatMacs({ macs, routing }: ModelRow): string[] {
  if (!routing) return [`MACs        ${formatCount(macs)}`];
  return [
    ...routing.resolutions.map(
      (size, i) => `MACs        ${formatCount(routing.macs[i])} at ${size.join(' × ')}`,
    ),
    `            ${formatCount(routing.predictorMacs)} to choose one`,
  ];
}

function formatTrained(row: ModelRow, trained: TrainedCosts | null): string {
  if (!trained) return 'in train    not on one second of sound: its map is too small';
  if (!differs(row, trained)) return '';
  const { input, labels, parameters, macs } = trained;
  const costs = `${formatCount(parameters)} parameters, ${[macs].flat().map(formatCount).join(' or ')} MACs`;
  return `in train    one second is ${input.join(' × ')}: ${costs} with ${labels} labels`;
}

function formatSaving({ twin, saving }: ModelRow): string {
  if (!saving) return '';
  return saving >= 1
    ? `: MACs ${saving.toFixed(2)}× fewer than ${twin}`
    : `: MACs ${(1 / saving).toFixed(2)}× those of ${twin}`;
}

function formatMeasured({ measured }: ModelRow): string[] {
  return Object.values(measured ?? {}).map(
    (measurement, i) => `${i === 0 ? 'measured' : ''}`.padEnd(12) + formatMeasurement(measurement),
  );
}

/** "94.2 % (94.5, 93.9, 94.0): Speech Commands, …, 1,119 test clips, default recipe" */
function formatMeasurement(measurement: Measurement): string {
  const { accuracies, set, split, clips, recipe } = measurement;
  const seeds = accuracies.map((accuracy) => (100 * accuracy).toFixed(1)).join(', ');
  const each = accuracies.length > 1 ? ` (${seeds})` : '';
  const mean = formatPercent(meanAccuracy(measurement));
  return `${mean}${each}: ${set}, ${formatCount(clips)} ${split} clips, ${recipe} recipe`;
}
