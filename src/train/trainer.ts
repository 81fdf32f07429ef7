/** The training loop: steps, epochs, validation, checkpoints, and the finished weights at its end. */
import type { InferenceProgram } from '../engine/engine.js';
import { compileNetwork, isRouted } from '../engine/routed-program.js';
import { ConfigError, EngineError, throwIfAborted } from '../errors.js';
import type { Tensors } from '../graph/graph.js';
import { choosingParameters, type Routes, routesOf } from '../graph/routes.js';
import { hashKey } from '../numerics/random.js';
import { applyStep, checkFinite, type StepSettings } from './apply-step.js';
import type { Batch } from './batches.js';
import { applyOffset, fitOffset } from './calibrate.js';
import { checkRecipe } from './check-recipe.js';
import { encodeCheckpoint, restoreCheckpoint, type TrainingIdentity } from './checkpoint.js';
import { isDivergence } from './divergence.js';
import { type Evaluation, evaluateSplit } from './evaluate.js';
import { identityOf } from './identity.js';
import { decayedParameters, resetOptimizer } from './optimizer.js';
import { RoutedNetwork } from './routing/routed-network.js';
import type { RoutingRecipe } from './routing/routing-recipe.js';
import { type Stage, stageAt } from './routing/stages.js';
import { learningRateAt } from './schedule.js';
import { countCorrect } from './scores.js';
import { addMoments, createMomentSums, statisticsFrom } from './statistics.js';
import type { TrainerOptions, TrainingOutcome } from './trainer-options.js';
import { type LearningNetwork, type NetworkStep, TrainingNetwork } from './training-network.js';
import {
  copyWeights,
  createTrainingState,
  type EpochRecord,
  isBetter,
  isFinished,
  type Score,
  type TrainingState,
  type Weights,
} from './training-state.js';

/** Clips that a validation pass runs together. */
const VALIDATION_BATCH = 64;

/** Keys that keep the noise of training steps and of statistics passes apart. */
const STEP_STREAM = 1;
const STATISTICS_STREAM = 2;

export class Trainer {
  /** What the run remembers; read it, do not write. */
  readonly state: TrainingState;
  readonly #options: TrainerOptions;
  readonly #identity: TrainingIdentity;
  readonly #network: LearningNetwork;
  readonly #validator: InferenceProgram;
  readonly #trained: readonly string[];
  readonly #decayed: ReadonlySet<string>;
  /** Of the joint stage. */
  readonly #rates: ReadonlyMap<string, number> | undefined;

  private constructor(
    options: TrainerOptions,
    state: TrainingState,
    programs: { network: LearningNetwork; validator: InferenceProgram; routes?: Routes },
  ) {
    this.state = state;
    this.#options = options;
    this.#identity = identityOf(options);
    this.#network = programs.network;
    this.#validator = programs.validator;
    this.#trained = Object.keys(state.optimizer.slots[Object.keys(state.optimizer.slots)[0]]);
    this.#decayed = decayedParameters(options.recipe.optimizer, options.graph);
    const { routing } = options.recipe;
    const choosing = new Set(programs.routes && choosingParameters(programs.routes));
    const rateOf = (name: string, { predictorRate, classifierRate }: RoutingRecipe) =>
      choosing.has(name) ? predictorRate : classifierRate;
    this.#rates = routing && new Map(this.#trained.map((name) => [name, rateOf(name, routing)]));
  }

  /**
   * A trainer ready to run, at its start or where a checkpoint left off.
   * @throws ConfigError if the recipe is out of range, or the checkpoint belongs to another run.
   */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const { graph, engine, recipe, seed, start, resume } = options;
    checkRecipe(recipe);
    const trained = options.trained ?? Object.keys(graph.parameters);
    const state = createTrainingState({ graph, recipe, seed, trained, ...(start && { weights: start }) });
    const { allowChanged } = options;
    if (resume) restoreCheckpoint(resume, { identity: identityOf(options), state, allowChanged });
    const { weights } = state;
    const parts = { ...options, trained, weights };
    const routes = routesOf(graph);
    checkRouting(options, routes);
    const network = await (routes ? RoutedNetwork.compile(parts, routes) : TrainingNetwork.compile(parts));
    try {
      const validator = await compileNetwork(engine, graph, { maxBatch: VALIDATION_BATCH });
      return new Trainer(options, state, { network, validator, ...(routes && { routes }) });
    } catch (error) {
      network.dispose();
      throw error;
    }
  }

  /**
   * Trains to the end. When the signal aborts, a checkpoint is written first, in the middle of an epoch too.
   * @throws EngineError if loss or gradients are no longer finite; the last checkpoint stays as it is.
   */
  async run(): Promise<TrainingOutcome> {
    const { signal, recipe, batches, onStart } = this.#options;
    const { batchesPerEpoch, clipsPerEpoch } = batches;
    const { epoch: epochsDone, batch: batchesDone } = this.state;
    onStart?.({ epochsDone, batchesDone, epochs: recipe.epochs, batchesPerEpoch, clipsPerEpoch });
    try {
      while (!isFinished(this.state, recipe)) await this.#runEpoch();
      return await this.#finish();
    } catch (error) {
      if (signal?.aborted && !(error instanceof EngineError)) await this.#save();
      throw error;
    }
  }

  dispose(): void {
    this.#network.dispose();
    this.#validator.dispose();
  }

  async #runEpoch(): Promise<void> {
    const { batches, signal } = this.#options;
    const { state } = this;
    await this.#beginEpoch();
    let learningRate = this.#learningRate(Math.max(state.step - 1, 0));
    if (state.batch < batches.batchesPerEpoch) {
      for await (const batch of batches.epoch(state.epoch, state.batch)) {
        throwIfAborted(signal);
        learningRate = this.#learningRate(state.step);
        await this.#runStep(batch, learningRate);
        throwIfAborted(signal);
      }
    }
    const validation = await this.#validate(state.ema ?? state.weights);
    const record = this.#closeEpoch(learningRate, validation?.score);
    await this.#save();
    await this.#options.onEpoch?.(record);
  }

  /** A later stage of training starts from the weights of the one before it, and from nothing else. */
  async #beginEpoch(): Promise<void> {
    const { state } = this;
    const { firstEpoch, kind } = this.#stage();
    if (firstEpoch > 0 && firstEpoch === state.epoch && state.batch === 0) {
      resetOptimizer(state.optimizer);
      state.best = null;
    }
    await this.#network.beginEpoch(state.epoch);
    // Before it has learned to choose, a network is as good as its largest branch.
    if (isRouted(this.#validator))
      this.#validator.routeBy(kind === 'joint' ? { kind: 'predicted' } : { kind: 'fixed', route: 0 });
  }

  #stage(): Stage {
    return stageAt(this.#options.recipe, this.state.epoch);
  }

  async #runStep(batch: Batch, learningRate: number): Promise<void> {
    const { state } = this;
    const { recipe, batches, seed } = this.#options;
    const { count } = batch;
    const key = hashKey(seed, STEP_STREAM, state.epoch, state.batch);
    const result = await this.#network.step(batch, key);
    const correct = countCorrect(result.logits, batch.targets, count);
    const share = count / Math.min(recipe.batchSize, batches.clipsPerEpoch);
    const stage = this.#stage();
    const settings: StepSettings = {
      ...{ recipe, learningRate, share, trained: this.#trained, decayed: this.#decayed },
      firstStep: stage.firstEpoch * batches.batchesPerEpoch,
      ...(stage.kind === 'joint' && { rates: this.#rates }),
    };
    const gradientNorm = await this.#apply(result, settings, () =>
      this.#network.placeOfDivergence(batch, key, result),
    );
    this.#network.assign(state.weights.parameters);
    const { running } = state;
    running.lossSum += result.loss * count;
    running.clips += count;
    running.correct += correct;
    if (result.routes) running.routes = result.routes.map((clips, i) => clips + (running.routes?.[i] ?? 0));
    this.#options.onStep?.({
      epoch: state.epoch + 1,
      epochs: recipe.epochs,
      batch: state.batch,
      batchesPerEpoch: batches.batchesPerEpoch,
      step: state.step,
      count,
      loss: result.loss,
      accuracy: running.correct / running.clips,
      learningRate,
      gradientNorm,
    });
  }

  /** @throws EngineError, the state untouched, naming the layer if loss or gradients are not finite. */
  async #apply(
    result: NetworkStep,
    settings: StepSettings,
    place: () => Promise<string | undefined>,
  ): Promise<number> {
    try {
      return applyStep(this.state, result, settings);
    } catch (error) {
      throw isDivergence(error) ? error.in(await place()) : error;
    }
  }

  #learningRate(step: number): number {
    const { recipe, batches } = this.#options;
    const { firstEpoch, epochs } = this.#stage();
    const stepsPerEpoch = batches.batchesPerEpoch;
    const stepOfStage = Math.max(step - firstEpoch * stepsPerEpoch, 0);
    return learningRateAt(recipe.schedule, stepOfStage, { stepsPerEpoch, epochs });
  }

  /** Everything changes here without a pause, so that no checkpoint can see half an epoch's end. */
  #closeEpoch(learningRate: number, validation: Score | undefined): EpochRecord {
    const { state } = this;
    const { lossSum, clips, correct, routes } = state.running;
    const training = {
      ...{ loss: lossSum / clips, accuracy: correct / clips, clips, correct },
      ...(routes && { routes }),
    };
    const score = validation ?? training;
    state.epoch++;
    state.batch = 0;
    state.running = { lossSum: 0, clips: 0, correct: 0 };
    // Without validation clips the last epoch is the best known.
    const best = !validation || isBetter(score, state.best?.score);
    if (best) state.best = { epoch: state.epoch, score, weights: copyWeights(state.ema ?? state.weights) };
    const record = { epoch: state.epoch, training, ...(validation && { validation }), learningRate, best };
    state.history.push(record);
    return record;
  }

  /** As the weights will answer once they are calibrated. */
  async #validate(weights: Weights): Promise<(Evaluation & { offset: number }) | undefined> {
    const { validation: source, graph, signal } = this.#options;
    if (!source || source.clips === 0) return undefined;
    this.#validator.assign({ ...weights.parameters, ...weights.statistics });
    const program = this.#validator;
    const settings = { graph, program, maxBatch: VALIDATION_BATCH, source, signal };
    const evaluation = await evaluateSplit(settings);
    checkFinite('validation loss', evaluation.score.loss, this.state);
    const { calibration } = this.#options;
    if (!calibration) return { ...evaluation, offset: 0 };
    const offset = fitOffset(evaluation.predictions, calibration.label);
    return { ...applyOffset(evaluation, calibration.label, offset), offset };
  }

  async #save(): Promise<void> {
    await this.#options.checkpoints?.write(encodeCheckpoint(this.state, this.#identity));
  }

  async #finish(): Promise<TrainingOutcome> {
    const { state } = this;
    const { recipe } = this.#options;
    const best = recipe.keep === 'best' ? state.best : null;
    const weights = copyWeights(best?.weights ?? state.ema ?? state.weights);
    Object.assign(weights.statistics, await this.#freshStatistics(weights));
    const validation = await this.#validate(weights);
    const { calibration } = this.#options;
    const offset = validation?.offset ?? 0;
    if (calibration) weights.parameters[calibration.bias][calibration.label] += offset;
    return {
      weights,
      offset,
      history: state.history,
      epoch: best?.epoch ?? state.epoch,
      ...(validation && { validation: validation.score }),
      predictions: validation?.predictions ?? [],
      stoppedEarly: state.epoch < recipe.epochs,
    };
  }

  /** BatchNorm's moments of finished weights, over batches of an epoch that was never trained on. */
  async #freshStatistics({ parameters }: Weights): Promise<Tensors> {
    const { recipe, batches, seed, signal } = this.#options;
    const { tail } = this.#network;
    const wanted = Math.min(recipe.statisticsBatches, batches.batchesPerEpoch);
    const total = createMomentSums();
    if (wanted === 0 || Object.keys(tail.statistics).length === 0) return {};
    this.#network.assign(parameters);
    let done = 0;
    for await (const batch of batches.epoch(recipe.epochs)) {
      throwIfAborted(signal);
      const { moments } = await this.#network.step(batch, hashKey(seed, STATISTICS_STREAM, done), false);
      addMoments(total, tail, moments, batch.count);
      if (++done === wanted) break;
    }
    return statisticsFrom(total, tail);
  }
}

/** @throws ConfigError if the recipe is for networks that choose and this one does not. */
function checkRouting({ graph, recipe }: TrainerOptions, routes: Routes | undefined): void {
  if (routes || !recipe.routing) return;
  throw new ConfigError(
    'recipe',
    `Cannot train with recipe: expected no routing for ${graph.name}, which does not choose its resolution, got one`,
    { value: 'routing' },
  );
}
