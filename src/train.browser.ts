/**
 * What of `hearken/train` runs anywhere: recipes, the trainer, batches, metrics. Bundlers for browsers get this door.
 */
export { DEFAULT_FRONT_END, DEFAULT_PCEN, type FrontEndConfig } from './audio/front-end.js';
export { createEngine } from './engine/create-engine.js';
export type { Engine, EngineName, InferenceProgram, TrainingProgram } from './engine/engine.js';
export { DataSetError } from './errors.js';
export { encodeModel } from './formats/model-file.js';
export { type ExportOnnxOptions, exportOnnx } from './formats/onnx/export-onnx.js';
export { exportTfjs, type TfjsFiles } from './formats/tfjs/export-tfjs.js';
export type { Batch, BatchSource, EvaluationSource } from './train/batches.js';
export { type CalibrationOptions, calibrationClips } from './train/calibration-clips.js';
export { checkRecipe } from './train/check-recipe.js';
export type { CheckpointSink, TrainingIdentity } from './train/checkpoint.js';
export { ClipStore } from './train/clip-store.js';
export type { Clip, DataSet, Skipped, SplitName } from './train/data-set.js';
export { type Evaluation, type EvaluationOptions, evaluateSplit } from './train/evaluate.js';
export {
  type AugmentConfig,
  bcResNetAugment,
  DEFAULT_AUGMENT,
  NO_AUGMENT,
} from './train/features/augment-config.js';
export { type BatchSourceOptions, createBatchSource } from './train/features/batch-source.js';
export { createEvaluationSource, type EvaluationSourceOptions } from './train/features/evaluation-source.js';
export { withLoss } from './train/loss.js';
export {
  type LabelMetrics,
  type Metrics,
  type Mistake,
  metricsOf,
  type Prediction,
  worstMistakes,
} from './train/metrics.js';
export type { OwnNetwork } from './train/network-to-train.js';
export { type QuantizeOptions, quantizeModel } from './train/quantize.js';
export {
  type AdamWRecipe,
  bcResNetRecipe,
  DEFAULT_RECIPE,
  type OptimizerRecipe,
  RECIPE_NAMES,
  type Recipe,
  type RecipeName,
  recipeFor,
  type ScheduleRecipe,
  type SgdRecipe,
} from './train/recipe.js';
export {
  DEFAULT_ROUTING,
  PAPER_ROUTING,
  type RoutingRecipe,
  routedRecipe,
} from './train/routing/routing-recipe.js';
export { type TrainedModel, type TrainModelOptions, trainModel } from './train/train.js';
export { Trainer } from './train/trainer.js';
export type { StartReport, StepReport, TrainerOptions, TrainingOutcome } from './train/trainer-options.js';
export type { Teacher } from './train/training-network.js';
export type { EpochRecord, Score, TrainingState, Weights } from './train/training-state.js';
export { initializeFrom, type Transfer, type TransferOptions } from './train/transfer.js';
