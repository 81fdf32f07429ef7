/** What `hearken models` tells of a network: its row of the registry, and what `train` makes of it. */
import { featureShape } from '../audio/front-end.js';
import { SAMPLE_RATE_HZ } from '../audio/sample-rate.js';
import { HearkenError } from '../errors.js';
import { costsOf } from '../graph/costs.js';
import type { Shape } from '../graph/graph.js';
import { routesOf } from '../graph/routes.js';
import { SPEECH_LABELS } from '../models/entry.js';
import { buildModel, type ModelRow } from '../models/models.js';
import { frontEndFor } from '../train/network-to-train.js';

/** A network as `train` builds it for one second of sound and twelve labels. */
export interface TrainedCosts {
  readonly input: Shape;
  readonly labels: number;
  readonly parameters: number;
  /** For one clip; of a network that chooses, one number a resolution, as in its row. */
  readonly macs: number | readonly number[];
  /** Of the choice; 0 of a network that has none. */
  readonly predictorMacs: number;
}

/** None where so small a map is too small for the network. */
export function trainedCosts(row: ModelRow): TrainedCosts | null {
  const input = featureShape(frontEndFor(row.name), SAMPLE_RATE_HZ);
  const trained = { input, labels: SPEECH_LABELS };
  if (!differs(row, trained)) {
    const { parameters, macs, routing } = row;
    return {
      ...trained,
      parameters,
      macs: routing?.macs ?? macs,
      predictorMacs: routing?.predictorMacs ?? 0,
    };
  }
  try {
    const graph = buildModel(row.name, trained);
    const { parameters, macs } = costsOf(graph);
    const routes = routesOf(graph);
    const ways = routes?.branches.map((branch) => branch.macs);
    return { ...trained, parameters, macs: ways ?? macs, predictorMacs: routes?.predictorMacs ?? 0 };
  } catch (error) {
    if (error instanceof HearkenError) return null;
    throw error;
  }
}

/** Whether a network is trained at another map or for another number of labels than its row counts. */
export function differs(row: ModelRow, trained: Pick<TrainedCosts, 'input' | 'labels'>): boolean {
  return row.input.join() !== trained.input.join() || row.labels !== trained.labels;
}
