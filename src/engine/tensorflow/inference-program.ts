import { EngineError } from '../../errors.js';
import type { Graph, GraphNode, Tensors } from '../../graph/graph.js';
import { sizeOf } from '../../graph/graph.js';
import { checkCount, checkMaps, checkTensors } from '../check-arguments.js';
import type { InferenceProgram } from '../engine.js';
import { neededNodes, runGraph } from './run-graph.js';
import { batched, type NamedTensors, type Tensor, type Tensor4D, type TensorFlow } from './tensorflow.js';

/** A graph in inference: nodes that no output needs are left out. Parameters live on the backend until disposed of. */
export class TensorflowInference implements InferenceProgram {
  readonly #tf: TensorFlow;
  readonly #graph: Graph;
  readonly #maxBatch: number;
  readonly #nodes: readonly GraphNode[];
  #tensors: NamedTensors | undefined;

  constructor(tf: TensorFlow, graph: Graph, maxBatch: number) {
    this.#tf = tf;
    this.#graph = graph;
    this.#maxBatch = maxBatch;
    this.#nodes = neededNodes(graph.nodes, graph.outputs);
  }

  assign(tensors: Tensors): void {
    checkTensors(this.#graph, tensors);
    this.dispose();
    const specs = Object.entries({ ...this.#graph.parameters, ...this.#graph.statistics });
    // Copied: the cpu backend keeps the array it is given.
    this.#tensors = Object.fromEntries(
      specs.map(([name, { shape }]) => [
        name,
        this.#tf.keep(this.#tf.tensor(tensors[name].slice(), [...shape])),
      ]),
    );
  }

  run(inputs: Tensors, count: number): Tensors {
    if (!this.#tensors)
      throw new EngineError('not-assigned', `Cannot run ${this.#graph.name}: expected parameters, got none`);
    const needed = this.#nodes.filter((node) => node.op === 'input');
    checkCount(count, this.#maxBatch);
    checkMaps(
      this.#graph,
      needed.map((node) => node.name),
      inputs,
      count,
    );
    const outputs = this.#tf.tidy(() => this.#forward(needed, inputs, count));
    const result: Tensors = {};
    for (const [name, tensor] of Object.entries(outputs)) {
      result[name] = (tensor.dataSync() as Float32Array).slice();
      tensor.dispose();
    }
    return result;
  }

  #forward(needed: readonly GraphNode[], inputs: Tensors, count: number): NamedTensors {
    const tf = this.#tf;
    const given: Record<string, Tensor4D> = {};
    for (const { name, shape } of needed)
      given[name] = tf.tensor4d(inputs[name].subarray(0, count * sizeOf(shape)), batched(count, shape));
    const maps = runGraph(this.#nodes, given, {
      tf,
      training: false,
      parameters: this.#tensors!,
      statistics: this.#tensors!,
      clips: count,
      firstClip: 0,
      seed: 0,
      onMoments: () => {},
    });
    return Object.fromEntries(this.#graph.outputs.map((name) => [name, tf.clone(maps.get(name)! as Tensor)]));
  }

  dispose(): void {
    for (const tensor of Object.values(this.#tensors ?? {})) tensor.dispose();
    this.#tensors = undefined;
  }
}
