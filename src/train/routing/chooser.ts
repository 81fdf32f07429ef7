/** The predictor of a network that chooses, in training; and for soft routes the whole network behind it. */
import type { TrainingProgram, TrainingResult } from '../../engine/engine.js';
import type { Graph } from '../../graph/graph.js';
import { choosingParameters, type Routes } from '../../graph/routes.js';
import { subgraph } from '../../graph/subgraph.js';
import { indexOfLargest } from '../../numerics/scores.js';
import type { NetworkOptions } from '../training-network.js';
import type { Rows } from './branch-programs.js';
import { GatedNetwork } from './gated-network.js';

export interface ChoiceStep {
  readonly rows: Rows;
  readonly count: number;
  readonly seed: number;
  readonly backward: boolean;
  /** Put in at the gates, `[count, routes]`. */
  readonly gateGradients: Float32Array;
}

/** Of one temperature: a program is compiled for it. */
export class Chooser {
  readonly temperature: number;
  readonly predictor: TrainingProgram;
  /** For soft routes. */
  readonly whole: GatedNetwork | undefined;
  readonly #gate: string;
  readonly #input: string;

  private constructor(
    programs: Pick<Chooser, 'temperature' | 'predictor' | 'whole'>,
    gate: string,
    input: string,
  ) {
    this.temperature = programs.temperature;
    this.predictor = programs.predictor;
    this.whole = programs.whole;
    this.#gate = gate;
    this.#input = input;
  }

  static async compile(options: NetworkOptions, routes: Routes, temperature: number): Promise<Chooser> {
    const { engine, recipe, threads } = options;
    const { gate } = routes;
    const graph = withTemperature(options.graph, gate, temperature);
    const { batchSize: maxBatch, normShard, routing } = recipe;
    const settings = { maxBatch, normShard, ...(threads !== undefined && { threads }) };
    const predictor = await engine.compileTraining(subgraph(graph, [gate]), settings);
    const [input] = graph.inputs;
    if (routing?.route !== 'soft')
      return new Chooser({ temperature, predictor, whole: undefined }, gate, input);
    const names = routing.classifierRate === 0 ? choosingParameters(routes) : Object.keys(graph.parameters);
    try {
      const trained = new Set(names);
      const whole = await GatedNetwork.compile(options, { graph, gate, trained });
      return new Chooser({ temperature, predictor, whole }, gate, input);
    } catch (error) {
      predictor.dispose();
      throw error;
    }
  }

  get programs(): TrainingProgram[] {
    return this.whole ? [this.predictor, this.whole.program] : [this.predictor];
  }

  /** Which route each clip's gate draws. The same seed draws the same in the steps that follow. */
  async draw({ features }: Rows, count: number, seed: number): Promise<Int32Array> {
    const inputs = { [this.#input]: features };
    const { outputs } = await this.predictor.step({ inputs, count, seed, backward: false });
    const gates = outputs[this.#gate];
    const ways = gates.length / count;
    return Int32Array.from({ length: count }, (_, i) =>
      indexOfLargest(gates.subarray(i * ways, (i + 1) * ways)),
    );
  }

  /** Forward again, and back from the gates. */
  learn({ rows, count, seed, backward, gateGradients }: ChoiceStep): Promise<TrainingResult> {
    const inputs = { [this.#input]: rows.features };
    const outputGradients = { [this.#gate]: gateGradients };
    return this.predictor.step({ inputs, count, seed, backward, outputGradients });
  }

  dispose(): void {
    this.predictor.dispose();
    this.whole?.dispose();
  }
}

function withTemperature(graph: Graph, gate: string, temperature: number): Graph {
  const nodes = graph.nodes.map((node) =>
    node.name === gate && node.op === 'gumbelSoftmax' ? { ...node, temperature } : node,
  );
  return { ...graph, nodes };
}
