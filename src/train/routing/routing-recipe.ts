/** How a network that chooses its resolution is trained, on top of a recipe's other numbers. */
import type { Recipe } from '../recipe.js';

export interface RoutingRecipe {
  /** Part of the epochs in which every clip goes through every branch and the predictor rests; the rest is joint. */
  readonly pretrainShare: number;
  /** The predictor's learning rate as a part of the classifier's. */
  readonly predictorRate: number;
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

/** The paper's η, τ and rates; α where it saves a third; stages as long as 100 to 60. */
export const DEFAULT_ROUTING: RoutingRecipe = {
  pretrainShare: 0.625,
  predictorRate: 0.1,
  targetShare: 0.65,
  weight: 0.2,
  temperature: { from: 1, to: 1 },
  route: 'hard',
};

/** A recipe for a network that chooses. Its last epoch is kept, because the best would be the one that costs most. */
export function routedRecipe(recipe: Recipe, routing: RoutingRecipe = DEFAULT_ROUTING): Recipe {
  return { ...recipe, statisticsBatches: 0, keep: 'last', routing };
}
