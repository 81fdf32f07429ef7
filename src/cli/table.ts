/** Columns of text for people. */
import { formatCount } from '../train/report/numbers.js';

export { formatBytes, formatCount, formatPercent, formatShort } from '../train/report/numbers.js';

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Numbers stand at the right. Default left. */
  readonly align?: 'left' | 'right';
}

/** Lines with aligned columns, two spaces between them, the titles first; no trailing spaces, no final line end. */
export function formatTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, column) => Math.max(...cells.map((line) => [...line[column]].length)));
  const pad = (text: string, column: number) => {
    const gap = ' '.repeat(widths[column] - [...text].length);
    return columns[column].align === 'right' ? gap + text : text + gap;
  };
  return cells.map((line) => line.map(pad).join('  ').trimEnd()).join('\n');
}

/** A table in Markdown; bars in cells are escaped. */
export function formatMarkdownTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    `|${columns.map(({ align }) => (align === 'right' ? '---:' : '---')).join('|')}|`,
    ...rows.map((row) => line(columns.map(({ cell }) => cell(row)))),
  ].join('\n');
}

/** "1 file left out", "2 files left out" */
export function formatLeftOut(files: number): string {
  return `${formatCount(files)} ${files === 1 ? 'file' : 'files'} left out`;
}
