/** Runs a network over the clips of a validation or test split, as they are. */

import type { InferenceProgram } from '../engine/engine.js';
import { isRouted } from '../engine/routed-program.js';
import { throwIfAborted } from '../errors.js';
import { type Graph, sizeOf } from '../graph/graph.js';
import type { EvaluationSource } from './batches.js';
import { logitsOf } from './loss.js';
import type { Prediction } from './metrics.js';
import { clipLogits, crossEntropyRow, indexOfLargest, softmaxRow } from './scores.js';
import type { Score } from './training-state.js';

export interface EvaluationOptions {
  /** One input, one output. */
  readonly graph: Graph;
  /** Of that graph, its tensors assigned. */
  readonly program: InferenceProgram;
  /** At most what the program was compiled for. */
  readonly maxBatch: number;
  readonly source: EvaluationSource;
  readonly signal?: AbortSignal;
  readonly onProgress?: (clipsDone: number, clips: number) => void;
}

export interface Evaluation {
  readonly score: Score;
  /** Of every clip, in order. */
  readonly predictions: readonly Prediction[];
}

/**
 * What the network says of every clip: softmax of its logits, averaged over positions where it gives many; and the mean
 * cross-entropy and accuracy over all clips; and where the network chooses its resolution, how often it chose which.
 */
export async function evaluateSplit(options: EvaluationOptions): Promise<Evaluation> {
  const predictions: Prediction[] = [];
  let lossSum = 0;
  let correct = 0;
  const routes = isRouted(options.program) ? options.program.routes.branches.map(() => 0) : undefined;
  await forEachClip(options, (logits, truth, route) => {
    const scores = new Float32Array(logits.length);
    softmaxRow(logits, 1, scores);
    predictions.push({ truth, scores, ...(route !== undefined && { route }) });
    lossSum += crossEntropyRow(logits, truth);
    if (indexOfLargest(logits) === truth) correct++;
    if (routes && route !== undefined) routes[route]++;
  });
  const clips = predictions.length;
  const part = (sum: number) => (clips === 0 ? 0 : sum / clips);
  const score = { loss: part(lossSum), accuracy: part(correct), clips, correct, ...(routes && { routes }) };
  return { score, predictions };
}

/** The predictions of `evaluateSplit` alone. */
export async function predict(options: EvaluationOptions): Promise<readonly Prediction[]> {
  return (await evaluateSplit(options)).predictions;
}

async function forEachClip(
  { graph, program, maxBatch, source, signal, onProgress }: EvaluationOptions,
  visit: (logits: Float32Array, truth: number, route: number | undefined) => void,
): Promise<void> {
  const { name, shape } = logitsOf(graph);
  const labels = shape[2];
  const features = new Float32Array(maxBatch * sizeOf(source.featureShape));
  for (let start = 0; start < source.clips; start += maxBatch) {
    throwIfAborted(signal);
    const count = Math.min(maxBatch, source.clips - start);
    const truths = await source.read(start, count, features);
    const logits = clipLogits(program.run({ [graph.inputs[0]]: features }, count)[name], count, shape);
    const chosen = isRouted(program) ? program.chosen : undefined;
    for (let i = 0; i < count; i++)
      visit(logits.subarray(i * labels, (i + 1) * labels), truths[i], chosen?.[i]);
    onProgress?.(start + count, source.clips);
  }
}
