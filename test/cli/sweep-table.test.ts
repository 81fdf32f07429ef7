import { describe, expect, it } from 'vitest';
import { formatSummaries, summariesPage } from '../../src/cli/sweep-table.js';

const row = { data: 'en', parameters: 9232, macs: 2_400_000, recipe: 'adamw', epochs: 60, meanLoss: 0.4 };
const rows = [
  { ...row, model: 'b', seeds: [1, 2], meanAccuracy: 0.925, deviation: 0.0125 },
  { ...row, model: 'a', seeds: [1], meanAccuracy: 0.9 },
];

describe('formatSummaries', () => {
  it('shows a line a network, without a deviation where there is one seed', () => {
    const [titles, ...lines] = formatSummaries(rows).split('\n');
    expect(titles.split(/ {2,}/)).toHaveLength(10);
    expect(lines.map((line) => line.split(/ {2,}/).slice(-4))).toEqual([
      ['2', '92.5 %', '1.3 %', '0.400'],
      expect.arrayContaining(['1', '90.0 %', '0.400']),
    ]);
  });
});

describe('formatSummaries of a choice of words', () => {
  it('tells the words of each row', () => {
    const [titles, ...lines] = formatSummaries([{ ...rows[0], only: 'yes,no' }, rows[1]]).split('\n');
    expect(titles).toMatch(/^data {2,}words {2,}network /);
    expect(lines.map((line) => line.split(/ {2,}/)[1])).toEqual(['yes,no', 'all']);
  });
});

describe('summariesPage', () => {
  it('says by which command and where, and gives the time of each network', () => {
    const page = summariesPage({
      rows,
      clipMs: { a: 0.1234, b: 1.5 },
      command: 'hearken sweep en',
      machine: 'Node 24',
    });
    expect(page).toContain('`hearken sweep en`');
    expect(page).toContain('one thread, Node 24.');
    expect(page).toContain('| en | b | 9,232 | 2.40 M | 1,500 | adamw | 60 | 2 | 92.5 % | 1.3 % | 0.400 |');
    expect(page).toContain('| en | a | 9,232 | 2.40 M | 123 | adamw | 60 | 1 | 90.0 % |  | 0.400 |');
  });
});
