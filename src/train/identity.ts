/** What a checkpoint must find again for a run to go on to the same bytes. */
import type { TrainingIdentity } from './checkpoint.js';
import { digestOf, digestTensors } from './digest.js';
import type { TrainerOptions } from './trainer-options.js';
import type { Weights } from './training-state.js';

/** Digests of everything that fixes the outcome of a training run, and the rest as it is. */
export function identityOf({
  graph,
  recipe,
  seed,
  data,
  engine,
  ...options
}: TrainerOptions): TrainingIdentity {
  const { start, trained, teacher } = options;
  const numbers = (weights: Weights | undefined) =>
    weights && digestTensors({ ...weights.parameters, ...weights.statistics });
  return {
    network: digestOf({ graph, trained, start: numbers(start), teacher: numbers(teacher) }),
    recipe,
    seed,
    data: digestOf(data),
    kernels: `${engine.name} ${engine.kernels}`,
  };
}
