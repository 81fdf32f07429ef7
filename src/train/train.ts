/** From recordings and the name of a network to a model. */

import { sameFrontEnd } from '../audio/check-front-end.js';
import { type FrontEndConfig, featureShape } from '../audio/front-end.js';
import { SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import type { Engine } from '../engine/engine.js';
import { ConfigError } from '../errors.js';
import type { Model } from '../formats/model.js';
import { requireFloat } from '../formats/require-float.js';
import type { Graph } from '../graph/graph.js';
import { addParity } from './add-parity.js';
import { type Calibration, logitBias } from './calibrate.js';
import type { ClipStore } from './clip-store.js';
import { describeData } from './data-digest.js';
import type { DataSet } from './data-set.js';
import { createBatchSource } from './features/batch-source.js';
import { createEvaluationSource } from './features/evaluation-source.js';
import { startFrontEnd } from './features/make-batches.js';
import {
  type BuiltNetwork,
  buildNetwork,
  frontEndFor,
  type OwnNetwork,
  usualRecipe,
} from './network-to-train.js';
import type { Recipe } from './recipe.js';
import { Trainer } from './trainer.js';
import type { TrainerOptions, TrainingOutcome } from './trainer-options.js';
import type { Teacher } from './training-network.js';
import { initializeFrom, startPredictor } from './transfer.js';

export interface TrainModelOptions
  extends Pick<
    TrainerOptions,
    'checkpoints' | 'resume' | 'allowChanged' | 'signal' | 'onStart' | 'onStep' | 'onEpoch' | 'threads'
  > {
  readonly dataSet: DataSet;
  /** Holds every training and validation clip and noise file of the data set. */
  readonly store: ClipStore;
  /** A name of the registry, or what builds a network of one's own; the model goes by its name. */
  readonly model: string | OwnNetwork;
  readonly engine: Engine;
  /** Default: the recipe of the network's family; without a family, that of most, with routing where the network chooses. */
  readonly recipe?: Recipe;
  /** Default 1. */
  readonly seed?: number;
  /** Default: that of `init`, else what the named network's input asks for, else 40 log-mel bands. */
  readonly frontEnd?: FrontEndConfig;
  /** What computes features. Default `wasm`. */
  readonly frontEndImplementation?: 'wasm' | 'meyda';
  /** Workers that vary clips and compute features; 0: on the calling thread. Default 1. */
  readonly featureThreads?: number;
  /** Where feature workers load their source from (`hearken/kernels/feature-worker.js`), for pages that forbid `blob:`. */
  readonly featureWorkerUrl?: URL;
  /** A trained model to start from; with `freeze: 'features'` only its new head learns. */
  readonly init?: { readonly model: Model; readonly freeze?: 'features' | 'none' };
  /** Of a DRNet whose predictor says words: a model of that network, trained on the same labels, that the predictor starts from. */
  readonly predictor?: Model;
  /** A trained model of the same labels whose answers are learned too. */
  readonly teacher?: Model;
  readonly licence?: string;
}

export interface TrainedModel extends Omit<TrainingOutcome, 'weights'> {
  readonly model: Model;
}

/** What options leave open, decided. */
interface Plan extends BuiltNetwork {
  readonly recipe: Recipe;
  readonly seed: number;
  readonly frontEnd: FrontEndConfig;
  readonly implementation: 'wasm' | 'meyda';
}

/**
 * Trains a network on the training clips of a data set, watches it on the validation clips, never reads the test clips.
 * The model's bytes depend on data, network, recipe, seed, front end and the engine's kernels alone. A network of one's own is a
 * function or `{ name, build }` that builds a graph for labels and input, such as one of `buildDrNet` or a `GraphBuilder`.
 *
 * @throws ConfigError for an unknown network, one of one's own whose ends do not fit the labels or the map, a recipe out of range,
 * an `init`, `predictor` or `teacher` that does not fit.
 * @throws EngineError if training diverges; the signal's reason when it aborts, after a checkpoint.
 * @example
 * const { dataSet, store } = await loadDataSet(await openDataSet('recordings'));
 * const engine = await createEngine('wasm');
 * const { model } = await trainModel({ dataSet, store, model: 'ghostnet-tiny', engine });
 * await writeModelFile('words.safetensors', model);
 * // A network without a name in the registry:
 * const chooses = (options) => buildDrNet('ghostnet-54k', { predictorInput: 'candidates' }, options);
 * await trainModel({ dataSet, store, model: chooses, engine });
 */
export async function trainModel(options: TrainModelOptions): Promise<TrainedModel> {
  const plan = planOf(options);
  const sources = await openSources(options, plan);
  try {
    const trainer = await Trainer.create(trainerOptions(options, plan, sources));
    try {
      const { weights, ...outcome } = await trainer.run();
      const model: Model = {
        name: plan.name,
        graph: plan.graph,
        labels: options.dataSet.labels,
        frontEnd: plan.frontEnd,
        clipMs: options.dataSet.clipMs,
        ...weights,
        training: trainingRecord(options, plan, outcome),
        ...(options.dataSet.attribution && { attribution: options.dataSet.attribution }),
        ...(options.licence !== undefined && { licence: options.licence }),
      };
      const frontEnd = await startFrontEnd(plan.frontEnd, plan.implementation);
      return { model: await addParity(model, options.engine, frontEnd), ...outcome };
    } finally {
      trainer.dispose();
    }
  } finally {
    sources.batches.dispose();
    sources.validation.dispose();
  }
}

function planOf(options: TrainModelOptions): Plan {
  const { model, dataSet, init } = options;
  const frontEnd = options.frontEnd ?? init?.model.frontEnd ?? frontEndFor(model);
  const input = featureShape(frontEnd, (dataSet.clipMs * SAMPLE_RATE_HZ) / 1000);
  const network = buildNetwork(model, { labels: dataSet.labels.length, input });
  return {
    ...network,
    recipe: options.recipe ?? usualRecipe(model, network.graph, dataSet),
    seed: options.seed ?? 1,
    frontEnd,
    implementation: options.frontEndImplementation ?? 'wasm',
  };
}

type Sources = Required<Pick<TrainerOptions, 'batches' | 'validation'>>;

async function openSources({ dataSet, store, ...options }: TrainModelOptions, plan: Plan): Promise<Sources> {
  const { frontEnd, implementation: frontEndImplementation, recipe, seed } = plan;
  const { batchSize, augment, labelSmoothing, classWeights, unknownWeight } = recipe;
  const threads = options.featureThreads ?? 1;
  const shared = { store, frontEnd, frontEndImplementation };
  const validation = await createEvaluationSource({ ...shared, clips: dataSet.validation });
  const variation = { augment, labelSmoothing, classWeights, unknownWeight };
  const size = { batchSize, threads, workerUrl: options.featureWorkerUrl };
  const batches = await createBatchSource({ ...shared, ...variation, ...size, dataSet, seed });
  return { batches, validation };
}

function trainerOptions(options: TrainModelOptions, plan: Plan, sources: Sources): TrainerOptions {
  const { dataSet, store, engine, init, predictor, threads, signal, teacher } = options;
  const { graph, recipe, seed, frontEnd } = plan;
  const { labels } = dataSet;
  const shared = { graph, labels, frontEnd, seed };
  const transfer = init && initializeFrom({ ...init, ...shared });
  const start = transfer?.weights;
  return {
    ...sources,
    graph,
    engine,
    recipe,
    seed,
    threads,
    signal,
    data: { ...describeData(dataSet, store, frontEnd), implementation: plan.implementation },
    start: predictor ? startPredictor(start, { model: predictor, ...shared }) : start,
    trained: transfer?.trained,
    teacher: teacher && teacherFrom(teacher, labels, frontEnd),
    calibration: calibrationOf(dataSet, graph, recipe),
    checkpoints: options.checkpoints,
    resume: options.resume,
    allowChanged: options.allowChanged,
    onStart: options.onStart,
    onStep: options.onStep,
    onEpoch: options.onEpoch,
  };
}

function calibrationOf({ unknownLabel }: DataSet, graph: Graph, recipe: Recipe): Calibration | undefined {
  const bias = logitBias(graph);
  if (!recipe.calibrateUnknown || unknownLabel === undefined || !bias) return undefined;
  return { label: unknownLabel, bias };
}

function teacherFrom(model: Model, labels: readonly string[], frontEnd: FrontEndConfig): Teacher {
  requireFloat(model, `learn from teacher ${model.name}`);
  const { graph, parameters, statistics } = model;
  const sameLabels = labels.join('\n') === model.labels.join('\n');
  if (sameLabels && sameFrontEnd(model.frontEnd, frontEnd)) return { graph, parameters, statistics };
  const [wanted, found] = sameLabels
    ? ['the front end of the training', 'another']
    : [`labels ${labels.join(', ')}`, model.labels.join(', ')];
  throw new ConfigError(
    'teacher',
    `Cannot learn from teacher ${model.name}: expected ${wanted}, got ${found}`,
  );
}

/** What the model file says about its training: nothing of time, place or machine. */
function trainingRecord(
  { dataSet, engine, init, predictor, teacher }: TrainModelOptions,
  { recipe, seed, implementation }: Plan,
  { epoch, history, validation, offset, stoppedEarly }: Omit<TrainingOutcome, 'weights' | 'predictions'>,
): Record<string, unknown> {
  return {
    recipe,
    seed,
    engine: `${engine.name} ${engine.kernels}`,
    frontEndImplementation: implementation,
    clips: { train: dataSet.train.length, validation: dataSet.validation.length },
    ...(init && { init: { model: init.model.name, freeze: init.freeze ?? 'none' } }),
    ...(predictor && { predictor: predictor.name }),
    ...(teacher && { teacher: teacher.name }),
    epochs: history.length,
    epoch,
    stoppedEarly,
    ...(validation && { validation }),
    ...(offset !== 0 && { unknownOffset: offset }),
  };
}
