/** The branches of a network that chooses, each as a program for the clips that go through it. */
import type { Engine, TrainingProgram, TrainingResult } from '../../engine/engine.js';
import {
  type Graph,
  type GraphNode,
  nodesByName,
  type Shape,
  sizeOf,
  type Tensors,
} from '../../graph/graph.js';
import { firstNonFinite } from '../divergence.js';
import { TARGETS, TEACHER, withLoss } from '../loss.js';
import type { Recipe } from '../recipe.js';
import { clipLogits } from '../scores.js';

/** The input that multiplies a branch's logits: 1, there for its gradient. */
const GATE = 'route-gate';

/** What one clip of a batch is, row by row. */
export interface Rows {
  readonly features: Float32Array;
  readonly targets: Float32Array;
  readonly teacher?: Float32Array;
  readonly sampleWeights?: Float32Array;
}

export interface BranchStep {
  readonly rows: Rows;
  /** Which rows go through the branch, ascending; one or more. */
  readonly clips: ArrayLike<number>;
  /** What their mean loss counts in the whole. */
  readonly share: number;
  readonly seed: number;
  readonly backward: boolean;
}

export interface BranchResult extends TrainingResult {
  /** `[clips, labels]`. */
  readonly logits: Float32Array;
  /** Of the loss by each clip's gate. */
  readonly gateGradients: Float32Array;
}

export interface BranchOptions {
  readonly engine: Engine;
  /** One input, one output of logits. */
  readonly graph: Graph;
  readonly recipe: Recipe;
  readonly distills: boolean;
  readonly threads?: number;
}

export class BranchProgram {
  readonly program: TrainingProgram;
  readonly #options: BranchOptions;
  readonly #lossGraph: Graph;
  readonly #inputs: Tensors;
  readonly #shape: Shape;
  #last: { count: number; seed: number } | undefined;

  private constructor(options: BranchOptions, lossGraph: Graph, program: TrainingProgram) {
    this.#options = options;
    this.#lossGraph = lossGraph;
    this.program = program;
    const nodes = nodesByName(lossGraph);
    const { batchSize } = options.recipe;
    this.#shape = nodes.get(lossGraph.outputs[0])!.shape;
    this.#inputs = Object.fromEntries(
      lossGraph.inputs.map((name) => [name, new Float32Array(batchSize * sizeOf(nodes.get(name)!.shape))]),
    );
    this.#inputs[GATE].fill(1);
  }

  static async compile(options: BranchOptions): Promise<BranchProgram> {
    const { engine, graph, recipe, distills, threads } = options;
    const lossGraph = withLoss(gated(graph), distills ? { distillation: recipe.distillation } : {});
    const program = await engine.compileTraining(lossGraph, {
      maxBatch: recipe.batchSize,
      normShard: recipe.normShard,
      gradientsOf: [GATE],
      ...(threads !== undefined && { threads }),
    });
    return new BranchProgram(options, lossGraph, program);
  }

  /** Runs some clips of a batch, as a batch of their own: no other clip reaches its norms. */
  async step({ rows, clips, share, seed, backward }: BranchStep): Promise<BranchResult> {
    const count = clips.length;
    const weights = new Float32Array(count);
    for (let i = 0; i < count; i++) weights[i] = share * (rows.sampleWeights?.[clips[i]] ?? 1);
    this.#gather(this.#options.graph.inputs[0], rows.features, clips);
    this.#gather(TARGETS, rows.targets, clips);
    if (rows.teacher) this.#gather(TEACHER, rows.teacher, clips);
    this.#last = { count, seed };
    const inputs = this.#inputs;
    const result = await this.program.step({ inputs, count, seed, sampleWeights: weights, backward });
    const { [GATE]: gateGradients, ...gradients } = result.gradients;
    const logits = clipLogits(result.outputs[this.#lossGraph.outputs[0]], count, this.#shape);
    return { ...result, gradients, gateGradients, logits };
  }

  dispose(): void {
    this.program.dispose();
  }

  /** Where in the last step a number first ceased to be finite. */
  async placeOfDivergence(): Promise<string | undefined> {
    const { engine, recipe } = this.#options;
    if (!this.#last) return undefined;
    const { parameters } = this.program;
    const { normShard } = recipe;
    const step = { engine, graph: this.#lossGraph, parameters, inputs: this.#inputs, normShard };
    return firstNonFinite({ ...step, ...this.#last });
  }

  #gather(name: string, from: Float32Array, clips: ArrayLike<number>): void {
    const to = this.#inputs[name];
    const size = to.length / this.#options.recipe.batchSize;
    for (let i = 0; i < clips.length; i++)
      to.set(from.subarray(clips[i] * size, (clips[i] + 1) * size), i * size);
  }
}

/** The graph with its logits times an input of one number. */
function gated(graph: Graph): Graph {
  const [output] = graph.outputs;
  const { shape } = nodesByName(graph).get(output)!;
  const added: readonly GraphNode[] = [
    { op: 'input', name: GATE, inputs: [], shape: [1, 1, 1] },
    { op: 'multiply', name: 'routed-logits', inputs: [output, GATE], shape },
  ];
  return {
    ...graph,
    nodes: [...graph.nodes, ...added],
    inputs: [...graph.inputs, GATE],
    outputs: ['routed-logits'],
  };
}
