/**
 * The door for apps, in Node, a browser or a worker: load a model file and recognise recordings. Training is in
 * `hearken/train`, the networks in `hearken/models`; nothing here reaches them.
 * @module hearken
 */
export type { FrontEndConfig } from './audio/front-end.js';
export { type AudioClip, readWav } from './audio/wav.js';
export type { Engine } from './engine/engine.js';
export type { Routing } from './engine/routed-program.js';
export type { AssetFile, AssetLocation } from './engine/wasm/assets.js';
export { createWasmEngine, type WasmEngineOptions } from './engine/wasm/wasm-engine.js';
export {
  AudioFormatError,
  ConfigError,
  EngineError,
  HearkenError,
  type HearkenErrorOptions,
  ModelFileError,
  ShapeError,
} from './errors.js';
export { type Model, type Parity, SILENCE_LABEL, UNKNOWN_LABEL } from './formats/model.js';
export { decodeModel } from './formats/model-file.js';
export type { Graph, Tensors } from './graph/graph.js';
export { type LoadModelOptions, loadModel } from './stream/load-model.js';
export { PARITY_TOLERANCE, type Verification, verifyModel } from './stream/parity.js';
export {
  type ChosenRoute,
  createRecognizer,
  type Recognition,
  type Recognizer,
  type RecognizerOptions,
} from './stream/recognizer.js';
