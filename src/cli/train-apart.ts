/** One training of a sweep: `hearken train` in a process of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { HearkenError } from '../errors.js';
import type { Trial, TrialResult } from '../experiments/trials.js';
import { makeFolders } from '../formats/files/make-folders.js';
import { digestOf } from '../train/digest.js';
import type { RecipeName } from '../train/recipe.js';
import { fileExists } from './claim-output.js';
import type { KernelChoice } from './options.js';

export interface Apart {
  /** The recordings. */
  readonly dir: string;
  /** Where model and checkpoints go; made if it is not there. */
  readonly work: string;
  readonly flags: {
    readonly labels?: readonly string[];
    readonly recipe?: RecipeName;
    readonly kernels: KernelChoice;
  };
  readonly signal: AbortSignal;
}

/**
 * Trains, going on from what an earlier training of the trial left. Once the signal aborts, it saves its state and ends.
 * @throws HearkenError `trial-failed` with the last words of the process; the signal's reason.
 */
export async function trainApart(trial: Trial, { dir, work, flags, signal }: Apart): Promise<TrialResult> {
  await makeFolders(work);
  const out = join(work, `${fileNameOf(trial)}.safetensors`);
  const isBegun = await fileExists(join(`${out}.checkpoint`, 'last.safetensors'));
  const argv = ['train', dir, '--out', out, '--model', trial.model, '--seed', `${trial.seed}`];
  argv.push('--threads', '1', '--kernels', flags.kernels, '--no-report', '--json');
  if (trial.epochs !== undefined) argv.push('--epochs', `${trial.epochs}`);
  if (flags.recipe !== undefined) argv.push('--recipe', flags.recipe);
  if (flags.labels) argv.push('--labels', flags.labels.join(','));
  if (isBegun) argv.push('--resume');
  return resultOf(trial, await hearkenApart(argv, signal));
}

/** A name for each trial, of the words by a digest: they may be many, and any text. */
function fileNameOf({ data, model, seed, recipe, epochs, only }: Trial): string {
  const words = only === undefined ? '' : `-only-${digestOf(only)}`;
  return `${data}-${model}-s${seed}-${recipe}-e${epochs ?? 'default'}${words}`;
}

interface TrainJson extends Omit<TrialResult, 'data' | 'only' | 'labels'> {
  readonly labels: readonly string[];
  readonly routing?: { readonly meanMacs: number };
}

function resultOf({ data, only }: Trial, trained: TrainJson): TrialResult {
  const { model, seed, parameters, routing, recipe, epochs, labels, validation } = trained;
  // Of a network that chooses its resolution: what the validation clips took on average.
  const macs = routing?.meanMacs ?? trained.macs;
  const asked = { data, ...(only !== undefined && { only }) };
  return { ...asked, model, seed, parameters, macs, recipe, epochs, labels: labels.length, validation };
}

/** The JSON value of a `hearken` command run by this very program. */
async function hearkenApart(argv: readonly string[], signal: AbortSignal): Promise<TrainJson> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [process.argv[1], ...argv], { stdio: ['ignore', 'pipe', 'pipe'] });
  // A terminal's Ctrl-C has reached the child too, and a second SIGINT would stop it at once; SIGTERM, however often, only
  // asks it to save its state and end.
  const stop = () => child.kill('SIGTERM');
  signal.addEventListener('abort', stop);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-2000);
  });
  const code = await new Promise<number | null>((done, fail) => child.on('close', done).on('error', fail));
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (code === 0) return JSON.parse(stdout) as TrainJson;
  const last = stderr.trim().split('\n').at(-1) ?? '';
  throw new HearkenError(
    'trial-failed',
    `Cannot finish \`hearken ${argv.join(' ')}\`: expected exit 0, got ${code} (${last})`,
  );
}
