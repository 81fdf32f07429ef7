/** All that a training run remembers between two steps, in one plain value: a checkpoint holds it and nothing else. */
import type { Graph, Tensors } from '../graph/graph.js';
import { initializeParameters, initializeStatistics } from '../graph/initialize.js';
import { copyTensors } from './ema.js';
import { createOptimizerState, type OptimizerState } from './optimizer.js';
import type { Recipe } from './recipe.js';
import { stageAt } from './routing/stages.js';

export interface Weights {
  readonly parameters: Tensors;
  readonly statistics: Tensors;
}

export interface Score {
  readonly loss: number;
  /** A part of 1. */
  readonly accuracy: number;
  readonly clips: number;
  readonly correct: number;
  /** Of a network that chooses its resolution: clips by route. */
  readonly routes?: readonly number[];
}

export interface EpochRecord {
  /** Counted from 1. */
  readonly epoch: number;
  /** Of the training batches as augmented, smoothed and mixed, while the weights moved. */
  readonly training: Score;
  /** Of the weights that would be kept; absent without validation clips. */
  readonly validation?: Score;
  /** At the epoch's last step. */
  readonly learningRate: number;
  /** Whether this was the best epoch so far. */
  readonly best: boolean;
}

export interface TrainingState {
  /** Epochs finished. */
  epoch: number;
  /** Batches of the epoch under way that are done. */
  batch: number;
  /** Steps since the start. */
  step: number;
  readonly weights: Weights;
  readonly optimizer: OptimizerState;
  readonly ema: Weights | null;
  best: { readonly epoch: number; readonly score: Score; readonly weights: Weights } | null;
  readonly history: EpochRecord[];
  /** Sums over the epoch under way. */
  running: { lossSum: number; clips: number; correct: number; routes?: number[] };
}

export interface StartOptions {
  readonly graph: Graph;
  readonly recipe: Recipe;
  readonly seed: number;
  /** Weights to go on from instead of drawing new ones. */
  readonly weights?: Weights;
  /** Names of the parameters that are trained. */
  readonly trained: readonly string[];
}

/** The state before the first step. */
export function createTrainingState({ graph, recipe, seed, weights, trained }: StartOptions): TrainingState {
  const start = {
    parameters: copyTensors(weights?.parameters ?? initializeParameters(graph, seed)),
    statistics: copyTensors(weights?.statistics ?? initializeStatistics(graph)),
  };
  return {
    epoch: 0,
    batch: 0,
    step: 0,
    weights: start,
    optimizer: createOptimizerState(recipe.optimizer, pick(start.parameters, trained)),
    ema: recipe.ema ? copyWeights(start) : null,
    best: null,
    history: [],
    running: { lossSum: 0, clips: 0, correct: 0 },
  };
}

export function copyWeights({ parameters, statistics }: Weights): Weights {
  return { parameters: copyTensors(parameters), statistics: copyTensors(statistics) };
}

/** The named arrays among others, not copied. */
export function pick(tensors: Tensors, names: readonly string[]): Tensors {
  return Object.fromEntries(names.map((name) => [name, tensors[name]]));
}

/** Whether `score` beats `best`: more clips right, or as many at a lower loss. */
export function isBetter(score: Score, best: Score | undefined): boolean {
  if (!best || score.accuracy !== best.accuracy) return !best || score.accuracy > best.accuracy;
  return score.loss < best.loss;
}

/** Whether no epoch follows: all are done, or `patience` epochs went by without a better one. */
export function isFinished({ epoch, batch, best, history }: TrainingState, recipe: Recipe): boolean {
  if (batch > 0) return false;
  if (epoch >= recipe.epochs) return true;
  // A network that chooses has learned nothing of choosing before the last stage.
  const { firstEpoch } = stageAt(recipe, epoch);
  if (recipe.routing && (firstEpoch === epoch || stageAt(recipe, epoch).kind === 'all')) return false;
  const since = epoch - (best?.epoch ?? epoch);
  return recipe.patience !== null && history.length > 0 && since >= recipe.patience;
}
