/** A finished run's weights as a model that can be written. */
import packageJson from '../../package.json' with { type: 'json' };
import type { Model } from '../formats/model.js';
import type { TrainingOutcome } from '../train/trainer-options.js';
import type { PreparedTraining } from './prepare-training.js';
import type { TrainOptions } from './train-options.js';

/** The model as it goes to disk: no time, host, path or thread count in it. */
export function trainedModel(
  options: TrainOptions,
  prepared: PreparedTraining,
  outcome: TrainingOutcome,
): Model {
  const { graph, dataSet, start, recipe, engine, frontEnd } = prepared;
  return {
    name: start.name,
    graph,
    labels: dataSet.labels,
    frontEnd: start.frontEnd,
    clipMs: dataSet.clipMs,
    parameters: outcome.weights.parameters,
    statistics: outcome.weights.statistics,
    training: {
      hearken: packageJson.version,
      seed: options.seed,
      epoch: outcome.epoch,
      epochs: outcome.history.length,
      validation: outcome.validation ?? null,
      clips: { train: dataSet.train.length, validation: dataSet.validation.length },
      engine: engine.name,
      kernels: engine.kernels,
      frontEnd,
      ...(start.init && { init: start.init.name, freeze: options.freeze ?? 'none' }),
      ...(start.teacher && { teacher: start.teacher.graph.name }),
      recipe: { ...recipe },
    },
    ...(dataSet.attribution && { attribution: dataSet.attribution }),
  };
}
