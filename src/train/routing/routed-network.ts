/**
 * A network that chooses its resolution, in training. First every clip goes through every branch and the predictor rests;
 * then each clip goes the way that its gate draws, and the gradient of its gate teaches the predictor.
 *
 * Source: Zhu et al., NeurIPS 2021, arXiv 2106.02898, sections 3.2 to 3.4.
 */
import type { TrainingProgram } from '../../engine/engine.js';
import { compileAll } from '../../engine/routed-program.js';
import { ConfigError } from '../../errors.js';
import { type Graph, nodesByName, type Tensors } from '../../graph/graph.js';
import type { Routes } from '../../graph/routes.js';
import type { Batch } from '../batches.js';
import { lastNonFinite } from '../divergence.js';
import {
  type LearningNetwork,
  type NetworkOptions,
  type NetworkStep,
  TeacherProgram,
} from '../training-network.js';
import { BranchProgram, type Rows } from './branch-programs.js';
import { Chooser } from './chooser.js';
import type { GatedNetwork } from './gated-network.js';
import { type MacLoss, macLoss } from './mac-loss.js';
import { stageAt, temperatureAt } from './stages.js';
import { StepSum } from './step-sum.js';

interface Parts {
  readonly options: NetworkOptions;
  readonly routes: Routes;
  readonly branches: readonly BranchProgram[];
  /** These, and the words of a predictor that chooses by them. */
  readonly answering: readonly BranchProgram[];
  readonly teacher: TeacherProgram | undefined;
}

interface RoutedStep {
  readonly rows: Rows;
  readonly count: number;
  readonly seed: number;
  readonly backward: boolean;
}

export class RoutedNetwork implements LearningNetwork {
  readonly tail: Graph;
  readonly #parts: Parts;
  readonly #labels: number;
  #parameters: Tensors;
  /** In the joint stage. */
  #chooser: Chooser | undefined;

  private constructor(parts: Parts) {
    const { graph, weights } = parts.options;
    this.#parts = parts;
    this.tail = graph;
    this.#labels = nodesByName(graph).get(graph.outputs[0])!.shape[2];
    this.#parameters = weights.parameters;
  }

  /** @throws ConfigError if the recipe has no `routing`, parameters are frozen, or the teacher does not fit. */
  static async compile(options: NetworkOptions, routes: Routes): Promise<RoutedNetwork> {
    const { engine, graph, recipe, teacher: asked, threads, weights } = options;
    checkOptions(options);
    const teacher = asked && (await TeacherProgram.compile(engine, graph, asked, recipe));
    const shared = { engine, recipe, distills: asked !== undefined, threads };
    const graphs = routes.branches.map((branch) => branch.graph);
    const { words } = routes;
    const compileBranch = (part: Graph) => BranchProgram.compile({ ...shared, graph: part });
    const answering = await compileAll(words ? [...graphs, words] : graphs, compileBranch).catch((error) => {
      teacher?.dispose();
      throw error;
    });
    const branches = answering.slice(0, graphs.length);
    const network = new RoutedNetwork({ options, routes, branches, answering, teacher });
    network.assign(weights.parameters);
    return network;
  }

  async beginEpoch(epoch: number): Promise<void> {
    const { options, routes } = this.#parts;
    const { recipe } = options;
    if (stageAt(recipe, epoch).kind === 'all') return;
    const temperature = temperatureAt(recipe, epoch);
    if (this.#chooser?.temperature === temperature) return;
    this.#chooser?.dispose();
    this.#chooser = undefined;
    this.#chooser = await Chooser.compile(options, routes, temperature);
    this.assign(this.#parameters);
    this.#chooser.whole?.hold(this.#parameters);
  }

  assign(parameters: Tensors): void {
    this.#parameters = parameters;
    for (const { parameters: live } of this.#programs())
      for (const [name, values] of Object.entries(live)) values.set(parameters[name]);
  }

  async step(batch: Batch, seed: number, backward = true): Promise<NetworkStep> {
    const { features, targets, sampleWeights, count } = batch;
    const teacher = this.#parts.teacher?.probabilities(features, count);
    const rows: Rows = {
      ...{ features, targets },
      ...(sampleWeights && { sampleWeights }),
      ...(teacher && { teacher }),
    };
    const step = { rows, count, seed, backward };
    const chooser = this.#chooser;
    if (!chooser) return this.#stepAll(step);
    return chooser.whole ? this.#stepSoft(chooser, chooser.whole, step) : this.#stepHard(chooser, step);
  }

  async placeOfDivergence(_batch: Batch, _seed: number, result: NetworkStep): Promise<string | undefined> {
    if (Number.isFinite(result.loss)) return lastNonFinite(this.tail, result.gradients);
    for (const branch of this.#parts.answering) {
      // A fault while looking must not hide the one that is being explained.
      const place = await branch.placeOfDivergence().catch(() => undefined);
      if (place) return place;
    }
    return undefined;
  }

  dispose(): void {
    this.#chooser?.dispose();
    this.#parts.teacher?.dispose();
    for (const branch of this.#parts.answering) branch.dispose();
  }

  /** Every clip through every branch, and through the predictor's words if it has any; the losses are summed. */
  async #stepAll({ rows, count, seed, backward }: RoutedStep): Promise<NetworkStep> {
    const clips = Int32Array.from({ length: count }, (_, clip) => clip);
    const sum = new StepSum(count, this.#labels);
    for (const [route, branch] of this.#parts.answering.entries()) {
      const result = await branch.step({ rows, clips, share: 1, seed, backward });
      sum.add(result, 1, backward);
      if (route === 0) sum.scatter(result.logits, clips);
    }
    return sum.step();
  }

  /** Each clip through its own branch, then back through the predictor. */
  async #stepHard(chooser: Chooser, step: RoutedStep): Promise<NetworkStep> {
    const { rows, count, seed, backward } = step;
    const { branches } = this.#parts;
    const clips = clipsByRoute(await chooser.draw(rows, count, seed), branches.length);
    const counts = clips.map(({ length }) => length);
    const cost = this.#cost(counts);
    const gateGradients = repeat(cost.gradient, count);
    const sum = new StepSum(count, this.#labels);
    for (const [route, branch] of branches.entries()) {
      const own = clips[route];
      if (own.length === 0) continue;
      const share = own.length / count;
      const result = await branch.step({ rows, clips: own, share, seed, backward });
      sum.add(result, share, backward);
      sum.scatter(result.logits, own);
      if (backward)
        own.forEach((clip, i) => {
          gateGradients[clip * branches.length + route] += result.gateGradients[i];
        });
    }
    sum.add(await chooser.learn({ ...step, gateGradients }), 1, backward);
    return { ...sum.step(cost.loss), routes: counts };
  }

  /** Each clip through all branches; the gates pick among their answers. */
  async #stepSoft(chooser: Chooser, whole: GatedNetwork, step: RoutedStep): Promise<NetworkStep> {
    const { rows, count, seed } = step;
    const clips = clipsByRoute(await chooser.draw(rows, count, seed), this.#parts.branches.length);
    const routes = clips.map(({ length }) => length);
    const cost = this.#cost(routes);
    const result = await whole.step({ ...step, gateGradients: repeat(cost.gradient, count) });
    return { ...result, loss: result.loss + cost.loss, logits: result.outputs[this.tail.outputs[0]], routes };
  }

  #cost(counts: readonly number[]): MacLoss {
    const { routes, options } = this.#parts;
    const { targetShare, weight } = options.recipe.routing!;
    const macs = routes.branches.map((branch) => branch.macs);
    return macLoss(macs, counts, { target: targetShare * Math.max(...macs), weight });
  }

  #programs(): TrainingProgram[] {
    return [...this.#parts.answering.map(({ program }) => program), ...(this.#chooser?.programs ?? [])];
  }
}

/** The clips that go by each route, ascending. */
function clipsByRoute(chosen: Int32Array, routes: number): number[][] {
  const clips = Array.from({ length: routes }, (): number[] => []);
  chosen.forEach((route, clip) => {
    clips[route].push(clip);
  });
  return clips;
}

function repeat(row: readonly number[], count: number): Float32Array {
  return Float32Array.from({ length: count * row.length }, (_, i) => row[i % row.length]);
}

function checkOptions({ graph, recipe, trained }: NetworkOptions): void {
  if (!recipe.routing)
    throw new ConfigError(
      'recipe',
      `Cannot train with recipe: expected routing for ${graph.name}, which chooses its resolution, got none`,
      { value: 'routing' },
    );
  const names = new Set(trained);
  const frozen = Object.keys(graph.parameters).find((name) => !names.has(name));
  if (frozen === undefined) return;
  throw new ConfigError(
    'routed-freeze',
    `Cannot train graph ${graph.name}: expected no frozen parameter in a network that chooses its resolution, got ${frozen}`,
    { value: frozen },
  );
}
