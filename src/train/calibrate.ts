/**
 * How readily a network answers `_unknown_`. In training that label is as frequent as any word, so that no word is lost
 * in it; in life, and in the validation clips, it is not. One number puts this right: an offset on the label's logit.
 */
import type { Graph } from '../graph/graph.js';
import { routesOf } from '../graph/routes.js';
import { exp, log } from '../numerics/elementary.js';
import type { Evaluation } from './evaluate.js';
import type { Prediction } from './metrics.js';
import { indexOfLargest } from './scores.js';

/** A label whose offset is fitted, and the parameter its offset is added to. */
export interface Calibration {
  readonly label: number;
  /** A bias with one number a label. */
  readonly bias: string;
}

const LARGEST_OFFSET = 6;
const HALVINGS = 40;

/**
 * The bias of the dense layer that gives the logits, of a network that chooses its resolution the one that all branches share;
 * undefined where the graph ends otherwise.
 */
export function logitBias(graph: Graph): string | undefined {
  const ends = routesOf(graph)?.branches.map((branch) => branch.graph) ?? [graph];
  const biases = ends.map(({ nodes, outputs }) => {
    const node = nodes.find(({ name }) => name === outputs[0]);
    return node?.op === 'dense' ? node.bias : undefined;
  });
  return biases.every((bias) => bias === biases[0]) ? biases[0] : undefined;
}

/**
 * The offset with the least cross-entropy over the predictions, within ±6; 0 where none or all of them are of the label.
 * There the label's mean score equals its share: Σ q = n with q = s e^b / (1 − s + s e^b), which grows with b.
 */
export function fitOffset(predictions: readonly Prediction[], label: number): number {
  const wanted = predictions.filter(({ truth }) => truth === label).length;
  if (wanted === 0 || wanted === predictions.length) return 0;
  let low = -LARGEST_OFFSET;
  let high = LARGEST_OFFSET;
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    const factor = exp(middle);
    const expected = predictions.reduce((sum, { scores }) => sum + shifted(scores[label], factor), 0);
    if (expected < wanted) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The evaluation that the same network gives with its label's logit moved by `offset`. */
export function applyOffset({ score, predictions }: Evaluation, label: number, offset: number): Evaluation {
  const factor = exp(offset);
  const moved = predictions.map(({ scores, ...known }) => {
    const rest = 1 / (1 - scores[label] + scores[label] * factor);
    return { ...known, scores: Float32Array.from(scores, (s, i) => s * (i === label ? factor : 1) * rest) };
  });
  const correct = moved.filter(({ truth, scores }) => indexOfLargest(scores) === truth).length;
  const loss = moved.reduce((sum, { truth, scores }) => sum - log(Math.max(scores[truth], 1e-30)), 0);
  const { clips } = score;
  return {
    score: { ...score, correct, accuracy: correct / clips, loss: loss / clips },
    predictions: moved,
  };
}

function shifted(score: number, factor: number): number {
  return (score * factor) / (1 - score + score * factor);
}
