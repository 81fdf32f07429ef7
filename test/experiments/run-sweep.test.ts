import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runSweep } from '../../src/experiments/run-sweep.js';
import { planTrials, type Trial, type TrialResult } from '../../src/experiments/trials.js';

let folder: string;
let results: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hearken-sweep-'));
  results = join(folder, 'deep', 'results.jsonl');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const trials = planTrials('en', { models: ['a', 'b', 'c'], seeds: [1, 2] });
const resultOf = (trial: Trial): TrialResult => ({
  ...trial,
  parameters: 1,
  macs: 2,
  recipe: 'adamw',
  epochs: 3,
  labels: 4,
  validation: { accuracy: trial.seed / 10, loss: 1, clips: 5 },
});
const { signal } = new AbortController();
const lines = () =>
  readFileSync(results, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as TrialResult);

describe('runSweep', () => {
  it('runs every trial once and appends each result', async () => {
    const all = await runSweep(trials, {
      results,
      jobs: 2,
      signal,
      runTrial: async (trial) => resultOf(trial),
    });
    expect(all).toEqual(expect.arrayContaining(trials.map(resultOf)));
    expect(lines()).toHaveLength(trials.length);
  });

  it('goes on where a failed run stopped, and has all results in the end', async () => {
    const ran: string[] = [];
    const runTrial = (fails: string) => async (trial: Trial) => {
      const name = `${trial.model}${trial.seed}`;
      if (name === fails) throw new Error(`no ${name}`);
      ran.push(name);
      return resultOf(trial);
    };
    await expect(runSweep(trials, { results, jobs: 1, signal, runTrial: runTrial('c1') })).rejects.toThrow(
      'no c1',
    );
    expect(ran).toEqual(['a1', 'b1']);
    // The machine went down in the middle of a line.
    appendFileSync(results, '{"data":"en","mod');
    await runSweep(trials, { results, jobs: 1, signal, runTrial: runTrial('') });
    expect(ran).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
    expect(lines()).toEqual(trials.map(resultOf));
  });

  it('keeps what other jobs finish after one failed', async () => {
    const runTrial = async (trial: Trial) => {
      if (trial.model === 'a') throw new Error('no a');
      await new Promise((done) => setImmediate(done));
      return resultOf(trial);
    };
    await expect(runSweep(trials, { results, jobs: 2, signal, runTrial })).rejects.toThrow('no a');
    expect(lines().map(({ model }) => model)).toEqual(['b']);
  });

  it('counts a last line without its newline, and gives it one', async () => {
    mkdirSync(dirname(results));
    writeFileSync(results, JSON.stringify(resultOf(trials[0])));
    const ran: Trial[] = [];
    const runTrial = async (trial: Trial) => {
      ran.push(trial);
      return resultOf(trial);
    };
    await runSweep(trials, { results, jobs: 1, signal, runTrial });
    expect(ran).toEqual(trials.slice(1));
    expect(lines()).toEqual(trials.map(resultOf));
  });

  it.each(['{"some":"json"}', 'a note', '{"some":"json"}\n'])(
    'leaves a file of %j as it is',
    async (text) => {
      mkdirSync(dirname(results));
      writeFileSync(results, text);
      const runTrial = async (): Promise<TrialResult> => expect.fail('started');
      await expect(runSweep(trials, { results, jobs: 1, signal, runTrial })).rejects.toThrow(
        `Cannot read ${results}: expected a trial's result in line 1, got `,
      );
      expect(readFileSync(results, 'utf8')).toBe(text);
    },
  );

  it('refuses a folder before anything is made', async () => {
    const runTrial = async (): Promise<TrialResult> => expect.fail('started');
    await expect(runSweep(trials, { results: folder, jobs: 1, signal, runTrial })).rejects.toThrow(
      expect.objectContaining({
        code: 'file-write',
        message: expect.stringContaining(`Cannot write ${folder}`),
      }),
    );
    expect(existsSync(dirname(results))).toBe(false);
  });

  it('starts nothing once the signal has aborted', async () => {
    const runTrial = async (): Promise<TrialResult> => expect.fail('started');
    const aborted = AbortSignal.abort(new Error('stopped'));
    await expect(runSweep(trials, { results, jobs: 2, signal: aborted, runTrial })).rejects.toThrow(
      'stopped',
    );
  });
});
