/** One training run from folder to finished model, put together from the rooms below. */
import { writeFileAtomic } from '../formats/files/write-file-atomic.js';
import type { Model } from '../formats/model.js';
import { withParity } from '../stream/parity.js';
import type { ClipStore } from '../train/clip-store.js';
import type { Clip, DataSet } from '../train/data-set.js';
import { predict } from '../train/evaluate.js';
import { type Metrics, metricsOf, type Prediction } from '../train/metrics.js';
import type { Recipe } from '../train/recipe.js';
import { Trainer } from '../train/trainer.js';
import type { TrainingOutcome } from '../train/trainer-options.js';
import type { Weights } from '../train/training-state.js';
import { initializeFrom } from '../train/transfer.js';
import { type PreparedTraining, prepareTraining, type TrainingJob } from './prepare-training.js';
import { shortPath } from './report-parts.js';
import type { TrainOptions } from './train-options.js';
import { trainedModel } from './trained-model.js';
import { watchTraining } from './watch-training.js';

export interface FinishedTraining {
  readonly model: Model;
  readonly recipe: Recipe;
  readonly recipeSeed: number;
  readonly outcome: TrainingOutcome;
  readonly dataSet: DataSet;
  readonly store: ClipStore;
  /** Of the validation clips, in the order of the data set. */
  readonly predictions: readonly Prediction[];
  readonly metrics: Metrics;
  /** Of the training loop in this process; validation passes included. */
  readonly seconds: number;
  readonly clipsTrained: number;
  readonly engine: string;
  readonly threads: number;
  readonly frontEnd: 'wasm' | 'meyda';
}

/**
 * Trains and validates; writes nothing but checkpoints. When the signal aborts the state is saved first.
 * @throws DataSetError, ConfigError, ModelFileError or EngineError saying what does not fit; the signal's reason.
 */
export async function runTraining(job: TrainingJob): Promise<FinishedTraining> {
  const prepared = await prepareTraining(job);
  try {
    const startedMs = job.io.nowMs();
    const { outcome, clipsTrained } = await learn(job, prepared);
    const seconds = (job.io.nowMs() - startedMs) / 1000;
    const { dataSet, store, recipe, engine, threads, frontEnd } = prepared;
    const predictions = await predictValidation(prepared, outcome.weights, job.io.signal);
    const metrics = metricsOf(dataSet.labels, predictions);
    const model = await withParity(trainedModel(job.options, prepared, outcome), { engine });
    return {
      model,
      recipe,
      recipeSeed: job.options.seed,
      outcome,
      dataSet,
      store,
      predictions,
      metrics,
      seconds,
      clipsTrained,
      engine: `${engine.name}, ${engine.kernels} kernels`,
      threads,
      frontEnd,
    };
  } finally {
    prepared.dispose();
  }
}

async function learn(
  job: TrainingJob,
  prepared: PreparedTraining,
): Promise<{ outcome: TrainingOutcome; clipsTrained: number }> {
  const { options, io, checkpoint, resume } = job;
  const { graph, engine, batches, validation, recipe, threads, start } = prepared;
  const watch = watchTraining(io, recipe, batches.clipsPerEpoch);
  const trainer = await Trainer.create({
    graph,
    engine,
    batches,
    validation,
    recipe,
    threads,
    seed: options.seed,
    data: identityOf(job.dir, prepared),
    ...startingWeights(options, prepared),
    teacher: start.teacher,
    checkpoints: { write: (bytes) => writeFileAtomic(checkpoint, bytes) },
    resume,
    allowChanged: options.allowOtherKernels ? ['kernels'] : [],
    signal: io.signal,
    onStep: watch.onStep,
    onEpoch: watch.onEpoch,
  });
  try {
    watch.begin(trainer.state.epoch, trainer.state.batch);
    const outcome = await trainer.run();
    return { outcome, clipsTrained: watch.clipsTrained() };
  } finally {
    watch.end();
    trainer.dispose();
  }
}

function startingWeights(
  options: TrainOptions,
  { start, graph, dataSet }: PreparedTraining,
): { start?: Weights; trained?: readonly string[] } {
  if (!start.init) return {};
  const { weights, trained } = initializeFrom({
    model: start.init,
    graph,
    labels: dataSet.labels,
    frontEnd: start.frontEnd,
    seed: options.seed,
    freeze: options.freeze,
  });
  return { start: weights, trained };
}

/** What fixes the result beside network, recipe and seed: a checkpoint of other recordings is refused. */
function identityOf(dir: string, { dataSet, start, frontEnd }: PreparedTraining): unknown {
  const name = (file: string) => shortPath(dir, file);
  const clips = (list: readonly Clip[]) => list.map(({ file, label }) => [name(file), label]);
  const { labels, clipMs, train, validation, noiseFiles } = dataSet;
  return {
    labels,
    clipMs,
    frontEnd: [start.frontEnd, frontEnd],
    train: clips(train),
    validation: clips(validation),
    noise: noiseFiles.map(name),
  };
}

async function predictValidation(
  { graph, engine, validation, dataSet }: PreparedTraining,
  weights: Weights,
  signal: AbortSignal,
): Promise<Prediction[]> {
  const maxBatch = 64;
  const program = await engine.compileInference(graph, { maxBatch });
  try {
    program.assign({ ...weights.parameters, ...weights.statistics });
    const predictions = await predict({ graph, program, maxBatch, source: validation, signal });
    return predictions.map((prediction, i) => ({ ...prediction, file: dataSet.validation[i].file }));
  } finally {
    program.dispose();
  }
}
