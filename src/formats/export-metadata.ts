/** What an exported file says of its model. */
import type { Model } from './model.js';

/**
 * Texts under the names that a model file has: `name`, `labels`, `frontEnd`, `clipMs` and, where known, `training`,
 * `attribution` and `licence`, each as JSON.
 */
export function exportMetadata(model: Model): Record<string, string> {
  const { name, labels, frontEnd, clipMs, training, attribution, licence } = model;
  const fields = Object.entries({ name, labels, frontEnd, clipMs, training, attribution, licence });
  return Object.fromEntries(
    fields.filter(([, value]) => value !== undefined).map(([key, value]) => [key, JSON.stringify(value)]),
  );
}
