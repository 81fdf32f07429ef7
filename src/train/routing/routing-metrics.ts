/** What a network that chooses its resolution chose, counted. */
import type { Pair } from '../../graph/graph.js';
import type { Routes } from '../../graph/routes.js';
import type { Prediction } from '../metrics.js';
import { indexOfLargest } from '../scores.js';

export interface ResolutionMetrics {
  /** `[time, frequency]` */
  readonly resolution: Pair;
  /** Of one clip, the choice counted where it was made. */
  readonly macs: number;
  /** That went this way. */
  readonly clips: number;
  /** A part of all clips; 0 if there is none. */
  readonly share: number;
  readonly correct: number;
  /** A part of 1; 0 if no clip went this way. */
  readonly accuracy: number;
}

export interface RoutingMetrics {
  /** Of a clip on average; 0 if there is none. */
  readonly meanMacs: number;
  readonly perResolution: readonly ResolutionMetrics[];
}

/** `macsOf`: what a clip costs by each route. Predictions without a route do not count. */
export function routingMetrics(
  { branches }: Routes,
  predictions: readonly Prediction[],
  macsOf: (route: number) => number,
): RoutingMetrics {
  const all = predictions.filter(({ route }) => route !== undefined).length;
  const part = (count: number, whole: number) => (whole === 0 ? 0 : count / whole);
  const perResolution = branches.map(({ resolution }, route) => {
    const own = predictions.filter((prediction) => prediction.route === route);
    const correct = own.filter(({ truth, scores }) => indexOfLargest(scores) === truth).length;
    const [clips, macs] = [own.length, macsOf(route)];
    return { resolution, macs, clips, share: part(clips, all), correct, accuracy: part(correct, clips) };
  });
  const meanMacs = perResolution.reduce((sum, { share, macs }) => sum + share * macs, 0);
  return { meanMacs, perResolution };
}
