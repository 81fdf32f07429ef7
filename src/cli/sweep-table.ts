/** How the results of a sweep are shown: columns for a terminal, and a Markdown page. */
import type { Summary } from '../experiments/trials.js';
import {
  type Column,
  formatCount,
  formatMarkdownTable,
  formatPercent,
  formatShort,
  formatTable,
} from './table.js';

/** Which words were asked for; no column where no row was a choice of words. */
export function wordsColumn<Row extends { readonly only?: string }>(rows: readonly Row[]): Column<Row>[] {
  if (rows.every(({ only }) => only === undefined)) return [];
  return [{ title: 'words', cell: ({ only }) => only ?? 'all' }];
}

const DATA: Column<Summary> = { title: 'data', cell: (row) => row.data };

const COSTS: readonly Column<Summary>[] = [
  { title: 'network', cell: (row) => row.model },
  { title: 'parameters', cell: (row) => formatCount(row.parameters), align: 'right' },
  { title: 'MACs', cell: (row) => formatShort(row.macs), align: 'right' },
];

const TRAINING: readonly Column<Summary>[] = [
  { title: 'recipe', cell: (row) => row.recipe },
  { title: 'epochs', cell: (row) => `${row.epochs}`, align: 'right' },
  { title: 'seeds', cell: (row) => `${row.seeds.length}`, align: 'right' },
  { title: 'validation', cell: (row) => formatPercent(row.meanAccuracy), align: 'right' },
  {
    title: '±',
    cell: (row) => (row.deviation === undefined ? '' : formatPercent(row.deviation)),
    align: 'right',
  },
  { title: 'loss', cell: (row) => row.meanLoss.toFixed(3), align: 'right' },
];

export function formatSummaries(rows: readonly Summary[]): string {
  return formatTable(rows, [DATA, ...wordsColumn(rows), ...COSTS, ...TRAINING]);
}

export interface MarkdownPage {
  readonly rows: readonly Summary[];
  /** Milliseconds of one clip, by network. */
  readonly clipMs: Readonly<Record<string, number>>;
  /** The command that made the results. */
  readonly command: string;
  /** Where the times were taken. */
  readonly machine: string;
}

/** The results as a page that says how they were made. */
export function summariesPage({ rows, clipMs, command, machine }: MarkdownPage): string {
  const time: Column<Summary> = {
    title: 'µs a clip',
    cell: ({ model }) => formatCount(Math.round(1000 * clipMs[model])),
    align: 'right',
  };
  return [
    '# Networks compared',
    `\`${command}\``,
    `Share of the validation clips that are answered rightly, ± the deviation between seeds, and the loss there; µs for the network alone on one clip, one thread, ${machine}.`,
    formatMarkdownTable(rows, [DATA, ...wordsColumn(rows), ...COSTS, time, ...TRAINING]),
  ]
    .join('\n\n')
    .concat('\n');
}
