/** Puts a loss behind a network: the graph of inference stays as it is, training gets a longer copy. */
import { ConfigError } from '../errors.js';
import { type Graph, type GraphNode, nodesByName, type Shape, sizeOf } from '../graph/graph.js';

export const TARGETS = 'targets';
export const TEACHER = 'teacher';

export interface LossOptions {
  /** A second loss against a teacher's probabilities, at this part of the whole. */
  readonly distillation?: { readonly weight: number; readonly temperature: number };
}

/**
 * The graph with an input `targets` (probabilities, `[1, 1, labels]`) and a cross-entropy loss behind its one output. An
 * output of many positions, a posterior a frame, is averaged over them first. With distillation there is an input `teacher`
 * too, the teacher's softmax(logits / temperature), and the loss is
 * (1 − weight) · CE(targets) + weight · temperature² · CE(teacher at temperature).
 *
 * @throws ConfigError if the graph has not one output, or a node by one of these names.
 * Source: Hinton, Vinyals and Dean, 2015, section 2 (the factor temperature² keeps both gradients at one scale).
 */
export function withLoss(graph: Graph, { distillation }: LossOptions = {}): Graph {
  const output = logitsOf(graph);
  const labels = output.shape[2];
  const added: GraphNode[] = [];
  let logits = output.name;
  if (sizeOf(output.shape) > labels) {
    logits = 'loss-pool';
    const axes = ['time', 'frequency'] as const;
    added.push({ op: 'mean', name: logits, inputs: [output.name], axes, shape: [1, 1, labels] });
  }
  const share = distillation?.weight ?? 0;
  added.push(...crossEntropy('loss', logits, TARGETS, labels, 1, 1 - share));
  if (distillation) {
    const { temperature } = distillation;
    const weight = share * temperature * temperature;
    added.push(...crossEntropy('distillation', logits, TEACHER, labels, temperature, weight));
  }
  checkFree(graph, added);
  const namesOf = (op: GraphNode['op']) => added.filter((node) => node.op === op).map(({ name }) => name);
  return {
    ...graph,
    nodes: [...graph.nodes, ...added],
    inputs: [...graph.inputs, ...namesOf('input')],
    losses: [...graph.losses, ...namesOf('softmaxCrossEntropy')],
  };
}

/**
 * The node that gives a network's scores.
 * @throws ConfigError if the graph has not exactly one output.
 */
export function logitsOf(graph: Graph): GraphNode {
  const node = nodesByName(graph).get(graph.outputs[0]);
  if (graph.outputs.length === 1 && node) return node;
  throw new ConfigError(
    'graph-outputs',
    `Cannot train graph ${graph.name}: expected one output, got ${graph.outputs.length}`,
    { value: graph.outputs },
  );
}

function crossEntropy(
  name: string,
  logits: string,
  targets: string,
  labels: number,
  temperature: number,
  weight: number,
): GraphNode[] {
  const shape: Shape = [1, 1, labels];
  return [
    { op: 'input', name: targets, inputs: [], shape },
    {
      op: 'softmaxCrossEntropy',
      name,
      inputs: [logits, targets],
      temperature,
      weight,
      shape: [1, 1, 1],
    },
  ];
}

function checkFree(graph: Graph, added: readonly GraphNode[]): void {
  const taken = nodesByName(graph);
  for (const { name } of added) {
    if (!taken.has(name)) continue;
    throw new ConfigError(
      'graph-name',
      `Cannot train graph ${graph.name}: expected no node named ${name}, got one`,
      { value: name },
    );
  }
}
