/** DRNets that have no name of their own. */
import { ConfigError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { type DrNetConfig, wrapBackbone } from './drnet.js';
import type { BuildOptions } from './entry.js';
import { modelEntry } from './models.js';

/**
 * Any network of the registry that gives one answer a clip, under dynamic resolution; `drnet-BACKBONE`, input and labels the
 * backbone's unless said.
 * @throws ConfigError for an unknown backbone or one that is a DRNet, and as `wrapBackbone` does.
 */
export function buildDrNet(backbone: string, config: DrNetConfig = {}, options: BuildOptions = {}): Graph {
  const entry = modelEntry(backbone);
  const name = `drnet-${backbone}`;
  if (entry.family === 'drnet')
    throw new ConfigError(
      'drnet-backbone',
      `Cannot build ${name}: expected a backbone that does not choose for itself, got ${backbone}`,
      { value: 'backbone' },
    );
  const { labels = entry.labels, input = entry.input } = options;
  return wrapBackbone(name, entry, config, { labels, input });
}
