import { describe, expect, it } from 'vitest';
import { routesOf } from '../../../src/graph/routes.js';
import { routingMetrics } from '../../../src/train/routing/routing-metrics.js';
import { routedToy } from '../../support/toy-routes.js';

const routes = routesOf(routedToy())!;
const clip = (route: number | undefined, truth: number) => ({ truth, scores: [0.7, 0.3], route });

describe('routingMetrics', () => {
  it('counts clips, right answers and MACs of each resolution', () => {
    const predictions = [clip(0, 0), clip(0, 1), clip(0, 0), clip(2, 1), clip(undefined, 0)];
    const { meanMacs, perResolution } = routingMetrics(routes, predictions, (route) => [80, 40, 16][route]);
    expect(perResolution).toEqual([
      { resolution: [4, 2], macs: 80, clips: 3, share: 0.75, correct: 2, accuracy: 2 / 3 },
      { resolution: [3, 2], macs: 40, clips: 0, share: 0, correct: 0, accuracy: 0 },
      { resolution: [2, 1], macs: 16, clips: 1, share: 0.25, correct: 0, accuracy: 0 },
    ]);
    expect(meanMacs).toBe((3 * 80 + 16) / 4);
  });

  it('is all zeros of no clip', () => {
    const { meanMacs, perResolution } = routingMetrics(routes, [], () => 5);
    expect([meanMacs, ...perResolution.map(({ share }) => share)]).toEqual([0, 0, 0, 0]);
  });
});
