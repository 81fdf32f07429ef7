import { describe, expect, it } from 'vitest';
import { formatCount, formatPercent, formatShort, formatTable } from '../../src/cli/table.js';

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

describe('number formats', () => {
  it('groups thousands, shortens and gives percents', () => {
    expect(formatCount(26694568)).toBe('26,694,568');
    expect([999, 9232, 141_150_000, 2_856_000_000].map(formatShort)).toEqual([
      '999',
      '9.23 k',
      '141 M',
      '2.86 G',
    ]);
    expect(formatPercent(0.91388)).toBe('91.39 %');
  });
});
