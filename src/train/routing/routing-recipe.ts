/** How a network that chooses its resolution is trained, on top of a recipe's other numbers. */
import type { Recipe } from '../recipe.js';

export interface RoutingRecipe {
  /** Part of the epochs in which every clip goes through every branch and the predictor rests or learns the words; the rest is joint. */
  readonly pretrainShare: number;
  /** The predictor's learning rate as a part of the schedule's; of one that chooses by words, of what stands behind them. */
  readonly predictorRate: number;
  /**
   * The classifier's learning rate in the joint stage as a part of the schedule's. 0: its weights stand still; with soft routes its
   * branches then answer as in use, with running statistics.
   */
  readonly classifierRate: number;
  /** α: what a clip may cost on average, as a part of the largest branch's MACs; the predictor's do not count. */
  readonly targetShare: number;
  /** η: how much going beyond it weighs beside the other losses. */
  readonly weight: number;
  /** Of the Gumbel softmax, at the first and the last joint epoch; in between it falls by the same factor each epoch. */
  readonly temperature: { readonly from: number; readonly to: number };
  /**
   * hard: a clip goes through the branch that its gate draws, each branch's norms see its own clips alone. soft: through all,
   * and the gate picks among the answers, so that every branch's answer tells the predictor something.
   */
  readonly route: 'hard' | 'soft';
}

/** The paper's η, τ and rates, its stages of 100 and 60 epochs; α where it saves a third. */
export const PAPER_ROUTING: RoutingRecipe = {
  pretrainShare: 0.625,
  predictorRate: 0.1,
  classifierRate: 1,
  targetShare: 0.65,
  weight: 0.2,
  temperature: { from: 1, to: 1 },
  route: 'hard',
};

/**
 * Chosen on speech, for sets of some thousand recordings: a few epochs on all resolutions, then a long joint stage in which every
 * branch's answer teaches the predictor, at twice the classifier's rate.
 */
export const DEFAULT_ROUTING: RoutingRecipe = {
  ...PAPER_ROUTING,
  pretrainShare: 0.8,
  predictorRate: 10,
  classifierRate: 0,
  weight: 1,
  route: 'soft',
};

/** Clips a step, at least: a smaller batch's mean cost says too little of what the choices cost. As many make a shard of the norms. */
const ROUTED_BATCH = 32;

/**
 * A recipe for a network that chooses. Its last epoch is kept, because the best would be the one that costs most. A teacher's
 * answers are taken as they are: softened ones would outweigh the cost of choosing.
 */
export function routedRecipe(recipe: Recipe, routing: RoutingRecipe = DEFAULT_ROUTING): Recipe {
  return {
    ...recipe,
    batchSize: Math.max(recipe.batchSize, ROUTED_BATCH),
    normShard: Math.max(recipe.normShard, ROUTED_BATCH),
    distillation: { ...recipe.distillation, temperature: 1 },
    statisticsBatches: 0,
    keep: 'last',
    routing,
  };
}
