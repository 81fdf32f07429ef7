import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hearken } from './fake-io.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-compare-'));
  // Differences of 1, 2, 3 and 2 points: mean 2, deviation 0.8165, so ± 3.182 × 0.8165 / 2 = 1.30.
  writeResults('en', [0.91, 0.92], [0.9, 0.9]);
  writeResults('ar', [0.83, 0.82], [0.8, 0.8]);
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeResults(data: string, ghost: number[], rival: number[]): void {
  const lineOf = (model: string) => (accuracy: number, seed: number) =>
    JSON.stringify({
      ...{ data, model, seed, parameters: 1, macs: 1, recipe: 'short', epochs: 60, labels: 12 },
      validation: { accuracy, loss: 0.3, clips: 100 },
    });
  const lines = [...ghost.map(lineOf('ghostnet-27k')), ...rival.map(lineOf('bc-resnet-2'))];
  writeFileSync(join(folder, `${data}.jsonl`), `${lines.join('\n')}\n`);
}

const files = () => [join(folder, 'en.jsonl'), join(folder, 'ar.jsonl')];

describe('hearken compare', () => {
  it('pairs the trials of several files', async () => {
    const { code, stdout } = await hearken('compare', ...files(), '--pair', 'ghostnet-27k:bc-resnet-2');
    expect(code).toBe(0);
    expect(stdout).toContain('+2.00 points, 95 % interval +0.70 to +3.30: above');
    expect(stdout).toMatch(/^ar +1 +short +60 +82\.0 % +80\.0 % +\+2\.00$/m);
  });

  it('prints one JSON value', async () => {
    const { stdout } = await hearken('compare', ...files(), '--pair', 'bc-resnet-2:ghostnet-27k', '--json');
    const [{ verdict, pairs, mean }] = JSON.parse(stdout);
    expect([verdict, pairs.length]).toEqual(['below', 4]);
    expect(mean).toBeCloseTo(-0.02, 10);
  });

  it.each([
    { pair: 'ghostnet-27k', code: 2, message: 'Expected two networks' },
    { pair: 'ghostnet-27k:ghostnet-27k', code: 2, message: 'Expected two networks' },
    { pair: 'ghostnet-27k:none', code: 2, message: 'none' },
    { pair: 'ghostnet-27k:bc-resnet-3', code: 1, message: 'expected at least 2 trials of each' },
  ])('refuses $pair', async ({ pair, code, message }) => {
    const ran = await hearken('compare', ...files(), '--pair', pair);
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain(message);
  });

  it('reads a last line that lacks its newline', async () => {
    const text = readFileSync(join(folder, 'en.jsonl'), 'utf8');
    const cut = join(folder, 'cut.jsonl');
    writeFileSync(cut, text.trimEnd());
    const { stdout } = await hearken('compare', cut, '--pair', 'ghostnet-27k:bc-resnet-2', '--json');
    expect(JSON.parse(stdout)[0].pairs).toHaveLength(2);
  });

  it('refuses two files that disagree on a trial, and takes one twice', async () => {
    const pair = ['--pair', 'ghostnet-27k:bc-resnet-2'];
    const [en] = files();
    expect((await hearken('compare', en, en, ...pair)).code).toBe(0);
    const other = join(folder, 'other.jsonl');
    const [line] = readFileSync(en, 'utf8').split('\n');
    writeFileSync(other, line.replace('0.91', '0.5'));
    const ran = await hearken('compare', en, other, ...pair);
    expect([ran.code, ran.stderr]).toEqual([
      1,
      'error: Cannot read results: expected one accuracy of ghostnet-27k, seed 0, on en, got 0.91 and 0.5\n',
    ]);
  });

  it('names a file that is not there', async () => {
    const missing = join(folder, 'none.jsonl');
    const ran = await hearken('compare', missing, '--pair', 'ghostnet-27k:bc-resnet-2');
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(`Cannot read ${missing}: expected a file`);
  });
});
