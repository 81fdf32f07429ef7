/**
 * An engine of plain loops in float64 for small graphs (input, batchNorm, relu, dense, mean, softmaxCrossEntropy): an
 * independent reading of the contract, slow and easy to check.
 */
import type {
  Engine,
  InferenceProgram,
  TrainingOptions,
  TrainingProgram,
  TrainingResult,
  TrainingStep,
} from '../../src/engine/engine.js';
import type { Graph, GraphNode, Tensors } from '../../src/graph/graph.js';
import { sizeOf } from '../../src/graph/graph.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';

type Maps = Map<string, Float64Array>;

/** A node with what its formulas need. `rows`: positions of all clips; the maps are `[rows, channels]`. */
interface Call {
  readonly node: GraphNode;
  readonly x: Float64Array;
  readonly rows: number;
  readonly channelsIn: number;
  readonly channels: number;
  readonly tensors: Tensors;
}

export function createNaiveEngine(kernels = 'naive'): Engine {
  return {
    name: 'naive',
    kernels,
    compileInference: async (graph) => inferenceProgram(graph),
    compileTraining: async (graph, options) => trainingProgram(graph, options),
    dispose: () => {},
  };
}

function inferenceProgram(graph: Graph): InferenceProgram {
  const tensors: Tensors = { ...initializeParameters(graph, 0), ...initializeStatistics(graph) };
  return {
    assign: (given) => {
      for (const name of Object.keys(tensors)) tensors[name] = Float32Array.from(given[name]);
    },
    run: (inputs, count) => outputsOf(graph, forward(graph, inputs, count, tensors)),
    dispose: () => {},
  };
}

function trainingProgram(graph: Graph, { normShard = 32 }: TrainingOptions): TrainingProgram {
  const parameters = initializeParameters(graph, 0);
  return {
    parameters,
    step: async (step) => runStep(graph, parameters, step, normShard),
    dispose: () => {},
  };
}

/** Shards one after the other; each is a batch of its own for BatchNorm. */
function runStep(graph: Graph, parameters: Tensors, step: TrainingStep, normShard: number): TrainingResult {
  const total = { loss: 0, gradients: zeros(graph.parameters), moments: zeros(graph.statistics) };
  const outputs: Record<string, number[]> = Object.fromEntries(graph.outputs.map((name) => [name, []]));
  for (let start = 0; start < step.count; start += normShard) {
    const count = Math.min(normShard, step.count - start);
    const inputs = Object.fromEntries(
      graph.inputs.map((name) => {
        const size = sizeOf(nodeOf(graph, name).shape);
        return [name, step.inputs[name].subarray(start * size, (start + count) * size)];
      }),
    );
    const moments: Tensors = {};
    const maps = forward(graph, inputs, count, parameters, moments);
    const weights = Array.from(
      { length: count },
      (_, i) => (step.sampleWeights?.[start + i] ?? 1) / step.count,
    );
    for (const name of graph.losses) {
      weights.forEach((weight, i) => {
        total.loss += weight * maps.get(name)![i];
      });
    }
    if (step.backward !== false) backward(graph, maps, { count, weights, parameters }, total.gradients);
    for (const name of Object.keys(moments)) {
      moments[name].forEach((value, i) => {
        total.moments[name][i] += (value * count) / step.count;
      });
    }
    for (const name of graph.outputs) outputs[name].push(...maps.get(name)!);
  }
  const rounded = Object.fromEntries(graph.outputs.map((name) => [name, Float32Array.from(outputs[name])]));
  return { loss: total.loss, outputs: rounded, gradients: total.gradients, moments: total.moments };
}

function zeros(specs: Readonly<Record<string, { readonly shape: readonly number[] }>>): Tensors {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, new Float32Array(sizeOf(shape))]),
  );
}

function nodeOf(graph: Graph, name: string): GraphNode {
  return graph.nodes.find((node) => node.name === name)!;
}

function outputsOf(graph: Graph, maps: Maps): Tensors {
  return Object.fromEntries(graph.outputs.map((name) => [name, Float32Array.from(maps.get(name)!)]));
}

function callOf(graph: Graph, node: GraphNode, maps: Maps, tensors: Tensors): Call {
  const [, , channelsIn] = nodeOf(graph, node.inputs[0]).shape;
  const x = maps.get(node.inputs[0])!;
  return { node, x, rows: x.length / channelsIn, channelsIn, channels: node.shape[2], tensors };
}

/** All maps by node. With `moments` BatchNorm normalises by the batch and leaves what it found there. */
function forward(graph: Graph, inputs: Tensors, count: number, tensors: Tensors, moments?: Tensors): Maps {
  const maps: Maps = new Map();
  for (const node of graph.nodes) {
    if (node.op === 'input') {
      maps.set(node.name, Float64Array.from(inputs[node.name].subarray(0, count * sizeOf(node.shape))));
      continue;
    }
    const call = callOf(graph, node, maps, tensors);
    if (node.op === 'activation')
      maps.set(
        node.name,
        call.x.map((value) => Math.max(value, 0)),
      );
    else if (node.op === 'dense') maps.set(node.name, dense(call));
    else if (node.op === 'mean') maps.set(node.name, meanOf(call, count));
    else if (node.op === 'batchNorm') maps.set(node.name, batchNorm(call, moments));
    else if (node.op === 'softmaxCrossEntropy') {
      maps.set(node.name, crossEntropy(call, maps.get(node.inputs[1])!));
    } else throw new Error(`The naive engine has no ${node.op}`);
  }
  return maps;
}

function dense({ node, x, rows, channelsIn, channels, tensors }: Call): Float64Array {
  if (node.op !== 'dense') throw new Error(node.op);
  const y = new Float64Array(rows * channels);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < channels; o++) {
      let sum = node.bias ? tensors[node.bias][o] : 0;
      for (let i = 0; i < channelsIn; i++)
        sum += x[r * channelsIn + i] * tensors[node.weight][i * channels + o];
      y[r * channels + o] = sum;
    }
  }
  return y;
}

function meanOf({ x, rows, channels }: Call, count: number): Float64Array {
  const y = new Float64Array(count * channels);
  const positions = rows / count;
  x.forEach((value, i) => {
    y[Math.floor(i / (positions * channels)) * channels + (i % channels)] += value / positions;
  });
  return y;
}

function momentsOf(x: Float64Array, channels: number): { mean: Float64Array; variance: Float64Array } {
  const rows = x.length / channels;
  const mean = new Float64Array(channels);
  const variance = new Float64Array(channels);
  x.forEach((value, i) => {
    mean[i % channels] += value / rows;
  });
  x.forEach((value, i) => {
    variance[i % channels] += (value - mean[i % channels]) ** 2 / rows;
  });
  return { mean, variance };
}

function batchNorm({ node, x, channels, tensors }: Call, moments?: Tensors): Float64Array {
  if (node.op !== 'batchNorm') throw new Error(node.op);
  const found = moments && momentsOf(x, channels);
  if (moments && found) {
    moments[node.mean] = Float32Array.from(found.mean);
    moments[node.variance] = Float32Array.from(found.variance);
  }
  const mean = found?.mean ?? tensors[node.mean];
  const variance = found?.variance ?? tensors[node.variance];
  return x.map((value, i) => {
    const c = i % channels;
    const unit = (value - mean[c]) / Math.sqrt(variance[c] + node.epsilon);
    return unit * tensors[node.gamma][c] + tensors[node.beta][c];
  });
}

function softmax(row: Float64Array): Float64Array {
  const top = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((value) => value / sum);
}

function crossEntropy({ node, x, rows, channelsIn }: Call, targets: Float64Array): Float64Array {
  if (node.op !== 'softmaxCrossEntropy') throw new Error(node.op);
  return Float64Array.from({ length: rows }, (_, r) => {
    const row = softmax(
      x.slice(r * channelsIn, (r + 1) * channelsIn).map((value) => value / node.temperature),
    );
    return -node.weight * row.reduce((sum, p, i) => sum + targets[r * channelsIn + i] * Math.log(p), 0);
  });
}

interface Run {
  readonly count: number;
  readonly weights: readonly number[];
  readonly parameters: Tensors;
}

/** Adds the gradients of Σ weight · loss to `gradients`. */
function backward(graph: Graph, maps: Maps, { count, weights, parameters }: Run, gradients: Tensors): void {
  const slopes: Maps = new Map(
    graph.nodes.map(({ name }) => [name, new Float64Array(maps.get(name)!.length)]),
  );
  for (const node of [...graph.nodes].reverse()) {
    if (node.op === 'input') continue;
    const call = callOf(graph, node, maps, parameters);
    const dx = slopes.get(node.inputs[0])!;
    const dy = slopes.get(node.name)!;
    if (node.op === 'softmaxCrossEntropy') {
      crossEntropySlope(call, maps.get(node.inputs[1])!, weights, dx);
    } else if (node.op === 'activation') {
      dy.forEach((slope, i) => {
        if (call.x[i] > 0) dx[i] += slope;
      });
    } else if (node.op === 'mean') {
      const positions = call.rows / count;
      dx.forEach((_, i) => {
        const clip = Math.floor(i / (positions * call.channels));
        dx[i] += dy[clip * call.channels + (i % call.channels)] / positions;
      });
    } else if (node.op === 'dense') denseSlope(call, dy, dx, gradients);
    else if (node.op === 'batchNorm') batchNormSlope(call, dy, dx, gradients);
  }
}

function crossEntropySlope(
  { node, x, rows, channelsIn }: Call,
  targets: Float64Array,
  weights: readonly number[],
  dx: Float64Array,
): void {
  if (node.op !== 'softmaxCrossEntropy') throw new Error(node.op);
  for (let r = 0; r < rows; r++) {
    const from = r * channelsIn;
    const p = softmax(x.slice(from, from + channelsIn).map((value) => value / node.temperature));
    const mass = targets.slice(from, from + channelsIn).reduce((a, b) => a + b, 0);
    for (let i = 0; i < channelsIn; i++) {
      dx[from + i] += (weights[r] * node.weight * (mass * p[i] - targets[from + i])) / node.temperature;
    }
  }
}

function denseSlope(
  { node, x, rows, channelsIn, channels, tensors }: Call,
  dy: Float64Array,
  dx: Float64Array,
  gradients: Tensors,
): void {
  if (node.op !== 'dense') throw new Error(node.op);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < channels; o++) {
      const slope = dy[r * channels + o];
      if (node.bias) gradients[node.bias][o] += slope;
      for (let i = 0; i < channelsIn; i++) {
        gradients[node.weight][i * channels + o] += slope * x[r * channelsIn + i];
        dx[r * channelsIn + i] += slope * tensors[node.weight][i * channels + o];
      }
    }
  }
}

function batchNormSlope(
  { node, x, rows, channels, tensors }: Call,
  dy: Float64Array,
  dx: Float64Array,
  gradients: Tensors,
): void {
  if (node.op !== 'batchNorm') throw new Error(node.op);
  const { mean, variance } = momentsOf(x, channels);
  for (let c = 0; c < channels; c++) {
    const scale = 1 / Math.sqrt(variance[c] + node.epsilon);
    let slopeSum = 0;
    let productSum = 0;
    for (let i = c; i < x.length; i += channels) {
      slopeSum += dy[i];
      productSum += dy[i] * (x[i] - mean[c]) * scale;
    }
    gradients[node.beta][c] += slopeSum;
    gradients[node.gamma][c] += productSum;
    for (let i = c; i < x.length; i += channels) {
      const unit = (x[i] - mean[c]) * scale;
      dx[i] += tensors[node.gamma][c] * scale * (dy[i] - slopeSum / rows - (unit * productSum) / rows);
    }
  }
}
