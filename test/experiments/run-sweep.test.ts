import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
    appendFileSync(results, '{"model":"c","see');
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

  it('starts nothing once the signal has aborted', async () => {
    const runTrial = async (): Promise<TrialResult> => expect.fail('started');
    const aborted = AbortSignal.abort(new Error('stopped'));
    await expect(runSweep(trials, { results, jobs: 2, signal: aborted, runTrial })).rejects.toThrow(
      'stopped',
    );
  });
});
