/** Runs the trials of a study that are still missing and keeps each result as soon as it is there. */

import { appendFile, readFile, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolders } from '../formats/files/make-folders.js';
import { writeFault } from '../formats/files/write-file-atomic.js';
import { isHalfResult, parseResults } from './parse-results.js';
import { missingTrials, type Trial, type TrialResult } from './trials.js';

export interface SweepOptions {
  /** A JSONL file; results that it has are not computed again. */
  readonly results: string;
  /** Trials that run at a time. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly runTrial: (trial: Trial) => Promise<TrialResult>;
  readonly onStart?: (missing: number, all: number) => void;
  readonly onResult?: (result: TrialResult) => void;
}

/**
 * All results of the file, those of `trials` among them. Results are appended one line each; what is stopped or fails goes on
 * where it was when called again.
 * @throws DataSetError if the file holds something else; HearkenError `file-write` if it is a folder; what `runTrial` throws, after the trials under way have ended.
 */
export async function runSweep(trials: readonly Trial[], options: SweepOptions): Promise<TrialResult[]> {
  const { results: file, jobs, signal, runTrial, onStart, onResult } = options;
  const results = await openResults(file);
  const waiting = missingTrials(trials, results);
  onStart?.(waiting.length, trials.length);
  await makeFolders(dirname(file));
  const failures: unknown[] = [];
  const lane = async () => {
    for (let trial = waiting.shift(); trial && failures.length === 0; trial = waiting.shift()) {
      try {
        signal.throwIfAborted();
        const result = await runTrial(trial);
        await appendFile(file, `${JSON.stringify(result)}\n`);
        results.push(result);
        onResult?.(result);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  if (failures.length > 0) throw failures[0];
  return results;
}

/**
 * What the file holds, none if it is not there. A last line without its newline gets it, or is cut off where it is half a result, so
 * that the next one stands by itself; a file that is none of results is left as it is.
 */
async function openResults(file: string): Promise<TrialResult[]> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw code === 'EISDIR' ? writeFault(file, error) : error;
  }
  const results = parseResults(bytes.toString('utf8'), file);
  const end = bytes.lastIndexOf('\n') + 1;
  const last = bytes.subarray(end).toString('utf8');
  if (isHalfResult(last)) await truncate(file, end);
  else if (last !== '') await appendFile(file, '\n');
  return results;
}
