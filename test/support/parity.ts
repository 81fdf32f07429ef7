/** Whole networks on two engines: one training step each, every number compared. */
import { expect } from 'vitest';
import type { Engine, TrainingResult, TrainingStep } from '../../src/engine/engine.js';
import { HearkenError } from '../../src/errors.js';
import type { ActivationKind, BatchNormNode, Graph, GraphNode, Tensors } from '../../src/graph/graph.js';
import { isWeighted, nodesByName, sizeOf } from '../../src/graph/graph.js';
import type { ModelEntry } from '../../src/models/entry.js';
import { MODELS } from '../../src/models/models.js';
import { hashText, Random } from '../../src/numerics/random.js';
import { distributions, drawParameters, normals } from './case-data.js';

export const LABELS = 5;
const FRAMES = 16;
/** All but the DRNet of five resolutions, whose smallest is 3/7, run on maps that shrink 32 times. */
const IMAGE_SIDES = [32, 75];
/** A rectifier whose sign hangs on the last bit, one in a million, spoils a draw of numbers: one of these must do. */
const KEYS = [7, 8, 9, 10, 11];
/** Draws of a network that chooses a branch for each clip: those where a branch is taken by none leave it without gradients. */
const ROUTED_KEYS = Array.from({ length: 60 }, (_, i) => 7 + i);

export interface Batch {
  readonly count: number;
  readonly maxBatch: number;
  readonly normShard: number;
}

/** Two shards in a program for a clip more. */
export const SMALL_BATCH: Batch = { count: 4, maxBatch: 5, normShard: 2 };
/** Norms over the few positions of a band need more clips, or they multiply rounding errors. */
const LARGE_BATCH: Batch = { count: 6, maxBatch: 7, normShard: 3 };
/** From so many rectified numbers a clip on, every draw has some whose sign hangs on the last bit. */
const MANY_RECTIFIED = 120_000;

/** Activations whose slope jumps. */
const CORNERED: readonly ActivationKind[] = ['relu', 'relu6', 'leakyRelu', 'hardSwish', 'hardSigmoid'];

function isCornered(node: GraphNode): boolean {
  return node.op === 'activation' && CORNERED.includes(node.kind);
}

/** The network with smooth activations in the place of those whose slope jumps. */
export function smoothed(graph: Graph): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) =>
      node.op === 'activation' && isCornered(node) ? { ...node, kind: 'silu' } : node,
    ),
  };
}

/** One network of each family, small enough for the slow backend of the tensorflow engine. */
export const QUICK_MODELS: readonly string[] = [
  'bc-resnet-1',
  'ghost-25k',
  'ghostnet-tiny',
  'bl-resnet-tiny',
  'bl-am-tiny',
  'bl-ghostnet-tiny',
];

/** Names of the registered speech networks. */
export function speechModels(): string[] {
  const speech = Object.values(MODELS).filter(({ domain }) => domain === 'speech');
  return speech.map(({ name }) => name);
}

/** The speech networks that the quick tests leave out. */
export function slowModels(): ModelEntry[] {
  return speechModels()
    .filter((name) => !QUICK_MODELS.includes(name))
    .map((name) => MODELS[name]);
}

/**
 * A network on 16 frames, with a loss. One without time padding gets what its context needs and three
 * frames more: norms over one position a clip would multiply rounding errors.
 */
export function parityGraph(name: string): Graph {
  const { build, input, domain } = MODELS[name];
  if (domain === 'image') return withLoss(smallOriginal(name));
  const at = (frames: number) => build({ labels: LABELS, input: [frames, input[1], input[2]] });
  for (let frames = FRAMES; ; frames++) {
    try {
      at(frames);
    } catch (error) {
      if (frames >= input[0]) throw error;
      continue;
    }
    return withLoss(at(frames === FRAMES ? frames : frames + 3));
  }
}

/** A network for images on the smallest square that it takes. */
function smallOriginal(name: string): Graph {
  const { build, input } = MODELS[name];
  const squares = IMAGE_SIDES.map((side) => [side, side, input[2]] as const);
  for (const square of squares.slice(0, -1)) {
    try {
      return build({ labels: LABELS, input: square });
    } catch (error) {
      if (!(error instanceof HearkenError)) throw error;
    }
  }
  return build({ labels: LABELS, input: squares.at(-1)! });
}

/** Cross-entropy between the logits and an input `targets`. */
function withLoss(graph: Graph): Graph {
  const logits = nodesByName(graph).get('logits')!;
  const base = { shape: logits.shape, inputs: [] };
  return {
    ...graph,
    inputs: [...graph.inputs, 'targets'],
    losses: ['loss'],
    nodes: [
      ...graph.nodes,
      { ...base, op: 'input', name: 'targets' },
      {
        ...{ op: 'softmaxCrossEntropy', name: 'loss', shape: [1, 1, 1], inputs: ['logits', 'targets'] },
        ...{ temperature: 1, weight: 1 },
      },
    ],
  } as Graph;
}

export interface ParityData {
  readonly batch: Batch;
  readonly parameters: Tensors;
  readonly step: TrainingStep;
}

/** Random everything, γ too. */
export function parityData(graph: Graph, batch = SMALL_BATCH, key = KEYS[0]): ParityData {
  const { count } = batch;
  const nodes = nodesByName(graph);
  const sizeNamed = (name: string) => count * sizeOf(nodes.get(name)!.shape);
  const random = new Random(key, hashText(graph.name));
  const inputs = {
    features: normals(random, sizeNamed('features')),
    targets: distributions(random, sizeNamed('targets') / LABELS, LABELS),
  };
  const sampleWeights = Float32Array.from({ length: count }, () => random.between(0.5, 1.5));
  const outputGradients = { logits: normals(random, sizeNamed('logits'), 0.2) };
  return {
    batch,
    parameters: drawParameters(graph, key),
    step: { inputs, count, seed: 11, sampleWeights, outputGradients },
  };
}

export async function stepOn(engine: Engine, graph: Graph, data: ParityData): Promise<TrainingResult> {
  const { maxBatch, normShard } = data.batch;
  const program = await engine.compileTraining(graph, { maxBatch, normShard, gradientsOf: ['features'] });
  for (const [name, values] of Object.entries(data.parameters)) program.parameters[name].set(values);
  const result = structuredClone(await program.step(data.step));
  program.dispose();
  return result;
}

/** Inference with the moments of a training step as running statistics: random ones would blow a deep network up. */
export async function inferOn(
  engine: Engine,
  graph: Graph,
  data: ParityData,
  statistics: Tensors,
): Promise<Tensors> {
  const program = await engine.compileInference(graph, { maxBatch: data.batch.maxBatch });
  program.assign({ ...data.parameters, ...statistics });
  const outputs = structuredClone(program.run(data.step.inputs, data.step.count));
  program.dispose();
  return outputs;
}

/**
 * Parameters whose gradient is 0 but for rounding: biases, and β of norms, that shift a channel (β of bands: each band of it)
 * by a constant which every reader passes on as a constant until a norm takes it away.
 */
export function idleParameters(graph: Graph): Set<string> {
  const forgets = (name: string, shift: Shift): boolean => {
    if (graph.outputs.includes(name) || graph.losses.includes(name)) return false;
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
    return readers.every((node) =>
      node.op === 'batchNorm'
        ? node.bands % shift.bands === 0
        : keepsConstants(node) && keepsBands(node, shift) && forgets(node.name, shift),
    );
  };
  const idle = graph.nodes.flatMap((node) => {
    const isNorm = node.op === 'batchNorm';
    const name = isNorm ? node.beta : 'bias' in node && node.bias;
    const shift = { bands: isNorm ? node.bands : 1, frequency: node.shape[1] };
    return name && forgets(node.name, shift) ? [name] : [];
  });
  return new Set(idle);
}

/** A number added to each of so many bands of a map's frequencies. */
interface Shift {
  readonly bands: number;
  readonly frequency: number;
}

/** Whether numbers of a band stay in it. */
function keepsBands(node: GraphNode, { bands, frequency }: Shift): boolean {
  return bands === 1 || (node.shape[1] === frequency && !('kernel' in node && node.kernel[1] > 1));
}

/** Ops that turn a constant added to a channel into a constant added to channels. */
function keepsConstants(node: GraphNode): boolean {
  if (node.op === 'conv2d' || node.op === 'depthwiseConv2d' || node.op === 'avgPool')
    // Positions differ by how much of the padding they see; a map of one position has no other.
    return node.padding.flat().every((size) => size === 0) || node.shape[0] * node.shape[1] === 1;
  return [
    'add',
    'weightedSum',
    'dense',
    'concat',
    'slice',
    'padChannels',
    'channelShuffle',
    'resize',
    'mean',
  ].includes(node.op);
}

/** Largest |a − b| allowed: this part of the tensor's largest number. */
const RELATIVE = 1e-4;
/** Of gradients that came back through many layers: each adds its rounding. */
export const DEEP_RELATIVE = 1e-3;
const DEEP_LAYERS = 50;
/** Length of the difference of all gradients, of their length, where rectifiers may disagree on a few signs. */
const FEW_SIGNS = 0.01;

/**
 * Trains a step of a network: its loss is positive and every parameter gets a gradient. A draw that leaves a whole narrow
 * layer of rectifiers without a positive number is followed by another.
 */
export async function expectStep(engine: Engine, name: string): Promise<void> {
  const graph = parityGraph(name);
  await onOneDraw(await drawsOf(engine, graph, SMALL_BATCH), async (key) => {
    const { loss, gradients } = await stepOn(engine, graph, parityData(graph, SMALL_BATCH, key));
    expect(loss).toBeGreaterThan(0);
    expectEveryGradient(graph, gradients);
  });
}

/** Keys of draws to try; of a network that chooses branches, as many where each is taken. */
async function drawsOf(engine: Engine, graph: Graph, batch: Batch): Promise<readonly number[]> {
  if (!graph.nodes.some(({ op }) => op === 'gumbelSoftmax')) return KEYS;
  const keys: number[] = [];
  for (const key of ROUTED_KEYS) {
    const { gradients } = await stepOn(engine, graph, parityData(graph, batch, key));
    const learns = (name: string) => gradients[name].some((value) => value !== 0);
    const norms = graph.nodes
      .filter(({ op }) => op === 'batchNorm')
      .map((node) => (node as BatchNormNode).gamma);
    if (norms.every(learns)) keys.push(key);
    if (keys.length === KEYS.length) break;
  }
  expect(keys.length, `draws of ${graph.name} that take every branch`).toBeGreaterThan(0);
  return keys;
}

async function onOneDraw(keys: readonly number[], check: (key: number) => Promise<void>): Promise<void> {
  let failure: unknown;
  for (const key of keys) {
    try {
      return await check(key);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

export interface ParityOptions {
  readonly batch?: Batch;
  /** Allowed of a gradient, where it did not come back through many layers. */
  readonly ofGradients?: number;
}

type CompareGradients = (found: Tensors, expected: Tensors) => void;

/**
 * Trains a step of a network and infers on both engines, and compares every number. Networks with very many rectified numbers
 * have their gradients compared with smooth activations; with their own, all gradients together.
 */
export async function expectParity(
  found: Engine,
  expected: Engine,
  name: string,
  { batch = LARGE_BATCH, ofGradients = RELATIVE }: ParityOptions = {},
): Promise<void> {
  const graph = parityGraph(name);
  const relative = isDeep(graph) ? DEEP_RELATIVE : ofGradients;
  const same: CompareGradients = (...gradients) => expectSameGradients(...gradients, relative);
  const rectified = graph.nodes.filter(isCornered).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const keys = await drawsOf(found, graph, batch);
  if (rectified < MANY_RECTIFIED)
    return onOneDraw(keys, (key) =>
      expectParityOn(found, expected, graph, parityData(graph, batch, key), same),
    );
  await onOneDraw(keys, (key) =>
    expectParityOn(found, expected, graph, parityData(graph, batch, key), expectLikeGradients),
  );
  const smooth = smoothed(graph);
  await onOneDraw(keys, async (key) => {
    const data = parityData(graph, batch, key);
    same((await stepOn(found, smooth, data)).gradients, (await stepOn(expected, smooth, data)).gradients);
  });
}

async function expectParityOn(
  found: Engine,
  expected: Engine,
  graph: Graph,
  data: ParityData,
  compareGradients: CompareGradients,
): Promise<void> {
  const step = await stepOn(found, graph, data);
  const wanted = await stepOn(expected, graph, data);
  expectSameMaps(step.outputs, wanted.outputs);
  expectSameMaps(step.moments, wanted.moments);
  expect(Math.abs(step.loss - wanted.loss)).toBeLessThanOrEqual(RELATIVE * Math.abs(wanted.loss));
  compareGradients(step.gradients, wanted.gradients);
  expectEveryGradient(graph, step.gradients);
  const scores = await inferOn(found, graph, data, wanted.moments);
  expectSameMaps(scores, await inferOn(expected, graph, data, wanted.moments));
}

/** Number by number. Gradients far below the largest of the network carry the rounding of that one. */
export function expectSameGradients(found: Tensors, expected: Tensors, relative: number): void {
  expectSameMaps(found, expected, { floor: 0.01 * largestOf(expected), relative });
}

/** All gradients as one vector: a few signs more or less turn it by little. */
export function expectLikeGradients(found: Tensors, expected: Tensors): void {
  let difference = 0;
  let length = 0;
  for (const [name, values] of Object.entries(expected))
    values.forEach((value, i) => {
      difference += (value - found[name][i]) ** 2;
      length += value ** 2;
    });
  expect(Math.sqrt(difference / length)).toBeLessThanOrEqual(FEW_SIGNS);
}

function isDeep(graph: Graph): boolean {
  return graph.nodes.filter(isWeighted).length > DEEP_LAYERS;
}

export function expectSameMaps(
  found: Tensors,
  expected: Tensors,
  { floor = 0, relative = RELATIVE } = {},
): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected)) {
    const allowed = relative * Math.max(largest(values), floor);
    const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - found[name][i])), 0);
    expect(worst, `${name}: largest difference, of ${largest(values)}`).toBeLessThanOrEqual(allowed);
  }
}

/** Of the largest gradient: what rounding leaves where sums cancel. */
const IDLE = 1e-4;

/** Every parameter learns: a finite gradient that is not 0, except for the idle ones, whose gradient is nothing but rounding. */
export function expectEveryGradient(graph: Graph, gradients: Tensors): void {
  const idle = idleParameters(graph);
  const most = largestOf(gradients);
  for (const name of Object.keys(graph.parameters)) {
    expect(gradients[name].every(Number.isFinite), `${name} is finite`).toBe(true);
    const size = largest(gradients[name]);
    if (idle.has(name)) expect(size, `gradient of ${name}, idle`).toBeLessThan(IDLE * most);
    else expect(size, `gradient of ${name}`).toBeGreaterThan(1e-7 * most);
  }
}

function largest(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function largestOf(tensors: Tensors): number {
  return Math.max(...Object.values(tensors).map(largest));
}
