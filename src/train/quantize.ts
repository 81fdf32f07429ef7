/**
 * Post-training quantisation: BatchNorms folded, weights to 8-bit integers with a scale for each output channel, the maps that
 * convolutions read to seven bits between the extremes that calibration clips reach.
 * Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
 * section 2, https://arxiv.org/abs/1712.05877; different here: weights per channel and symmetric, maps in seven bits,
 * results of a product back to float32.
 */
import type { Engine } from '../engine/engine.js';
import { createWasmEngine } from '../engine/wasm/wasm-engine.js';
import { ConfigError, DataSetError, throwIfAborted } from '../errors.js';
import type { Model } from '../formats/model.js';
import { foldNorms, settleNorms, type TrainedGraph } from '../graph/fold-norms.js';
import { type Graph, type GraphNode, sizeOf, type Tensors } from '../graph/graph.js';
import {
  type ChannelIntegers,
  GRID_TOP,
  type Grid,
  type Quantization,
  weightNames,
  weightsOf,
} from '../graph/quantization.js';
import { halfToNumber, MAX_HALF, numberToHalf } from '../numerics/half.js';
import { addParity } from './add-parity.js';
import type { EvaluationSource } from './batches.js';
import { startFrontEnd } from './features/make-batches.js';

const BATCH = 8;
const INTEGER_TOP = 127;
/** A node that gives fewer positions (a gate, the last dense layer) is quicker in float32, */
const LEAST_POSITIONS = 16;
/** and so is one that reads fewer channels (the first layer), whose patches take longer to gather than to multiply. */
const LEAST_CHANNELS = 8;

export interface QuantizeOptions {
  /** Clips as the network was trained on; never those it is tested on. */
  readonly calibration: EvaluationSource;
  readonly signal?: AbortSignal;
  readonly onProgress?: (clipsDone: number, clips: number) => void;
}

/**
 * The model with int8 weights, and a parity clip scored with them. The same clips give the same model on any machine.
 *
 *     const clips = calibrationClips(dataSet, { clips: 256, seed: 1, name: 'speech-commands' });
 *     await loadClips(clips, { store });
 *     const calibration = await createEvaluationSource({ clips, store, frontEnd: model.frontEnd });
 *     await writeModelFile('small.safetensors', await quantizeModel(model, { calibration }));
 *
 * @throws ConfigError for a model that is quantised already or whose weights no half can scale; DataSetError without clips.
 */
export async function quantizeModel(model: Model, options: QuantizeOptions): Promise<Model> {
  requireUnquantized(model);
  if (options.calibration.clips === 0) {
    throw new DataSetError(
      'no-calibration-clips',
      `Cannot quantise ${model.name}: expected clips to calibrate with, got none`,
    );
  }
  const { parity: _, ...rest } = model;
  const folded = settleNorms(foldNorms(model));
  const weights = quantizeWeights(folded);
  const engine = await createWasmEngine();
  try {
    const ranges = await observe(folded, engine, options);
    const grids: Record<string, Grid> = {};
    for (const node of productNodes(folded.graph)) grids[node.name] = gridOf(ranges.get(node.inputs[0])!);
    const parameters = storedParameters(folded, weights);
    const quantized: Model = { ...rest, ...folded, parameters, quantization: { weights, grids } };
    return await addParity(quantized, engine, await startFrontEnd(model.frontEnd, 'wasm'));
  } finally {
    engine.dispose();
  }
}

/** @throws ConfigError `already-quantized` */
export function requireUnquantized(model: Model): void {
  if (!model.quantization) return;
  throw new ConfigError(
    'already-quantized',
    `Cannot quantise ${model.name}: expected a model of float32 weights, got one quantised before`,
    { value: model.name },
  );
}

/** Nodes that are to multiply whole numbers. */
function productNodes({ nodes }: Graph): GraphNode[] {
  const channels = new Map(nodes.map(({ name, shape }) => [name, shape[2]]));
  return nodes.filter((node) => {
    if (node.op !== 'conv2d' && node.op !== 'dense') return false;
    const read = channels.get(node.inputs[0])! / (node.op === 'conv2d' ? node.groups : 1);
    return node.shape[0] * node.shape[1] >= LEAST_POSITIONS && read >= LEAST_CHANNELS;
  });
}

function quantizeWeights({ graph, parameters }: TrainedGraph): Quantization['weights'] {
  const entries = [...weightNames(graph.nodes)].map(([name, outputs]): [string, ChannelIntegers] => {
    const weight = parameters[name];
    const tops = new Float64Array(outputs);
    weight.forEach((value, i) => {
      tops[i % outputs] = Math.max(tops[i % outputs], Math.abs(value));
    });
    const scales = Float32Array.from(tops, (top) => halfAtLeast(top / INTEGER_TOP, name));
    return [
      name,
      { integers: Int8Array.from(weight, (value, i) => Math.round(value / scales[i % outputs])), scales },
    ];
  });
  return Object.fromEntries(entries);
}

/** The least half that is not below a number, and not 0. */
function halfAtLeast(value: number, name: string): number {
  if (value > MAX_HALF) throw outOfRange(name, value);
  const nearest = numberToHalf(value);
  const half = halfToNumber(nearest) < value || nearest === 0 ? nearest + 1 : nearest;
  if (half >= 0x7c00) throw outOfRange(name, value);
  return halfToNumber(half);
}

function outOfRange(name: string, value: number): ConfigError {
  return new ConfigError(
    'quantize-range',
    `Cannot quantise ${name}: expected numbers that 16 bits can scale, got ${value}`,
    { value: name },
  );
}

/** Parameters as a file gives them back: weights on their integers, the rest as halves. */
function storedParameters({ graph, parameters }: TrainedGraph, weights: Quantization['weights']): Tensors {
  const entries = Object.keys(graph.parameters).map((name): [string, Float32Array] => {
    if (name in weights) return [name, weightsOf(weights[name])];
    return [name, parameters[name].map((value) => halfToNumber(checkedHalf(value, name)))];
  });
  return Object.fromEntries(entries);
}

function checkedHalf(value: number, name: string): number {
  if (Math.abs(value) > MAX_HALF) throw outOfRange(name, value);
  return numberToHalf(value);
}

/** What a map reaches over all clips; 0 always belongs to it, because padding puts it there. */
interface Range {
  least: number;
  most: number;
}

async function observe(
  trained: TrainedGraph,
  engine: Engine,
  options: QuantizeOptions,
): Promise<Map<string, Range>> {
  const { calibration, signal, onProgress } = options;
  const names = [...new Set(productNodes(trained.graph).map(({ inputs }) => inputs[0]))];
  const ranges = new Map(names.map((name): [string, Range] => [name, { least: 0, most: 0 }]));
  const [input] = trained.graph.inputs;
  const outputs = [...new Set([...trained.graph.outputs, ...names])].filter((name) => name !== input);
  const program = await engine.compileInference({ ...trained.graph, outputs }, { maxBatch: BATCH });
  const size = sizeOf(calibration.featureShape);
  const features = new Float32Array(BATCH * size);
  try {
    program.assign({ ...trained.parameters, ...trained.statistics });
    for (let start = 0; start < calibration.clips; start += BATCH) {
      throwIfAborted(signal);
      const count = Math.min(BATCH, calibration.clips - start);
      await calibration.read(start, count, features);
      const given = features.subarray(0, count * size);
      const maps: Tensors = { ...program.run({ [input]: given }, count), [input]: given };
      for (const [name, range] of ranges) widen(range, maps[name]);
      onProgress?.(start + count, calibration.clips);
    }
  } finally {
    program.dispose();
  }
  return ranges;
}

function widen(range: Range, map: Float32Array): void {
  for (const value of map) {
    if (value < range.least) range.least = value;
    if (value > range.most) range.most = value;
  }
}

/** A scale of four digits, which a file's text keeps whole. */
function gridOf({ least, most }: Range): Grid {
  const scale = Number(((most - least) / GRID_TOP).toPrecision(4)) || 1;
  return { scale, zero: Math.max(0, Math.min(GRID_TOP, Math.round(-least / scale))) };
}
