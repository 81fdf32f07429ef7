/** DRNets that have no name of their own. */
import { ConfigError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { checkKeys } from './check-option.js';
import { type DrNetConfig, wrapBackbone } from './drnet.js';
import { checkOptions } from './drnet-checks.js';
import type { BuildOptions, ModelEntry } from './entry.js';
import { modelEntry } from './models.js';
import { PREDICTOR_KINDS, type PredictorKind } from './resolution-predictor.js';

const BUILD_OPTIONS: readonly string[] = ['labels', 'input'] satisfies (keyof BuildOptions)[];

export interface DrNetOptions extends Omit<DrNetConfig, 'predictor'> {
  /** A plan of its own, or the name of a network for words whose sureness decides. Default `residual`. */
  readonly predictor?: PredictorKind | (string & {});
}

/**
 * Any network of the registry that gives one answer a clip, under dynamic resolution; `drnet-BACKBONE`, input and labels the
 * backbone's unless said.
 * @throws ConfigError for an unknown backbone or one that is a DRNet, for options that there are none of, and as `wrapBackbone` does.
 */
export function buildDrNet(backbone: string, config: DrNetOptions = {}, options: BuildOptions = {}): Graph {
  const name = `drnet-${backbone}`;
  const entry = plainEntry(name, 'backbone', backbone);
  checkOptions(name, config);
  checkKeys({ code: 'model-option', what: name, options, known: BUILD_OPTIONS });
  const { labels = entry.labels, input = entry.input } = options;
  const { predictor: wanted, ...rest } = config;
  const predictor = predictorOf(name, wanted);
  return wrapBackbone(name, entry, { ...rest, ...(predictor && { predictor }) }, { labels, input });
}

function predictorOf(name: string, wanted: string | undefined): DrNetConfig['predictor'] {
  const plan = PREDICTOR_KINDS.find((kind) => kind === wanted);
  return plan ?? (wanted === undefined ? undefined : plainEntry(name, 'predictor', wanted));
}

function plainEntry(name: string, option: string, wanted: string): ModelEntry {
  const entry = modelEntry(wanted);
  if (entry.family !== 'drnet') return entry;
  throw new ConfigError(
    `drnet-${option}`,
    `Cannot build ${name}: expected a ${option} that does not choose for itself, got ${wanted}`,
    { value: option },
  );
}
