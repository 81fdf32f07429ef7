/** What only works with float32 weights. */
import { ConfigError } from '../errors.js';
import type { Model } from './model.js';

/**
 * `doing` begins the message ("export model m").
 * @throws ConfigError `quantized-model` for a quantised model.
 */
export function requireFloat(model: Pick<Model, 'name' | 'quantization'>, doing: string): void {
  if (!model.quantization) return;
  throw new ConfigError(
    'quantized-model',
    `Cannot ${doing}: expected a model of float32 weights, got a quantised one; take the model that it was made of`,
    { value: model.name },
  );
}
