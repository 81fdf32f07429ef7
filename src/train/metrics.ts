/** How well labels were guessed, counted. */
import { indexOfLargest } from './scores.js';

/** One clip and what the network said of it. Labels are places in the model's list. */
export interface Prediction {
  readonly truth: number;
  /** Probabilities by label; they sum to 1. */
  readonly scores: ArrayLike<number>;
  /** Where the clip came from, for lists of mistakes. */
  readonly file?: string;
  /** Of a network that chooses its resolution: the number of the one it chose. */
  readonly route?: number;
}

export interface LabelMetrics {
  readonly label: string;
  /** Clips of this label. */
  readonly clips: number;
  readonly correct: number;
  /** Right answers as a part of all answers of this label; 0 if it was never the answer. */
  readonly precision: number;
  /** Right answers as a part of all clips of this label; 0 if there is none. */
  readonly recall: number;
  /** 2 · precision · recall / (precision + recall). */
  readonly f1: number;
}

export interface Metrics {
  readonly clips: number;
  readonly correct: number;
  /** A part of 1; 0 if there is no clip. */
  readonly accuracy: number;
  readonly perLabel: readonly LabelMetrics[];
  /** `confusion[truth][answer]`, in clips. */
  readonly confusion: readonly (readonly number[])[];
}

/** Counts predictions: the answer is the label with the highest score, the first of equals. */
export function metricsOf(labels: readonly string[], predictions: readonly Prediction[]): Metrics {
  const confusion = labels.map(() => labels.map(() => 0));
  for (const { truth, scores } of predictions) confusion[truth][indexOfLargest(scores)]++;
  const perLabel = labels.map((label, i) => labelMetrics(label, i, confusion));
  const correct = perLabel.reduce((sum, metrics) => sum + metrics.correct, 0);
  const clips = predictions.length;
  return { clips, correct, accuracy: ratio(correct, clips), perLabel, confusion };
}

function labelMetrics(label: string, index: number, confusion: readonly number[][]): LabelMetrics {
  const correct = confusion[index][index];
  const clips = confusion[index].reduce((sum, count) => sum + count, 0);
  const answers = confusion.reduce((sum, row) => sum + row[index], 0);
  const precision = ratio(correct, answers);
  const recall = ratio(correct, clips);
  return { label, clips, correct, precision, recall, f1: ratio(2 * correct, clips + answers) };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

export interface Mistake {
  readonly file: string | undefined;
  readonly truth: string;
  readonly answer: string;
  /** Score of the wrong answer. */
  readonly score: number;
  /** Score of the right label. */
  readonly truthScore: number;
}

/** The wrong answers with the highest scores first; equal scores stay in the order of the clips. */
export function worstMistakes(
  labels: readonly string[],
  predictions: readonly Prediction[],
  count: number,
): Mistake[] {
  const mistakes = predictions.flatMap(({ truth, scores, file }): Mistake[] => {
    const answer = indexOfLargest(scores);
    if (answer === truth) return [];
    const [score, truthScore] = [scores[answer], scores[truth]];
    return [{ file, truth: labels[truth], answer: labels[answer], score, truthScore }];
  });
  return mistakes.sort((a, b) => b.score - a.score).slice(0, count);
}
