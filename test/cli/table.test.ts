import { describe, expect, it } from 'vitest';
import { formatLeftOut, formatMarkdownTable, formatTable } from '../../src/cli/table.js';

describe('formatTable', () => {
  it('aligns columns by their widest cell and leaves no trailing spaces', () => {
    const rows = [
      { name: 'yes', clips: 7 },
      { name: 'нет', clips: 1200 },
    ];
    expect(
      formatTable(rows, [
        { title: 'clips', cell: (row) => String(row.clips), align: 'right' },
        { title: 'label', cell: (row) => row.name },
      ]),
    ).toBe('clips  label\n    7  yes\n 1200  нет');
  });
});

describe('formatMarkdownTable', () => {
  it('aligns numbers and escapes bars', () => {
    const columns = [
      { title: 'label', cell: (row: { name: string }) => row.name },
      { title: 'size', cell: () => '1', align: 'right' as const },
    ];
    expect(formatMarkdownTable([{ name: 'a|b' }], columns)).toBe(
      '| label | size |\n|---|---:|\n| a\\|b | 1 |',
    );
  });
});

describe('formatLeftOut', () => {
  it('speaks of one file and of several', () => {
    expect([1, 1234].map(formatLeftOut)).toEqual(['1 file left out', '1,234 files left out']);
  });
});
