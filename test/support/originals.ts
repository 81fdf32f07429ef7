/** What every network for images has to show, on a small map that a front end gives: 32 frames of 32 bands, Δ and ΔΔ. */
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import type { Engine, TrainingResult } from '../../src/engine/engine.js';
import { createTensorflowEngine } from '../../src/engine/tensorflow/tensorflow-engine.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import type { Model } from '../../src/formats/model.js';
import { exportOnnx } from '../../src/formats/onnx/export-onnx.js';
import { exportTfjs } from '../../src/formats/tfjs/export-tfjs.js';
import { type Graph, isWeighted, nodesByName, sizeOf, type Tensors } from '../../src/graph/graph.js';
import { subgraph } from '../../src/graph/subgraph.js';
import type { ModelEntry } from '../../src/models/entry.js';
import { MODELS } from '../../src/models/models.js';
import type { NamedMaps } from './exported-op-cases.js';
import { runOnnx } from './onnx-runtime.js';
import {
  type Batch,
  DEEP_RELATIVE,
  expectEveryGradient,
  expectLikeGradients,
  expectSameGradients,
  expectSameMaps,
  LABELS,
  type ParityData,
  parityData,
  parityGraph,
  smoothed,
  stepOn,
} from './parity.js';
import { saveAndLoad } from './saving.js';
import { runGraphModel } from './tfjs-graph-model.js';
import { expectSameScores, ownScores, temperBy } from './trained-like.js';

tf.enableProdMode();

/** Where a map shrinks to one position, a norm sees as many numbers as there are clips; maps of VGG do so layers before the last. */
function batchOf(name: string): Batch {
  return wholeBatch(isVgg(name) ? 12 : 6);
}

function wholeBatch(clips: number): Batch {
  return { count: clips, maxBatch: clips, normShard: clips };
}

function isVgg(name: string): boolean {
  return name.includes('vgg');
}
/** Of a gradient: norms over six numbers multiply rounding, layer by layer. */
const GRADIENT_RELATIVE = 5e-3;
/** Noise for gates that choose a branch for each clip: one where a branch is taken by none leaves it without gradients. */
const SEEDS = Array.from({ length: 200 }, (_, i) => 11 + i);
/** Beside the tensorflow engine on tfjs-node alone (`describeDeeper`): its cpu backend would take minutes each. */
const DEEPER = /-(101|152)(-|$)|^densenet-(169|201)$|^drnet-resnet-50-m5$|^ghost-vgg-16-/;

/** The registered networks for images, of some families or of all others. */
export function originals(isWanted: (family: string) => boolean): ModelEntry[] {
  return Object.values(MODELS).filter(({ domain, family }) => domain === 'image' && isWanted(family));
}

/** The tests of each: trained for a step, run, saved, exported. */
export function describeOriginals(entries: readonly ModelEntry[]): void {
  describe.each(entries)('$name', ({ name }) => {
    // Some hold 300 MB: let go of before the next.
    let original: Original | undefined;
    const current = () => original!;
    beforeAll(async () => {
      original = await trainOriginal(name);
    });
    afterAll(() => {
      original = undefined;
    });

    it('gives every parameter a finite gradient, and one that is not 0 unless it is idle by construction', () => {
      const { graph, step } = current();
      expect(step.loss).toBeGreaterThan(0);
      expectEveryGradient(graph, step.gradients);
    });
    it('answers clips differently', () => expectAnswers(current().own.logits));
    it('is the same after saving and loading', async () => {
      const { model, features, own } = current();
      expectSameScores(asMaps(await ownScores(wasm, saveAndLoad(model), features, CLIPS)), own, 0);
    });
    it.skipIf(DEEPER.test(name))('trains and infers as the tensorflow engine does', async () =>
      expectLikeTensorflow(current(), await createTensorflowEngine(tf, { backend: 'cpu' })),
    );
    it('gives ONNX Runtime the same scores', async () => {
      const { model, own, inputs } = current();
      expectSameScores(await runOnnx(exportOnnx(model), inputs), own, toleranceOf(model));
    });
    it('gives TensorFlow.js the same scores', async () => {
      const { model, own, inputs } = current();
      expectSameScores(await runGraphModel(exportTfjs(model), inputs), own, toleranceOf(model));
    });
  });
}

/** The test that the deepest of them need a native engine for. */
export function describeDeeper(engine: () => Promise<Engine>): void {
  const names = originals(() => true).filter(({ name }) => DEEPER.test(name));
  it.each(names)('trains and infers $name as the wasm engine does', async ({ name }) => {
    // A hundred norms over six numbers would multiply rounding beyond any bar.
    const batch = isVgg(name) ? batchOf(name) : wholeBatch(24);
    await expectLikeTensorflow(await trainOriginal(name, batch), await engine());
  });
}

const wasm = await createWasmEngine({ kernels: 'strict' });

interface Original {
  readonly graph: Graph;
  readonly data: ParityData;
  readonly step: TrainingResult;
  /** The same network with running statistics. */
  readonly model: Model;
  readonly features: Float32Array;
  readonly inputs: NamedMaps;
  readonly own: Tensors & { readonly logits: Float32Array };
}

const CLIPS = 2;
const MANY_CLIPS = 32;

async function trainOriginal(name: string, batch = batchOf(name)): Promise<Original> {
  const graph = parityGraph(name);
  const { shape } = nodesByName(graph).get('features')!;
  const data = await drawData(graph, batch);
  const step = await stepOn(wasm, graph, data);
  const { moments, logits, features: known } = await knowClips(graph, data);
  const model = modelOf(name, data.parameters, moments);
  const features = known.slice(0, CLIPS * sizeOf(shape));
  temperBy(model, logits);
  const own = await ownScores(wasm, model, features, CLIPS);
  const inputs = { features: { data: features, dims: [CLIPS, ...shape] } };
  return { graph, data, step, model, features, inputs, own };
}

/** A step's data, of a network that chooses with a seed by which every branch is taken. */
async function drawData(graph: Graph, batch: Batch): Promise<ParityData> {
  const data = parityData(graph, batch);
  const gate = graph.nodes.find(({ op }) => op === 'gumbelSoftmax');
  if (!gate) return data;
  const chooser = await wasm.compileTraining(subgraph(graph, [gate.name]), batch);
  for (const [name, values] of Object.entries(chooser.parameters)) values.set(data.parameters[name]);
  try {
    for (const seed of SEEDS) {
      const { outputs } = await chooser.step({ ...data.step, outputGradients: {}, seed, backward: false });
      const routes = gate.shape[2];
      const taken = new Set(Array.from(outputs[gate.name], (is, i) => (is === 1 ? i % routes : -1)));
      taken.delete(-1);
      if (taken.size === routes) return { ...data, step: { ...data.step, seed } };
    }
  } finally {
    chooser.dispose();
  }
  return expect.fail(`no draw of ${graph.name} takes every branch`);
}

/** Forward only, of so many clips as a training has: with moments of six, a few channels would be divided by next to 0. */
async function knowClips(graph: Graph, { parameters, step }: ParityData) {
  const batch: Batch = { count: MANY_CLIPS, maxBatch: MANY_CLIPS, normShard: MANY_CLIPS };
  const { step: larger } = parityData({ ...graph, parameters: {} }, batch);
  const forward = { ...larger, seed: step.seed, backward: false };
  const { moments, outputs } = await stepOn(wasm, graph, { batch, parameters, step: forward });
  return { moments, logits: outputs.logits, features: larger.inputs.features };
}

/** Parameters are copied: the model's last layer will be scaled. */
function modelOf(name: string, parameters: Tensors, statistics: Tensors): Model {
  const input = nodesByName(parityGraph(name)).get('features')!.shape;
  const copies = ['logits/weight', 'logits/bias'].map((key) => [key, parameters[key].slice()]);
  return {
    name,
    graph: MODELS[name].build({ labels: LABELS, input }),
    labels: Array.from({ length: LABELS }, (_, i) => `word${i}`),
    frontEnd: { ...DEFAULT_FRONT_END, bands: input[1], deltas: { reachFrames: 2 } },
    clipMs: 30 + 10 * (input[0] - 1),
    parameters: { ...parameters, ...Object.fromEntries(copies) },
    statistics,
  };
}

/** Finite, and neither the same for all labels nor for all clips. */
function expectAnswers(logits: Float32Array): void {
  expect(logits.every(Number.isFinite)).toBe(true);
  const [first, second] = [logits.subarray(0, LABELS), logits.subarray(LABELS)];
  expect(Math.max(...first) - Math.min(...first)).toBeGreaterThan(0.01);
  expect(Math.max(...first.map((logit, i) => Math.abs(logit - second[i])))).toBeGreaterThan(0.01);
}

/**
 * Gradients with smooth activations in the place of rectifiers: norms over a few numbers multiply rounding, and some
 * rectifiers' signs hang on it. Inference with their own.
 */
async function expectLikeTensorflow(original: Original, tensorflow: Engine): Promise<void> {
  const { graph, data, model, features, own } = original;
  const smooth = smoothed(graph);
  const found = await stepOn(wasm, smooth, data);
  const wanted = await stepOn(tensorflow, smooth, data);
  expect(Math.abs(found.loss - wanted.loss)).toBeLessThanOrEqual(1e-4 * wanted.loss);
  expectSameMaps(found.outputs, wanted.outputs, { relative: DEEP_RELATIVE });
  expectSameMaps(found.moments, wanted.moments, { relative: DEEP_RELATIVE });
  // Single numbers of a VGG's first layers carry the rounding of all those norms: half a percent with 24 clips, 3 with six.
  if (isVgg(graph.name)) expectLikeGradients(found.gradients, wanted.gradients);
  else expectSameGradients(found.gradients, wanted.gradients, GRADIENT_RELATIVE);
  expectSameScores(asMaps(await ownScores(tensorflow, model, features, CLIPS)), own, toleranceOf(model));
}

/** Of scores and logits: 1e-4 as promised, but with random weights rounding grows through a hundred layers. */
function toleranceOf({ graph }: Model): number {
  return graph.nodes.filter(isWeighted).length > 100 ? DEEP_RELATIVE : 1e-4;
}

function asMaps(tensors: Tensors): NamedMaps {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, data]) => [name, { data, dims: [CLIPS, LABELS] }]),
  );
}
