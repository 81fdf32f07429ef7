/** One training run from folder to finished model, with its progress shown. */
import { availableParallelism } from 'node:os';
import { createEngine } from '../engine/create-engine.js';
import { EngineError } from '../errors.js';
import { readModelFile } from '../formats/files/read-model-file.js';
import { requireFloat } from '../formats/require-float.js';
import { modelEntry } from '../models/models.js';
import type { CheckpointSink } from '../train/checkpoint.js';
import type { ClipStore } from '../train/clip-store.js';
import type { DataSet } from '../train/data-set.js';
import { loadDataSet } from '../train/files/load-clips.js';
import { openDataSet } from '../train/files/open-data-set.js';
import type { Recipe } from '../train/recipe.js';
import { type TrainedModel, trainModel } from '../train/train.js';
import { type Io, note } from './io.js';
import { createProgress } from './progress.js';
import { formatCount } from './table.js';
import { DEFAULT_MODEL, recipeFromOptions, type TrainOptions } from './train-options.js';
import { watchTraining } from './watch-training.js';

export interface TrainingJob {
  readonly dir: string;
  readonly options: TrainOptions;
  readonly io: Io;
  readonly checkpoints: CheckpointSink;
  /** A checkpoint's bytes to go on from. */
  readonly resume?: Uint8Array;
}

export interface FinishedTraining extends TrainedModel {
  readonly dataSet: DataSet;
  readonly store: ClipStore;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Of the training loop in this process; validation passes included. */
  readonly seconds: number;
  readonly clipsTrained: number;
  readonly engine: string;
  readonly threads: number;
  readonly frontEnd: 'wasm' | 'meyda';
}

/**
 * Trains and validates; writes nothing but checkpoints. When the signal aborts, the state is saved first.
 * @throws DataSetError, ConfigError, ModelFileError or EngineError saying what does not fit; the signal's reason.
 */
export async function runTraining(job: TrainingJob): Promise<FinishedTraining> {
  const { options, io, checkpoints, resume } = job;
  const { seed } = options;
  const { signal } = io;
  const read = async (file: string | undefined) =>
    file === undefined ? undefined : await readModelFile(file, signal);
  const init = await read(options.init);
  const predictor = await read(options.predictor);
  const teacher = await read(options.teacher);
  if (teacher) requireFloat(teacher, `learn from ${options.teacher}`);
  const name = options.model ?? init?.name ?? DEFAULT_MODEL;
  // An unknown name must not show only after all recordings have been read.
  modelEntry(name);
  const { dataSet, store } = await loadRecordings(job, options.clipMs ?? init?.clipMs);
  const engine = await createEngine(options.engine, { kernels: options.kernels });
  const recipe = recipeFromOptions(name, options, dataSet);
  const threads = options.threads ?? availableParallelism();
  const frontEnd = options.frontEnd ?? (options.engine === 'tensorflow' ? 'meyda' : 'wasm');
  const watch = watchTraining(io);
  try {
    const trained = await trainModel({
      dataSet,
      store,
      model: name,
      engine,
      recipe,
      seed,
      threads,
      frontEndImplementation: frontEnd,
      // Features are far cheaper than the network: a worker for every four threads keeps up.
      featureThreads: Math.ceil(threads / 4),
      init: init && { model: init, freeze: options.freeze },
      predictor,
      teacher,
      licence: options.licence,
      checkpoints,
      resume,
      allowChanged: options.allowOtherKernels ? ['kernels'] : [],
      signal,
      ...watch.listeners,
    });
    const engineText = `${engine.name}, ${engine.kernels} kernels`;
    const about = { dataSet, store, recipe, seed, threads, frontEnd, engine: engineText };
    return { ...trained, ...about, seconds: watch.seconds(), clipsTrained: watch.clipsTrained() };
  } catch (error) {
    throw isOutOfMemory(error) ? memoryFault(error, recipe.batchSize, dataSet.clipMs) : error;
  } finally {
    watch.end();
    engine.dispose();
  }
}

/** What JavaScript throws where the system gives no memory for an array, or an array would be longer than any may be. */
function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof RangeError && /allocation failed|(typed array|array buffer) length/i.test(error.message)
  );
}

function memoryFault(cause: unknown, batch: number, clipMs: number): EngineError {
  return new EngineError(
    'memory-refused',
    `Cannot train on batches of ${batch} clips of ${clipMs} ms: expected memory for them, got none from the system; a smaller --batch takes less`,
    { value: batch, cause },
  );
}

/** All recordings but those of the test split train. */
function withoutValidation(dataSet: DataSet): DataSet {
  return { ...dataSet, train: [...dataSet.train, ...dataSet.validation], validation: [] };
}

async function loadRecordings(
  { dir, options, io }: TrainingJob,
  clipMs: number | undefined,
): Promise<{ dataSet: DataSet; store: ClipStore }> {
  const { signal } = io;
  const { labels, attribution, maxUnreadableShare: maxSkippedShare } = options;
  const opened = await openDataSet(dir, { labels, clipMs, maxSkippedShare, attribution, signal });
  const total = opened.train.length + opened.validation.length + opened.noiseFiles.length;
  const progress = createProgress(io, { label: 'reading', total, unit: 'recordings' });
  const onProgress = ({ done }: { done: number }) => progress.update(done);
  const loaded = await loadDataSet(opened, { signal, maxSkippedShare, name: dir, onProgress }).finally(() =>
    progress.finish(),
  );
  const dataSet = options.validation ? loaded.dataSet : withoutValidation(loaded.dataSet);
  const { train, validation, skipped } = dataSet;
  note(
    io,
    `${opened.labels.length} labels (${opened.labels.join(', ')}): ${formatCount(train.length)} clips to train, ` +
      `${formatCount(validation.length)} to validate, ${formatCount(skipped.length)} left out`,
  );
  return { ...loaded, dataSet };
}
