/** One shard of a training step (forward, loss, gradients) and the sum of all shards. */
import type { Graph, Tensors } from '../../graph/graph.js';
import { nodesByName, sizeOf } from '../../graph/graph.js';
import type { TrainingStep } from '../engine.js';
import type { NativeKernels } from './native-kernels.js';
import { runGraph } from './run-graph.js';
import { batched, type NamedTensors, type Tensor, type Tensor4D, type TensorFlow } from './tensorflow.js';

/** Tensors of some consecutive clips of a batch, or of all. */
export interface Shard {
  readonly loss: Tensor;
  readonly outputs: NamedTensors;
  readonly moments: NamedTensors;
  readonly parameterGradients: NamedTensors;
  readonly inputGradients: NamedTensors;
}

export interface ShardRun {
  readonly tf: TensorFlow;
  readonly native?: NativeKernels;
  readonly graph: Graph;
  readonly step: TrainingStep;
  readonly parameters: NamedTensors;
  readonly gradientsOf: readonly string[];
  readonly firstClip: number;
  readonly clips: number;
}

type Forward = Omit<Shard, 'parameterGradients' | 'inputGradients'>;

/** Runs clips `firstClip … firstClip + clips − 1`; to be called inside `tf.tidy`. */
export function runShard(run: ShardRun): Shard {
  const { tf, parameters, gradientsOf, step } = run;
  const inputs = clipMaps(run, run.graph.inputs, step.inputs);
  const held: Tensor[] = [];
  // What a forward pass makes dies with it: its results are held until the gradients are there.
  const hold = (tensor: Tensor) => {
    const kept = tf.keep(tf.clone(tensor));
    held.push(kept);
    return kept;
  };
  let forward: Forward | undefined;
  const objective = () => {
    const { total, ...results } = runForward(run, inputs);
    forward = {
      loss: hold(results.loss),
      outputs: mapValues(results.outputs, hold),
      moments: mapValues(results.moments, hold),
    };
    return total;
  };
  try {
    const wanted = { ...parameters, ...Object.fromEntries(gradientsOf.map((name) => [name, inputs[name]])) };
    const gradients = differentiate(run, objective, wanted);
    const release = (tensor: Tensor) => tf.clone(tensor);
    const { loss, outputs, moments } = forward!;
    return {
      loss: release(loss),
      outputs: mapValues(outputs, release),
      moments: mapValues(moments, release),
      parameterGradients: pick(gradients, Object.keys(parameters)),
      inputGradients: pick(gradients, gradientsOf),
    };
  } finally {
    for (const tensor of held) tensor.dispose();
  }
}

function runForward(run: ShardRun, inputs: Record<string, Tensor4D>): Forward & { total: Tensor } {
  const { tf, native, graph, step, parameters, clips, firstClip } = run;
  const moments: NamedTensors = {};
  const maps = runGraph(graph.nodes, inputs, {
    tf,
    native,
    constants: new Set(graph.inputs.filter((name) => !run.gradientsOf.includes(name))),
    training: true,
    parameters,
    statistics: {},
    clips,
    firstClip,
    seed: step.seed,
    onMoments: (name, tensor) => {
      moments[name] = tf.reshape(tensor, [-1]);
    },
  });
  const factors = Float32Array.from({ length: clips }, (_, i) => {
    return (step.sampleWeights?.[firstClip + i] ?? 1) / step.count;
  });
  const weights = tf.tensor4d(factors, [clips, 1, 1, 1]);
  const losses = graph.losses.map((name) => tf.sum(tf.mul(maps.get(name)!, weights)));
  const loss = losses.reduce((sum, term) => tf.add(sum, term), tf.scalar(0) as Tensor);
  const given = clipMaps(run, Object.keys(step.outputGradients ?? {}), step.outputGradients ?? {});
  const products = Object.entries(given).map(([name, factor]) => tf.sum(tf.mul(maps.get(name)!, factor)));
  const total = products.reduce((sum, term) => tf.add(sum, term), loss);
  const outputs = Object.fromEntries(graph.outputs.map((name) => [name, maps.get(name)!]));
  return { loss, outputs, moments, total };
}

/** Gradients by name, zeros for what the objective does not depend on; nothing for a step without a backward pass. */
function differentiate(run: ShardRun, objective: () => Tensor, wanted: NamedTensors): NamedTensors {
  const { tf, step } = run;
  const names = Object.keys(wanted);
  if (step.backward === false || names.length === 0) {
    tf.tidy(objective);
    return {};
  }
  const { grads } = tf.engine().gradients(objective, Object.values(wanted), undefined, true);
  return Object.fromEntries(names.map((name, i) => [name, grads[i] ?? tf.zerosLike(wanted[name])]));
}

/** The arrays of this shard's clips as tensors. */
function clipMaps(run: ShardRun, names: readonly string[], arrays: Tensors): Record<string, Tensor4D> {
  const { tf, graph, firstClip, clips } = run;
  const nodes = nodesByName(graph);
  return Object.fromEntries(
    names.map((name) => {
      const { shape } = nodes.get(name)!;
      const size = sizeOf(shape);
      const values = arrays[name].subarray(firstClip * size, (firstClip + clips) * size);
      return [name, tf.tensor4d(values, batched(clips, shape))];
    }),
  );
}

/** Sums losses and gradients of parameters, joins maps, averages moments weighted by `clips`. */
export function mergeShards(tf: TensorFlow, shards: readonly Shard[], clips: readonly number[]): Shard {
  if (shards.length === 1) return shards[0];
  const count = clips.reduce((sum, size) => sum + size, 0);
  const merge = (part: 'outputs' | 'moments' | 'parameterGradients' | 'inputGradients', join: Join) =>
    mapValues(shards[0][part], (_, name) => join(shards.map((shard) => shard[part][name])));
  const concat: Join = (tensors) => tf.concat([...tensors], 0);
  return {
    loss: tf.addN(shards.map(({ loss }) => loss)),
    outputs: merge('outputs', concat),
    moments: merge('moments', (tensors) =>
      tf.addN(tensors.map((tensor, i) => tf.mul(tensor, clips[i] / count))),
    ),
    parameterGradients: merge('parameterGradients', (tensors) => tf.addN([...tensors])),
    inputGradients: merge('inputGradients', concat),
  };
}

type Join = (tensors: readonly Tensor[]) => Tensor;

function mapValues(tensors: NamedTensors, change: (tensor: Tensor, name: string) => Tensor): NamedTensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, change(tensor, name)]));
}

function pick(tensors: NamedTensors, names: readonly string[]): NamedTensors {
  return Object.fromEntries(names.filter((name) => name in tensors).map((name) => [name, tensors[name]]));
}
