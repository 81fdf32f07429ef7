/**
 * Checkpoints: the state of a training run in one safetensors file, with what the run must find again to go on: network,
 * labels, recipe, seed, data, kernels. A run that goes on from one gives the bytes it would have given without a stop.
 */
import { ConfigError, ModelFileError } from '../errors.js';
import { parseBoundedJson } from '../formats/bounded-json.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../formats/safetensors.js';
import type { Tensors } from '../graph/graph.js';
import { canonicalJson } from './digest.js';
import { differenceOf } from './identity.js';
import type { EpochRecord, Score, TrainingState, Weights } from './training-state.js';

const FORMAT = 'hearken-checkpoint';
const VERSION = 1;

/** What fixes the bytes of a training run, each as a JSON value that is equal if it is the same. */
export interface TrainingIdentity {
  /** Digest of the graph, starting weights included where they were given. */
  readonly network: string;
  readonly recipe: unknown;
  readonly seed: number;
  /** Digest of labels, front end and clips. */
  readonly data: string;
  /** Name of the engine and of its kernels. */
  readonly kernels: string;
}

/** Where checkpoints go; each replaces the one before. */
export interface CheckpointSink {
  write(bytes: Uint8Array): Promise<void>;
}

interface Progress {
  readonly epoch: number;
  readonly batch: number;
  readonly step: number;
  readonly optimizerStep: number;
  readonly best: { readonly epoch: number; readonly score: Score } | null;
  readonly history: EpochRecord[];
  readonly running: TrainingState['running'];
}

/** Bytes of a checkpoint; equal states give equal bytes. */
export function encodeCheckpoint(state: TrainingState, identity: TrainingIdentity): Uint8Array {
  const tensors: Record<string, StoredTensor> = {};
  for (const [name, data] of Object.entries(tensorsOf(state))) {
    tensors[name] = { dtype: 'F32', shape: [data.length], data };
  }
  const { epoch, batch, step, history, running, best } = state;
  const progress: Progress = {
    epoch,
    batch,
    step,
    optimizerStep: state.optimizer.step,
    best: best && { epoch: best.epoch, score: best.score },
    history,
    running,
  };
  return encodeSafetensors(tensors, {
    format: FORMAT,
    version: String(VERSION),
    identity: canonicalJson(identity),
    progress: canonicalJson(progress),
  });
}

export interface RestoreOptions {
  /** The run that wants to go on. */
  readonly identity: TrainingIdentity;
  /** A fresh state of that run; it is filled in. */
  readonly state: TrainingState;
  /** What may have changed since the checkpoint; the bytes then differ from those of an uninterrupted run. */
  readonly allowChanged?: readonly (keyof TrainingIdentity)[];
  /** Stands in errors. */
  readonly name?: string;
}

/**
 * Fills a fresh training state from a checkpoint's bytes.
 * @throws ConfigError if the checkpoint belongs to another run, naming what differs.
 * @throws ModelFileError if the bytes are damaged or hold other tensors than the state.
 */
export function restoreCheckpoint(bytes: Uint8Array, options: RestoreOptions): void {
  const { name = 'checkpoint', state } = options;
  const { tensors, metadata } = decodeSafetensors(bytes, name);
  if (metadata.format !== FORMAT || metadata.version !== String(VERSION)) {
    const found = `${metadata.format ?? 'no format'} ${metadata.version ?? ''}`.trim();
    throw damaged(name, 'checkpoint-version', `${FORMAT} ${VERSION}`, found);
  }
  checkIdentity(readJson<TrainingIdentity>(metadata.identity, name), options);
  const progress = readProgress(metadata.progress, name);
  if (progress.best) {
    const weights = emptyLike(state.weights);
    state.best = { ...progress.best, weights };
  }
  fillTensors(tensorsOf(state), tensors, name);
  const { epoch, batch, step, running } = progress;
  Object.assign(state, { epoch, batch, step, running });
  state.optimizer.step = progress.optimizerStep;
  state.history.push(...progress.history);
}

/** Every array of a state under a name of its own. */
function tensorsOf({ weights, ema, best, optimizer }: TrainingState): Tensors {
  const groups: [string, Tensors | undefined][] = [
    ['parameters', weights.parameters],
    ['statistics', weights.statistics],
    ['ema-parameters', ema?.parameters],
    ['ema-statistics', ema?.statistics],
    ['best-parameters', best?.weights.parameters],
    ['best-statistics', best?.weights.statistics],
    ...Object.entries(optimizer.slots).map(([slot, of]): [string, Tensors] => [`optimizer-${slot}`, of]),
  ];
  const result: Tensors = {};
  for (const [group, tensors] of groups) {
    for (const [name, values] of Object.entries(tensors ?? {})) result[`${group}/${name}`] = values;
  }
  return result;
}

function emptyLike({ parameters, statistics }: Weights): Weights {
  const empty = (tensors: Tensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, { length }]) => [name, new Float32Array(length)]));
  return { parameters: empty(parameters), statistics: empty(statistics) };
}

function fillTensors(wanted: Tensors, found: Record<string, StoredTensor>, file: string): void {
  const extra = Object.keys(found).find((name) => !Object.hasOwn(wanted, name));
  if (extra !== undefined) throw damaged(file, 'checkpoint-tensor', 'tensors of this run only', extra);
  for (const [name, values] of Object.entries(wanted)) {
    const data = found[name]?.data;
    if (!(data instanceof Float32Array) || data.length !== values.length) {
      const what = data ? `${found[name].dtype} of ${data.length}` : 'none';
      throw damaged(file, 'checkpoint-tensor', `${values.length} F32 numbers in ${name}`, what);
    }
    values.set(data);
  }
}

function checkIdentity(found: TrainingIdentity, options: RestoreOptions): void {
  const { identity, allowChanged = [], name = 'checkpoint' } = options;
  for (const key of Object.keys(identity) as (keyof TrainingIdentity)[]) {
    if (allowChanged.includes(key) || canonicalJson(identity[key]) === canonicalJson(found[key])) continue;
    throw new ConfigError(
      'checkpoint-differs',
      `Cannot resume from ${name}: ${differenceOf(key, found, identity)}`,
      { value: key },
    );
  }
}

function readProgress(text: string | undefined, file: string): Progress {
  const progress = readJson<Progress>(text, file);
  const counts = [progress.epoch, progress.batch, progress.step, progress.optimizerStep];
  const whole = counts.every((count) => Number.isSafeInteger(count) && count >= 0);
  if (whole && Array.isArray(progress.history) && typeof progress.running === 'object') return progress;
  throw damaged(
    file,
    'checkpoint-progress',
    'counts of epochs, batches and steps',
    String(text).slice(0, 60),
  );
}

function readJson<T extends object>(text: string | undefined, file: string): T {
  const value = parseBoundedJson(text ?? 'null', `metadata of ${file}`);
  if (typeof value === 'object' && value !== null) return value as T;
  throw damaged(file, 'checkpoint-progress', 'an object in its metadata', String(text).slice(0, 60));
}

function damaged(file: string, code: string, wanted: string, found: string): ModelFileError {
  return new ModelFileError(code, `Cannot resume from ${file}: expected ${wanted}, got ${found}`, {
    value: found,
  });
}
