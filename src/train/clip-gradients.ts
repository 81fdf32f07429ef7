/** Scales gradients down together where they have become too long. */
import type { Tensors } from '../graph/graph.js';

/** The Euclidean norm of the named arrays laid end to end, in float64, in the order of the names given; missing ones count as 0. */
export function globalNorm(gradients: Tensors, names: Iterable<string>): number {
  let sum = 0;
  for (const name of names) {
    const values = gradients[name];
    if (!values) continue;
    for (let i = 0; i < values.length; i++) sum += values[i] * values[i];
  }
  return Math.sqrt(sum);
}

/**
 * Scales the named gradients in place so that their global norm is at most `maxNorm`; returns the norm before.
 *
 * Source: Pascanu et al., 2013; torch.nn.utils.clip_grad_norm_ without its 1e-6.
 */
export function clipGradients(gradients: Tensors, names: readonly string[], maxNorm: number): number {
  const norm = globalNorm(gradients, names);
  if (norm <= maxNorm || !Number.isFinite(norm)) return norm;
  const scale = maxNorm / norm;
  for (const name of names) {
    const values = gradients[name];
    if (!values) continue;
    for (let i = 0; i < values.length; i++) values[i] *= scale;
  }
  return norm;
}
