/** A network made ready to be trained by an engine: loss behind it, frozen trunk before it, teacher beside it. */
import type { Engine, InferenceProgram, TrainingProgram } from '../engine/engine.js';
import { ConfigError } from '../errors.js';
import type { Graph, Tensors } from '../graph/graph.js';
import type { Batch } from './batches.js';
import { firstNonFinite, lastNonFinite } from './divergence.js';
import { splitFrozen } from './freeze.js';
import { logitsOf, TARGETS, TEACHER, withLoss } from './loss.js';
import type { Recipe } from './recipe.js';
import { clipLogits, softmaxRow } from './scores.js';
import type { Weights } from './training-state.js';

/** A trained network whose answers are learned beside the labels; same features, same labels. */
export interface Teacher extends Weights {
  readonly graph: Graph;
}

export interface NetworkOptions {
  readonly engine: Engine;
  readonly graph: Graph;
  readonly recipe: Recipe;
  readonly weights: Weights;
  /** Names of the parameters that are trained. */
  readonly trained: readonly string[];
  readonly teacher?: Teacher;
  readonly threads?: number;
}

export interface NetworkStep {
  readonly loss: number;
  /** `[count, labels]` in training mode. */
  readonly logits: Float32Array;
  /** By parameter; one that no clip of the batch went through may be missing. */
  readonly gradients: Tensors;
  readonly moments: Tensors;
  /** By statistic: the part of the batch's clips that its moments are of; where it is missing, all of them. */
  readonly momentShares?: Readonly<Record<string, number>>;
  /** Of a network that chooses: clips of the batch by route. */
  readonly routes?: readonly number[];
}

/** A network as a trainer sees it. */
export interface LearningNetwork {
  /** The part that is trained, without its loss. */
  readonly tail: Graph;
  /** Before the first step of an epoch, counted from 0. */
  beginEpoch(epoch: number): Promise<void>;
  /** Puts parameters in; more names than the trained part has are ignored. */
  assign(parameters: Tensors): void;
  /** Loss, logits, gradients and moments of a batch; `backward: false` leaves the gradients out. */
  step(batch: Batch, seed: number, backward?: boolean): Promise<NetworkStep>;
  /** Where numbers first ceased to be finite in a step whose loss or gradients are not; undefined if it cannot be told. */
  placeOfDivergence(batch: Batch, seed: number, result: NetworkStep): Promise<string | undefined>;
  dispose(): void;
}

interface Parts {
  readonly options: NetworkOptions;
  readonly tail: Graph;
  /** The tail with its losses. */
  readonly lossGraph: Graph;
  readonly program: TrainingProgram;
  readonly trunk: InferenceProgram | undefined;
  readonly teacher: TeacherProgram | undefined;
}

export class TrainingNetwork implements LearningNetwork {
  /** The part that is trained, without its loss: the whole graph unless parameters are frozen. */
  readonly tail: Graph;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.tail = parts.tail;
    this.#parts = parts;
  }

  /**
   * Compiles what a recipe needs.
   * @throws ConfigError if no parameter is trained, or the teacher does not fit the network.
   */
  static async compile(options: NetworkOptions): Promise<TrainingNetwork> {
    const { engine, graph, recipe, teacher, threads, weights } = options;
    const maxBatch = recipe.batchSize;
    const { tail, trunk } = trainedPart(graph, options.trained);
    const lossGraph = withLoss(tail, teacher ? { distillation: recipe.distillation } : {});
    const program = await engine.compileTraining(lossGraph, {
      maxBatch,
      normShard: recipe.normShard,
      ...(threads !== undefined && { threads }),
    });
    const trunkProgram = trunk && (await engine.compileInference(trunk, { maxBatch }));
    trunkProgram?.assign({ ...weights.parameters, ...weights.statistics });
    const teacherProgram = teacher && (await TeacherProgram.compile(engine, graph, teacher, recipe));
    const parts = { options, tail, lossGraph, program, trunk: trunkProgram, teacher: teacherProgram };
    const network = new TrainingNetwork(parts);
    network.assign(weights.parameters);
    return network;
  }

  async beginEpoch(): Promise<void> {}

  assign(parameters: Tensors): void {
    for (const [name, live] of Object.entries(this.#parts.program.parameters)) live.set(parameters[name]);
  }

  async step(batch: Batch, seed: number, backward = true): Promise<NetworkStep> {
    const { count, sampleWeights } = batch;
    const result = await this.#parts.program.step({
      inputs: this.#inputsOf(batch),
      count,
      seed,
      backward,
      ...(sampleWeights && { sampleWeights }),
    });
    const { name, shape } = logitsOf(this.tail);
    return { ...result, logits: clipLogits(result.outputs[name], count, shape) };
  }

  async placeOfDivergence(batch: Batch, seed: number, result: NetworkStep): Promise<string | undefined> {
    const { options, lossGraph, program } = this.#parts;
    if (Number.isFinite(result.loss)) return lastNonFinite(this.tail, result.gradients);
    const { engine, recipe } = options;
    const step = { engine, graph: lossGraph, parameters: program.parameters, count: batch.count, seed };
    // A fault while looking must not hide the one that is being explained.
    return firstNonFinite({ ...step, inputs: this.#inputsOf(batch), normShard: recipe.normShard }).catch(
      () => undefined,
    );
  }

  dispose(): void {
    const { program, trunk, teacher } = this.#parts;
    program.dispose();
    trunk?.dispose();
    teacher?.dispose();
  }

  #inputsOf({ count, features, targets }: Batch): Tensors {
    const { options, trunk, teacher } = this.#parts;
    const [name] = options.graph.inputs;
    const inputs: Tensors = { [name]: features, [TARGETS]: targets };
    if (teacher) inputs[TEACHER] = teacher.probabilities(features, count);
    if (trunk) Object.assign(inputs, trunk.run({ [name]: features }, count));
    return inputs;
  }
}

function trainedPart(graph: Graph, trained: readonly string[]): { tail: Graph; trunk?: Graph } {
  const names = new Set(trained);
  if (names.size === 0) {
    const message = `Cannot train graph ${graph.name}: expected a parameter that is not frozen, got none`;
    throw new ConfigError('nothing-trained', message);
  }
  const all = Object.keys(graph.parameters).every((name) => names.has(name));
  return all ? { tail: graph } : splitFrozen(graph, names);
}

/** A teacher ready to be asked. */
export class TeacherProgram {
  readonly #teacher: Teacher;
  readonly #program: InferenceProgram;
  readonly #temperature: number;
  readonly #probabilities: Float32Array;

  private constructor(teacher: Teacher, program: InferenceProgram, recipe: Recipe) {
    this.#teacher = teacher;
    this.#program = program;
    this.#temperature = recipe.distillation.temperature;
    this.#probabilities = new Float32Array(recipe.batchSize * logitsOf(teacher.graph).shape[2]);
  }

  static async compile(
    engine: Engine,
    graph: Graph,
    teacher: Teacher,
    recipe: Recipe,
  ): Promise<TeacherProgram> {
    checkTeacher(graph, teacher.graph);
    const program = await engine.compileInference(teacher.graph, { maxBatch: recipe.batchSize });
    program.assign({ ...teacher.parameters, ...teacher.statistics });
    return new TeacherProgram(teacher, program, recipe);
  }

  /** softmax(logits / temperature) of each clip, `[count, labels]`; the next call overwrites it. */
  probabilities(features: Float32Array, count: number): Float32Array {
    const { graph } = this.#teacher;
    const { name, shape } = logitsOf(graph);
    const map = this.#program.run({ [graph.inputs[0]]: features }, count)[name];
    const logits = clipLogits(map, count, shape);
    const labels = shape[2];
    for (let i = 0; i < count * labels; i += labels) {
      const row = this.#probabilities.subarray(i, i + labels);
      softmaxRow(logits.subarray(i, i + labels), this.#temperature, row);
    }
    return this.#probabilities;
  }

  dispose(): void {
    this.#program.dispose();
  }
}

function checkTeacher(graph: Graph, teacher: Graph): void {
  const ends = (of: Graph) => {
    const input = of.nodes.find((node) => node.name === of.inputs[0]);
    return `${input?.shape.join('×')} features and ${logitsOf(of).shape[2]} labels`;
  };
  if (ends(graph) === ends(teacher)) return;
  throw new ConfigError(
    'teacher',
    `Cannot learn from teacher ${teacher.name}: expected ${ends(graph)}, got ${ends(teacher)}`,
  );
}
