/** Flags and words about networks that choose their resolution. */
import { type Command, InvalidArgumentError } from 'commander';
import type { Routing } from '../engine/routed-program.js';
import { ConfigError } from '../errors.js';
import type { Model } from '../formats/model.js';
import { costsOf } from '../graph/costs.js';
import type { Graph } from '../graph/graph.js';
import { routesOf } from '../graph/routes.js';
import type { Prediction } from '../train/metrics.js';
import { type RoutingMetrics, routingMetrics } from '../train/routing/routing-metrics.js';
import { integer } from './options.js';
import { formatCount, formatPercent, formatShort, formatTable } from './table.js';
import { UsageError } from './usage-error.js';

export interface RoutingOptions {
  /** "49x20" */
  readonly resolution?: string;
  readonly randomResolutions?: number[];
  readonly randomSeed?: number;
}

/** Who chooses the resolution, where it is not to be the network's predictor. */
export function addRoutingOptions(command: Command): Command {
  return command
    .option(
      '--resolution <frames x bands>',
      'of a DRNet: look at this resolution always (49x20)',
      resolutionText,
    )
    .option(
      '--random-resolutions <shares>',
      'of a DRNet: choose at random, at these shares, parted by commas, the largest resolution first',
      shareList,
    )
    .option('--random-seed <n>', 'of these random choices (default: 1)', integer(0, 2 ** 32 - 1));
}

/**
 * What the flags say for a model; undefined: its predictor chooses.
 * @throws ConfigError for a resolution that the model does not have, or shares of others than its own.
 */
export function routingFrom(options: RoutingOptions, { name, graph }: Model): Routing | undefined {
  const { resolution, randomResolutions: shares, randomSeed: seed } = options;
  if (shares === undefined && resolution === undefined) return undefined;
  const known = (routesOf(graph)?.branches ?? []).map((branch) => branch.resolution.join('x'));
  const fault = (wanted: string, value: unknown) =>
    new ConfigError(
      'routing',
      `Cannot choose a resolution for ${name}: expected ${wanted}, got ${shares?.join(', ') ?? resolution}`,
      { value },
    );
  if (known.length === 0) throw fault('a network that can look at several', shares ?? resolution);
  if (shares) {
    if (shares.length === known.length && shares.some((share) => share > 0))
      return { kind: 'random', shares, seed: seed ?? 1 };
    const wanted = `${known.length} shares in --random-resolutions, not all 0, for ${known.join(', ')}`;
    throw fault(wanted, shares);
  }
  const route = known.indexOf(resolution!);
  if (route < 0) throw fault(`a resolution of ${known.join(', ')}`, resolution);
  return { kind: 'fixed', route };
}

/** @throws UsageError for flags that exclude or need each other. */
export function checkRoutingOptions({ resolution, randomResolutions, randomSeed }: RoutingOptions): void {
  if (resolution !== undefined && randomResolutions)
    throw new UsageError('--resolution and --random-resolutions exclude each other');
  if (randomSeed !== undefined && !randomResolutions)
    throw new UsageError('--random-seed needs --random-resolutions: nothing else is drawn');
}

/** What was chosen for clips, and what that cost; undefined of a network that does not choose. */
export function routingOf(
  graph: Graph,
  predictions: readonly Prediction[],
  routing?: Routing,
): RoutingMetrics | undefined {
  const routes = routesOf(graph);
  if (!routes) return undefined;
  const choosing = routing === undefined || routing.kind === 'predicted' ? routes.predictorMacs : 0;
  return routingMetrics(routes, predictions, (route) => routes.branches[route].macs + choosing);
}

/** MACs of a clip as JSON has them: of a DRNet a list, one number a resolution, the choice not counted. */
export function macsOf(graph: Graph): number | readonly number[] {
  return routesOf(graph)?.branches.map((branch) => branch.macs) ?? costsOf(graph).macs;
}

/** A table of resolutions and the mean below. */
export function formatRouting({ perResolution, meanMacs }: RoutingMetrics): string {
  const table = formatTable(perResolution, [
    { title: 'resolution', cell: (row) => row.resolution.join(' × ') },
    { title: 'MACs', cell: (row) => formatShort(row.macs), align: 'right' },
    { title: 'clips', cell: (row) => formatCount(row.clips), align: 'right' },
    { title: 'share', cell: (row) => formatPercent(row.share), align: 'right' },
    { title: 'right', cell: (row) => (row.clips > 0 ? formatPercent(row.accuracy) : ''), align: 'right' },
  ]);
  return `${table}\nmean MACs a clip: ${formatShort(meanMacs)}`;
}

function resolutionText(text: string): string {
  const match = /^(\d+)\s*[x×]\s*(\d+)$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('Expected frames x bands, such as 49x20.');
  return `${Number(match[1])}x${Number(match[2])}`;
}

function shareList(text: string): number[] {
  const shares = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!shares.every((share) => share >= 0 && share < Infinity))
    throw new InvalidArgumentError('Expected numbers of 0 or more, parted by commas.');
  return shares;
}
