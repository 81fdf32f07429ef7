import { describe, expect, it } from 'vitest';
import { formatLeftOut, formatTable } from '../../src/cli/table.js';

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

describe('formatLeftOut', () => {
  it('speaks of one file and of several', () => {
    expect([1, 1234].map(formatLeftOut)).toEqual(['1 file left out', '1,234 files left out']);
  });
});
