/** What `trainModel` is told to train: a network of the registry by its name, or one of one's own. */
import { DEFAULT_FRONT_END, type FrontEndConfig } from '../audio/front-end.js';
import { ConfigError } from '../errors.js';
import { type Graph, nodesByName, type Shape } from '../graph/graph.js';
import { routesOf } from '../graph/routes.js';
import { checkGraph } from '../graph/shapes.js';
import { type BuildOptions, buildModel, modelEntry } from '../models/models.js';
import type { DataSet } from './data-set.js';
import { DEFAULT_RECIPE, type Recipe, recipeFor } from './recipe.js';
import { routedRecipe } from './routing/routing-recipe.js';
import { clipsPerEpoch, epochsFor } from './training-length.js';

type Build = (options: Required<BuildOptions>) => Graph;

/**
 * What builds a network for so many labels and a map `[time, frequency, maps]`: a graph of one input of that shape and one output
 * `[1, 1, labels]` (or an answer a frame), without loss. A function's network goes by the name of its graph.
 */
export type OwnNetwork = Build | { readonly name: string; build(options: Required<BuildOptions>): Graph };

export interface BuiltNetwork {
  readonly name: string;
  readonly graph: Graph;
}

/** @throws ConfigError or ShapeError for an unknown name, what is no network, or a graph that cannot be trained on these labels and maps. */
export function buildNetwork(model: string | OwnNetwork, options: Required<BuildOptions>): BuiltNetwork {
  if (typeof model === 'string') return { name: model, graph: buildModel(model, options) };
  if (typeof model !== 'function' && typeof model?.build !== 'function')
    throw new ConfigError(
      'network',
      `Cannot train: expected the name of a network, a function that builds a graph or { name, build }, got ${shownKind(model)}`,
      { value: model },
    );
  const graph = typeof model === 'function' ? model(options) : model.build(options);
  if (typeof graph !== 'object' || graph === null)
    throw fault('model-graph', "a network of one's own", 'its function to give a graph', shownKind(graph));
  checkGraph(graph);
  const name = typeof model === 'function' ? graph.name : model.name;
  if (typeof name !== 'string' || name.trim() === '' || name.length > 256)
    throw fault('network-name', `${name}`, 'a name of 1 to 256 characters', `${name}`);
  checkEnds(name, graph, options);
  return { name, graph };
}

function shownKind(value: unknown): string {
  return value === null ? 'null' : typeof value;
}

/** The front end that a network is trained with by default: with deltas for named ones of three maps. */
export function frontEndFor(model: string | OwnNetwork): FrontEndConfig {
  const maps = typeof model === 'string' ? modelEntry(model).input[2] : 1;
  return maps === 3 ? { ...DEFAULT_FRONT_END, deltas: { reachFrames: 2 } } : DEFAULT_FRONT_END;
}

/** `recipeFor` a name; without one the default recipe, as long as suits the data set, with routing where the network chooses. */
export function usualRecipe(model: string | OwnNetwork, graph: Graph, dataSet: DataSet): Recipe {
  if (typeof model === 'string') return recipeFor(model, dataSet);
  const recipe = routesOf(graph) ? routedRecipe(DEFAULT_RECIPE) : DEFAULT_RECIPE;
  return { ...recipe, epochs: epochsFor(clipsPerEpoch(dataSet)) };
}

function checkEnds(name: string, graph: Graph, { labels, input }: Required<BuildOptions>): void {
  const nodes = nodesByName(graph);
  const shapes = (ends: readonly string[]) => ends.map((end) => nodes.get(end)!.shape);
  const text = (found: readonly Shape[]) => found.map((shape) => shape.join(' × ')).join(', ') || 'none';
  const [inputs, outputs] = [shapes(graph.inputs), shapes(graph.outputs)];
  if (inputs.length !== 1 || inputs[0].join() !== input.join())
    throw fault('model-graph', name, `one input of ${input.join(' × ')}`, text(inputs));
  if (outputs.length !== 1 || outputs[0][1] !== 1 || outputs[0][2] !== labels)
    throw fault('model-graph', name, `one output of 1 × 1 × ${labels}`, text(outputs));
  if (graph.losses.length > 0)
    throw fault('model-graph', name, 'a graph without losses', graph.losses.join(', '));
}

function fault(code: string, name: string, wanted: string, found: string): ConfigError {
  return new ConfigError(code, `Cannot train ${name}: expected ${wanted}, got ${found}`, { value: found });
}
