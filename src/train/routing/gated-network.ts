/** A network that chooses, whose gates pick among the answers of all its branches, in training. */
import type { InferenceProgram, TrainingProgram, TrainingResult } from '../../engine/engine.js';
import type { Graph, Tensors } from '../../graph/graph.js';
import { splitFrozen } from '../freeze.js';
import { TARGETS, TEACHER, withLoss } from '../loss.js';
import type { NetworkOptions } from '../training-network.js';
import type { ChoiceStep } from './chooser.js';

export class GatedNetwork {
  /** Of the whole, or of the predictor and what comes behind it if the branches stand still. */
  readonly program: TrainingProgram;
  /** The branches that stand still, as in use: running statistics, no dropout. */
  readonly #trunk: InferenceProgram | undefined;
  readonly #options: NetworkOptions;
  readonly #gate: string;

  private constructor(
    options: NetworkOptions,
    gate: string,
    { program, trunk }: { program: TrainingProgram; trunk?: InferenceProgram },
  ) {
    this.#options = options;
    this.#gate = gate;
    this.program = program;
    this.#trunk = trunk;
  }

  /** Only the parameters named in `trained` get gradients; the others' part of the network is run forward alone. */
  static async compile(
    options: NetworkOptions,
    { graph, gate, trained }: { graph: Graph; gate: string; trained: ReadonlySet<string> },
  ): Promise<GatedNetwork> {
    const { engine, recipe, teacher, threads } = options;
    const { batchSize: maxBatch, normShard } = recipe;
    const { tail, trunk } = splitFrozen(graph, trained);
    const lossGraph = withLoss(tail, teacher ? { distillation: recipe.distillation } : {});
    const gatedGraph = { ...lossGraph, outputs: [...lossGraph.outputs, gate] };
    const settings = { maxBatch, normShard, ...(threads !== undefined && { threads }) };
    const program = await engine.compileTraining(gatedGraph, settings);
    if (!trunk) return new GatedNetwork(options, gate, { program });
    try {
      const still = await engine.compileInference(trunk, { maxBatch });
      return new GatedNetwork(options, gate, { program, trunk: still });
    } catch (error) {
      program.dispose();
      throw error;
    }
  }

  /** Puts in the branches that stand still; they stay as they are until the next call. */
  hold(parameters: Tensors): void {
    this.#trunk?.assign({ ...parameters, ...this.#options.weights.statistics });
  }

  step({ rows, count, seed, backward, gateGradients }: ChoiceStep): Promise<TrainingResult> {
    const { features, targets, teacher, sampleWeights } = rows;
    const input = { [this.#options.graph.inputs[0]]: features };
    const answers = this.#trunk?.run(input, count);
    return this.program.step({
      inputs: { ...input, ...answers, [TARGETS]: targets, ...(teacher && { [TEACHER]: teacher }) },
      ...(sampleWeights && { sampleWeights }),
      outputGradients: { [this.#gate]: gateGradients },
      ...{ count, seed, backward },
    });
  }

  dispose(): void {
    this.program.dispose();
    this.#trunk?.dispose();
  }
}
