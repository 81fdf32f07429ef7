import { ConfigError, EngineError, ShapeError } from '../../errors.js';
import type { Graph, Tensors } from '../../graph/graph.js';
import { sizeOf } from '../../graph/graph.js';
import { checkCount, checkMaps, checkNames } from '../check-arguments.js';
import type { TrainingOptions, TrainingProgram, TrainingResult, TrainingStep } from '../engine.js';
import { engineFailure } from './failure.js';
import type { NativeKernels } from './native-kernels.js';
import { mergeShards, runShard, type Shard } from './shards.js';
import type { NamedTensors, Tensor, TensorFlow } from './tensorflow.js';

/** TensorFlow.js on the backend in use. */
export interface Backend {
  readonly tf: TensorFlow;
  readonly native?: NativeKernels;
}

/** A graph in training: shards of `normShard` clips run one after the other, their gradients are summed in that order. */
export class TensorflowTraining implements TrainingProgram {
  readonly parameters: Tensors = {};
  readonly #tf: TensorFlow;
  readonly #native: NativeKernels | undefined;
  readonly #graph: Graph;
  readonly #maxBatch: number;
  readonly #shardClips: number;
  readonly #gradientsOf: readonly string[];
  #disposed = false;

  constructor({ tf, native }: Backend, graph: Graph, options: TrainingOptions) {
    const { maxBatch, normShard = 32, gradientsOf = [] } = options;
    checkNames('input', graph.inputs, gradientsOf);
    if (!(Number.isInteger(normShard) && normShard >= 1))
      throw new ConfigError('norm-shard', `Cannot train: expected normShard of 1 or more, got ${normShard}`);
    this.#tf = tf;
    this.#native = native;
    this.#graph = graph;
    this.#maxBatch = maxBatch;
    // Nothing but norms ties the clips of a batch together.
    this.#shardClips = Object.keys(graph.statistics).length > 0 ? normShard : maxBatch;
    this.#gradientsOf = gradientsOf;
    for (const [name, { shape }] of Object.entries(graph.parameters))
      this.parameters[name] = new Float32Array(sizeOf(shape));
  }

  async step(step: TrainingStep): Promise<TrainingResult> {
    this.#check(step);
    try {
      const whole = this.#tf.tidy(() => this.#run(step) as never) as Shard;
      return await this.#read(whole);
    } catch (error) {
      throw engineFailure(this.#tf, this.#graph, error);
    }
  }

  #check(step: TrainingStep): void {
    const { count, inputs, outputGradients = {}, sampleWeights } = step;
    const { name, inputs: inputNames, outputs } = this.#graph;
    if (this.#disposed)
      throw new EngineError('disposed', `Cannot train ${name}: expected a live program, got a disposed one`);
    checkCount(count, this.#maxBatch);
    checkMaps(this.#graph, inputNames, inputs, count);
    checkNames('output', outputs, Object.keys(outputGradients));
    checkMaps(this.#graph, Object.keys(outputGradients), outputGradients, count);
    if (sampleWeights && sampleWeights.length < count)
      throw new ShapeError(
        'sample-weights',
        `Cannot weigh samples: expected ${count} numbers, got ${sampleWeights.length}`,
      );
  }

  #run(step: TrainingStep): Shard {
    const tf = this.#tf;
    const parameters: NamedTensors = {};
    for (const [name, { shape }] of Object.entries(this.#graph.parameters))
      parameters[name] = tf.tensor(this.parameters[name], [...shape]);
    const shards: Shard[] = [];
    const sizes: number[] = [];
    for (let firstClip = 0; firstClip < step.count; firstClip += this.#shardClips) {
      const clips = Math.min(this.#shardClips, step.count - firstClip);
      const shared = { tf, native: this.#native, graph: this.#graph, gradientsOf: this.#gradientsOf };
      shards.push(
        tf.tidy(() => runShard({ ...shared, step, parameters, firstClip, clips }) as never) as Shard,
      );
      sizes.push(clips);
    }
    return mergeShards(tf, shards, sizes);
  }

  /** Arrays are copied: tensors of the cpu backend may share memory with what the caller gave. */
  async #read({ loss, outputs, moments, ...gradients }: Shard): Promise<TrainingResult> {
    const read = async (tensors: NamedTensors): Promise<Tensors> => {
      const entries = Object.entries(tensors).map(
        async ([name, tensor]) => [name, await take(tensor)] as const,
      );
      return Object.fromEntries(await Promise.all(entries));
    };
    const { parameterGradients, inputGradients } = gradients;
    return {
      loss: (await take(loss))[0],
      outputs: await read(outputs),
      gradients: await read({ ...parameterGradients, ...inputGradients }),
      moments: await read(moments),
    };
  }

  dispose(): void {
    this.#disposed = true;
  }
}

async function take(tensor: Tensor): Promise<Float32Array> {
  try {
    return ((await tensor.data()) as Float32Array).slice();
  } finally {
    tensor.dispose();
  }
}
