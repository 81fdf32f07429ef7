/** Where a training's numbers first ceased to be finite, for the error that ends it. */
import type { Engine } from '../engine/engine.js';
import { EngineError } from '../errors.js';
import { type Graph, type GraphNode, sizeOf, type Tensors } from '../graph/graph.js';
import type { TrainingState } from './training-state.js';

/** Numbers of maps that are looked at together: 64 MiB. */
const MAPS_AT_ONCE = 2 ** 24;

/** The error of a training that cannot go on. */
class Divergence extends EngineError {
  readonly #found: readonly [what: string, value: number, at: Position];

  constructor(what: string, value: number, at: Position, place?: string) {
    const found = `${value} at step ${at.step + 1} (epoch ${at.epoch + 1})${place ? `, first in ${place}` : ''}`;
    super(
      'training-diverged',
      `Cannot go on training: expected a finite ${what}, got ${found}; a lower learning rate may help`,
      { value: at.step + 1 },
    );
    this.#found = [what, value, { step: at.step, epoch: at.epoch }];
  }

  /** The same error, with the layer where it began. */
  in(place: string | undefined): Divergence {
    return new Divergence(...this.#found, place);
  }
}

type Position = Pick<TrainingState, 'step' | 'epoch'>;

/** The error of a number that is not finite; step and epoch are told counted from 1. */
export function divergence(what: string, value: number, at: Position, place?: string): Divergence {
  return new Divergence(what, value, at, place);
}

export function isDivergence(error: unknown): error is Divergence {
  return error instanceof Divergence;
}

export interface ForwardStep {
  readonly engine: Engine;
  /** With its losses. */
  readonly graph: Graph;
  readonly parameters: Tensors;
  readonly inputs: Tensors;
  readonly count: number;
  readonly seed: number;
  readonly normShard: number;
}

/**
 * Runs the forward pass of a step once more and says in which layer, in the order they run, a number is the first that is
 * not finite: "input features", "layer stem/conv"; undefined if all are finite.
 */
export async function firstNonFinite(step: ForwardStep): Promise<string | undefined> {
  const { graph, inputs, count } = step;
  const spoiled = (map: Float32Array, { shape }: GraphNode) =>
    !map.subarray(0, count * sizeOf(shape)).every(Number.isFinite);
  const layers: GraphNode[] = [];
  for (const node of graph.nodes) {
    if (node.op !== 'input') layers.push(node);
    else if (spoiled(inputs[node.name], node)) return `input ${node.name}`;
  }
  for (let first = 0; first < layers.length; ) {
    const group = groupFrom(layers, first, count);
    const maps = await mapsOf(step, group);
    const found = group.find((node) => spoiled(maps[node.name], node));
    if (found) return `layer ${found.name}`;
    first += group.length;
  }
  return undefined;
}

/** The layers from one on whose maps do not take too much memory together; at least one. */
function groupFrom(layers: readonly GraphNode[], first: number, count: number): GraphNode[] {
  let room = MAPS_AT_ONCE;
  const group: GraphNode[] = [];
  for (const node of layers.slice(first)) {
    room -= count * sizeOf(node.shape);
    if (group.length > 0 && room < 0) break;
    group.push(node);
  }
  return group;
}

/** The maps of some layers in training mode, copied. */
async function mapsOf(step: ForwardStep, layers: readonly GraphNode[]): Promise<Tensors> {
  const { engine, inputs, count, seed, normShard } = step;
  const graph: Graph = { ...step.graph, outputs: layers.map(({ name }) => name), losses: [] };
  const program = await engine.compileTraining(graph, { maxBatch: count, normShard });
  try {
    for (const [name, live] of Object.entries(program.parameters)) live.set(step.parameters[name]);
    return (await program.step({ inputs, count, seed, backward: false })).outputs;
  } finally {
    program.dispose();
  }
}

/**
 * The layer nearest to the loss with a parameter whose gradient is not finite: gradients flow from there to the layers
 * before it.
 */
export function lastNonFinite(graph: Graph, gradients: Tensors): string | undefined {
  const node = graph.nodes.findLast((candidate) => spoiledParameter(candidate, gradients));
  return node && `the gradient of layer ${node.name} (${spoiledParameter(node, gradients)})`;
}

/** A parameter of a node whose gradient is not finite. */
function spoiledParameter(node: GraphNode, gradients: Tensors): string | undefined {
  // A loss has a number by the name of `weight`.
  return Object.values(node).find(
    (name) =>
      typeof name === 'string' && Object.hasOwn(gradients, name) && !gradients[name].every(Number.isFinite),
  );
}
