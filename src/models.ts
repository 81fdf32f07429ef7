/**
 * The networks by name, what they cost and where they come from; and the builder to make one's own.
 * @module hearken/models
 */
export {
  type BatchNormOptions,
  type Conv2dOptions,
  type ConvOptions,
  GraphBuilder,
  halfPadding,
  NO_PADDING,
  type PoolOptions,
  type Value,
} from './graph/builder.js';
export { type Costs, costsOf } from './graph/costs.js';
export * from './graph/graph.js';
export { initializeParameters, initializeStatistics } from './graph/initialize.js';
export { type Route, type Routes, routesOf } from './graph/routes.js';
export { checkGraph } from './graph/shapes.js';
export { type Stage, stagesOf } from './graph/stages.js';
export { buildDrNet, type DrNetOptions } from './models/build-drnet.js';
export type { CandidateKind, MapSize } from './models/candidates.js';
export { type CrossStageOptions, crossStage, type Fusion } from './models/cross-stage.js';
export {
  type FuseScalesOptions,
  fuseScales,
  SCALE_FUSIONS,
  type ScaleFusion,
} from './models/feature-fusion.js';
export {
  FUSION_HEADS,
  type FusionHead,
  type FusionHeadOptions,
  withFusionHead,
} from './models/fusion-head.js';
export type { GhostRule } from './models/ghost-blocks.js';
export { withGhostConvolutions } from './models/ghost-convolutions.js';
export type { ActivationChoice } from './models/layers.js';
export * from './models/models.js';
