/** Makes everything ready that a training run needs. */
import { availableParallelism } from 'node:os';
import { featureShape } from '../audio/front-end.js';
import { createEngine } from '../engine/create-engine.js';
import type { Engine } from '../engine/engine.js';
import { clipSamples } from '../formats/model.js';
import type { Graph } from '../graph/graph.js';
import { buildModel } from '../models/models.js';
import type { BatchSource, EvaluationSource } from '../train/batches.js';
import type { ClipStore } from '../train/clip-store.js';
import type { DataSet } from '../train/data-set.js';
import { createBatchSource } from '../train/features/batch-source.js';
import { createEvaluationSource } from '../train/features/evaluation-source.js';
import { loadDataSet } from '../train/files/load-clips.js';
import { openDataSet } from '../train/files/open-data-set.js';
import type { Recipe } from '../train/recipe.js';
import { type Io, note } from './io.js';
import { createProgress } from './progress.js';
import { formatCount } from './table.js';
import { recipeFromOptions, type TrainOptions } from './train-options.js';
import { prepareStart, type Start } from './training-start.js';

export interface TrainingJob {
  readonly dir: string;
  readonly options: TrainOptions;
  readonly io: Io;
  /** Where checkpoints go. */
  readonly checkpoint: string;
  /** A checkpoint's bytes to go on from. */
  readonly resume?: Uint8Array;
}

/** Everything a run needs, made ready; `dispose` frees it. */
export interface PreparedTraining {
  readonly start: Start;
  readonly recipe: Recipe;
  readonly dataSet: DataSet;
  readonly store: ClipStore;
  readonly graph: Graph;
  readonly engine: Engine;
  readonly batches: BatchSource;
  readonly validation: EvaluationSource;
  readonly threads: number;
  readonly frontEnd: 'wasm' | 'meyda';
  dispose(): void;
}

/**
 * Reads models and recordings and starts engine and workers.
 * @throws DataSetError, ConfigError, ModelFileError or EngineError saying what does not fit; the signal's reason.
 */
export async function prepareTraining(job: TrainingJob): Promise<PreparedTraining> {
  const { options, io } = job;
  const { signal } = io;
  const start = await prepareStart(options, signal);
  const { dataSet, store } = await loadRecordings(job, start);
  const { labels, clipMs } = dataSet;
  const input = featureShape(start.frontEnd, clipSamples({ clipMs }));
  const graph = buildModel(start.name, { labels: labels.length, input });
  const recipe = recipeFromOptions(start.name, options);
  const threads = options.threads ?? availableParallelism();
  const frontEnd = options.frontEnd ?? (options.engine === 'tensorflow' ? 'meyda' : 'wasm');
  const features = { store, frontEnd: start.frontEnd, frontEndImplementation: frontEnd };
  const engine = await createEngine(options.engine, { kernels: options.kernels });
  const batches = await createBatchSource({
    ...features,
    dataSet,
    batchSize: recipe.batchSize,
    seed: options.seed,
    augment: recipe.augment,
    labelSmoothing: recipe.labelSmoothing,
    classWeights: recipe.classWeights,
    // Features are far cheaper than the network: a worker for every four threads keeps up.
    threads: Math.ceil(threads / 4),
  });
  const validation = await createEvaluationSource({ ...features, clips: dataSet.validation });
  const dispose = () => {
    batches.dispose();
    validation.dispose();
    engine.dispose();
  };
  return { start, recipe, dataSet, store, graph, engine, batches, validation, threads, frontEnd, dispose };
}

async function loadRecordings(
  { dir, options, io }: TrainingJob,
  start: Start,
): Promise<{ dataSet: DataSet; store: ClipStore }> {
  const { signal } = io;
  const maxSkippedShare = options.maxUnreadableShare;
  const opened = await openDataSet(dir, {
    labels: options.labels,
    clipMs: start.clipMs,
    maxSkippedShare,
    signal,
  });
  const total = opened.train.length + opened.validation.length + opened.noiseFiles.length;
  const progress = createProgress(io, { label: 'reading', total, unit: 'recordings' });
  try {
    const loaded = await loadDataSet(opened, {
      signal,
      maxSkippedShare,
      name: dir,
      onProgress: ({ done }) => progress.update(done),
    });
    const { train, validation, labels, skipped } = loaded.dataSet;
    progress.finish();
    note(
      io,
      `${labels.length} labels (${labels.join(', ')}): ${formatCount(train.length)} clips to train, ` +
        `${formatCount(validation.length)} to validate, ${formatCount(skipped.length)} left out`,
    );
    return loaded;
  } catch (error) {
    progress.finish();
    throw error;
  }
}
