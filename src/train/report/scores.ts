/** Accuracy, recall and precision out of a table of confusions. */

export interface LabelScore {
  readonly label: string;
  readonly clips: number;
  readonly correct: number;
  /** correct / clips; undefined without clips. */
  readonly recall?: number;
  /** correct / clips heard as this label; undefined if none was. */
  readonly precision?: number;
  /** The wrong label heard most often, and how often. */
  readonly mostHeard?: { readonly label: string; readonly clips: number };
}

export interface Scores {
  readonly clips: number;
  readonly correct: number;
  /** A fraction of 1; 0 without clips. */
  readonly accuracy: number;
  readonly perLabel: readonly LabelScore[];
}

/** Counts `confusion[actual][heard]` → scores, labels in the order given. */
export function scoresOf(labels: readonly string[], confusion: readonly (readonly number[])[]): Scores {
  const perLabel = labels.map((label, actual) => labelScore(label, actual, labels, confusion));
  const clips = perLabel.reduce((sum, row) => sum + row.clips, 0);
  const correct = perLabel.reduce((sum, row) => sum + row.correct, 0);
  return { clips, correct, accuracy: clips === 0 ? 0 : correct / clips, perLabel };
}

function labelScore(
  label: string,
  actual: number,
  labels: readonly string[],
  confusion: readonly (readonly number[])[],
): LabelScore {
  const row = confusion[actual];
  const clips = row.reduce((sum, count) => sum + count, 0);
  const heard = confusion.reduce((sum, counts) => sum + counts[actual], 0);
  const correct = row[actual];
  let worst = -1;
  row.forEach((count, other) => {
    if (other !== actual && count > 0 && (worst < 0 || count > row[worst])) worst = other;
  });
  return {
    label,
    clips,
    correct,
    ...(clips > 0 && { recall: correct / clips }),
    ...(heard > 0 && { precision: correct / heard }),
    ...(worst >= 0 && { mostHeard: { label: labels[worst], clips: row[worst] } }),
  };
}
