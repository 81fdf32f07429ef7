/** Models with random weights whose norms have seen sound, so that scores are neither even nor all 0 and 1. */
import { expect } from 'vitest';
import { DEFAULT_FRONT_END, type FrontEndConfig } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import type { Engine } from '../../src/engine/engine.js';
import type { Model } from '../../src/formats/model.js';
import { nodesByName, type Shape, type Tensors } from '../../src/graph/graph.js';
import { MODELS } from '../../src/models/models.js';
import { hashText, Random } from '../../src/numerics/random.js';
import { clipLogits, softmaxRow } from '../../src/numerics/scores.js';
import { speechLike } from '../audio/clips.js';
import { expectAllClose } from './all-close.js';
import { normals } from './case-data.js';
import type { NamedMaps } from './exported-op-cases.js';
import { LABELS, parityData, parityGraph, SMALL_BATCH, stepOn } from './parity.js';

/** The front end that gives a network of the registry its maps. */
export function frontEndOf(name: string): FrontEndConfig {
  const [, bands, maps] = MODELS[name].input;
  return { ...DEFAULT_FRONT_END, bands, deltas: maps === 3 ? { reachFrames: 2 } : null };
}

/** Clips like speech, and what the front end makes of them. */
export function soundClips(config: FrontEndConfig, count: number, samples: number) {
  const frontEnd = createMeydaFrontEnd(config);
  const clips = Array.from({ length: count }, (_, i) => speechLike(samples, 0.5 / (i + 1), i + 1));
  return { clips, features: join(clips.map((clip) => frontEnd.compute(clip))) };
}

/** Half sound, half noise of the same place and width. */
export function mixedFeatures(config: FrontEndConfig, count: number, frames: number): Float32Array {
  const samples = config.windowSamples + (frames - 1) * config.hopSamples;
  const { features } = soundClips(config, Math.ceil(count / 2), samples);
  const random = new Random(hashText('mixed features'), frames);
  const noise = normals(random, (features.length * count) / Math.ceil(count / 2) - features.length, 3);
  return join([features, noise.map((value) => value - 5)]);
}

/**
 * A model of the registry by name, on `frames` frames (or the fewest it takes): random weights, running statistics from
 * one training step on mixed features, logits of at most 3.
 */
export async function trainedLikeModel(engine: Engine, name: string, frames: number): Promise<Model> {
  const frontEnd = frontEndOf(name);
  const small = parityGraph(name);
  const [smallFrames] = nodesByName(small).get('features')!.shape;
  const data = parityData(small);
  const features = mixedFeatures(frontEnd, SMALL_BATCH.count, smallFrames);
  const step = { ...data.step, inputs: { ...data.step.inputs, features }, backward: false };
  const { moments } = await stepOn(engine, small, { ...data, step });
  const input: Shape = [Math.max(frames, smallFrames), frontEnd.bands, MODELS[name].input[2]];
  const model: Model = {
    name,
    graph: MODELS[name].build({ labels: LABELS, input }),
    labels: Array.from({ length: LABELS }, (_, i) => `word${i}`),
    frontEnd,
    clipMs: 30 + 10 * (input[0] - 1),
    parameters: data.parameters,
    statistics: moments,
  };
  await temper(engine, model);
  return model;
}

/** Scales the last layer until no logit is above 3: scores of 0 and 1 would agree whatever the network does. */
async function temper(engine: Engine, model: Model): Promise<void> {
  const [frames] = nodesByName(model.graph).get('features')!.shape;
  const { logits } = await ownScores(engine, model, mixedFeatures(model.frontEnd, 2, frames), 2);
  temperBy(model, logits);
}

/** The same by the logits of some clips. */
export function temperBy(model: Model, logits: Float32Array): void {
  const factor = 3 / logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  // Shared by all branches of a network that chooses.
  for (const name of ['logits/weight', 'logits/bias'])
    model.parameters[name].set(model.parameters[name].map((value) => factor * value));
}

/** What our own engine makes of features: `[count, labels]` each. */
export async function ownScores(engine: Engine, model: Model, features: Float32Array, count: number) {
  const { graph, labels, parameters, statistics } = model;
  const program = await engine.compileInference(graph, { maxBatch: count });
  program.assign({ ...parameters, ...statistics });
  const map = program.run({ features }, count)[graph.outputs[0]];
  const logits = clipLogits(map, count, nodesByName(graph).get(graph.outputs[0])!.shape).slice();
  program.dispose();
  const scores = logits.slice();
  for (let at = 0; at < scores.length; at += labels.length)
    softmaxRow(logits.slice(at, at + labels.length), 1, scores.subarray(at, at + labels.length));
  return { logits, scores };
}

/** Of a score, as promised; logits, which are not bound to 1, by their largest. */
const TOLERANCE = 1e-4;

/** Compares what another runtime made of an exported file with `ownScores`. */
export function expectSameScores(found: NamedMaps, expected: Tensors, tolerance = TOLERANCE): void {
  expect(Object.keys(found).sort()).toEqual(['logits', 'scores']);
  expectAllClose(found.logits.data, expected.logits, { relative: tolerance }, 'logits');
  expectAllClose(found.scores.data, expected.scores, { absolute: tolerance }, 'scores');
  expect(expected.scores.some((score) => score > 0.02 && score < 0.98)).toBe(true);
}

function join(maps: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(maps.reduce((sum, map) => sum + map.length, 0));
  let at = 0;
  for (const map of maps) {
    joined.set(map, at);
    at += map.length;
  }
  return joined;
}
