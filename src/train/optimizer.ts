/**
 * Optimizers on named arrays. What they remember stands in a plain state that a checkpoint can hold; weights and state are
 * changed in place. Sums are taken in float64 and stored as float32, so a step gives the same bytes everywhere.
 */
import type { Graph, Tensors } from '../graph/graph.js';
import { pow } from '../numerics/elementary.js';
import type { AdamWRecipe, OptimizerRecipe, SgdRecipe } from './recipe.js';

export interface OptimizerState {
  /** Steps taken. */
  step: number;
  /** By what they hold (`velocity`; `mean`, `square`), then by parameter. */
  readonly slots: Readonly<Record<string, Tensors>>;
}

const SLOTS = { sgd: ['velocity'], adamw: ['mean', 'square'] } as const;

/** The state before the first step: zeros of the parameters' sizes. */
export function createOptimizerState(recipe: OptimizerRecipe, parameters: Tensors): OptimizerState {
  const zeros = () =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, { length }]) => [name, new Float32Array(length)]),
    );
  return { step: 0, slots: Object.fromEntries(SLOTS[recipe.kind].map((slot) => [slot, zeros()])) };
}

/** Forgets all steps, in place. */
export function resetOptimizer(state: OptimizerState): void {
  state.step = 0;
  for (const tensors of Object.values(state.slots))
    for (const values of Object.values(tensors)) values.fill(0);
}

/** The parameters that weight decay touches. */
export function decayedParameters(recipe: OptimizerRecipe, graph: Graph): ReadonlySet<string> {
  const names = Object.keys(graph.parameters);
  return new Set(
    recipe.decays === 'all' ? names : names.filter((name) => graph.parameters[name].role === 'kernel'),
  );
}

export interface OptimizerStep {
  readonly parameters: Tensors;
  /** By parameter; parameters without a gradient here stay as they are. */
  readonly gradients: Tensors;
  readonly state: OptimizerState;
  readonly learningRate: number;
  readonly decayed: ReadonlySet<string>;
  /** By parameter: its learning rate as a part of `learningRate`. Default 1. */
  readonly rates?: ReadonlyMap<string, number>;
}

/** Takes one step: changes `parameters` and `state` in place. */
export function stepOptimizer(recipe: OptimizerRecipe, options: OptimizerStep): void {
  const { parameters, gradients, state } = options;
  state.step++;
  for (const name of Object.keys(state.slots[SLOTS[recipe.kind][0]])) {
    const gradient = gradients[name];
    if (!gradient) continue;
    const weightDecay = options.decayed.has(name) ? recipe.weightDecay : 0;
    const rate = options.learningRate * (options.rates?.get(name) ?? 1);
    const update = { weights: parameters[name], gradient, weightDecay, rate };
    if (recipe.kind === 'sgd') stepSgd(recipe, update, state.slots.velocity[name]);
    else stepAdamW(recipe, update, state.slots.mean[name], state.slots.square[name], state.step);
  }
}

interface Update {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
  readonly weightDecay: number;
  readonly rate: number;
}

/**
 * g ← gradient + decay · w; v ← μ v + g; w ← w − rate · v, or with Nesterov w − rate · (g + μ v).
 *
 * Source: Sutskever et al., 2013, in the form of torch.optim.SGD (decay coupled, no dampening).
 */
function stepSgd({ momentum, nesterov }: SgdRecipe, update: Update, velocity: Float32Array): void {
  const { weights, gradient, weightDecay, rate } = update;
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i] + weightDecay * weights[i];
    const v = momentum * velocity[i] + g;
    velocity[i] = v;
    weights[i] -= rate * (nesterov ? g + momentum * v : v);
  }
}

/**
 * m ← β₁ m + (1 − β₁) g; s ← β₂ s + (1 − β₂) g²; w ← w − rate · (decay · w + m̂ / (√ŝ + ε)), m̂ = m / (1 − β₁ᵗ), ŝ = s / (1 − β₂ᵗ).
 *
 * Source: Loshchilov and Hutter, 2019, in the form of torch.optim.AdamW.
 */
function stepAdamW(
  { beta1, beta2, epsilon }: AdamWRecipe,
  { weights, gradient, weightDecay, rate }: Update,
  mean: Float32Array,
  square: Float32Array,
  step: number,
): void {
  const meanScale = 1 / (1 - pow(beta1, step));
  const squareScale = 1 / (1 - pow(beta2, step));
  for (let i = 0; i < weights.length; i++) {
    const g = gradient[i];
    const m = beta1 * mean[i] + (1 - beta1) * g;
    const s = beta2 * square[i] + (1 - beta2) * g * g;
    mean[i] = m;
    square[i] = s;
    weights[i] -=
      rate * (weightDecay * weights[i] + (m * meanScale) / (Math.sqrt(s * squareScale) + epsilon));
  }
}
