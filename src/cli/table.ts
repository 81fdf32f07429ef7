/** Columns of text for people. */

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

/** 1234567 → "1,234,567". */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Three figures and a letter: 141_150_000 → "141 M", 2_856_000_000 → "2.86 G". */
export function formatShort(count: number): string {
  for (const [size, letter] of [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ] as const) {
    if (count >= size) {
      const scaled = count / size;
      return `${scaled.toFixed(scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2)}${letter}`;
    }
  }
  return String(count);
}

/** 0.9139 → "91.39 %". */
export function formatPercent(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}
