/** Trials of a study: what is trained, what came of it, and what several seeds say together. */
import { DataSetError } from '../errors.js';

export interface Trial {
  readonly data: string;
  readonly model: string;
  readonly seed: number;
  /** Of the network's family where nobody said. */
  readonly recipe?: string;
  /** Epochs of the recipe where nobody said. */
  readonly epochs?: number;
}

export interface TrialResult extends Trial {
  readonly parameters: number;
  readonly macs: number;
  readonly recipe: string;
  /** Trained, whatever was asked for. */
  readonly epochs: number;
  readonly labels: number;
  readonly validation: { readonly accuracy: number; readonly loss: number; readonly clips: number };
}

/** Every model with every seed: the first seed of all models before the second of any, so that a study cut short compares all. */
export function planTrials(data: string, { models, seeds, recipe, epochs }: StudyPlan): Trial[] {
  const same = { ...(recipe !== undefined && { recipe }), ...(epochs !== undefined && { epochs }) };
  return seeds.flatMap((seed) => models.map((model) => ({ data, model, seed, ...same })));
}

export interface StudyPlan extends Pick<Trial, 'recipe' | 'epochs'> {
  readonly models: readonly string[];
  readonly seeds: readonly number[];
}

/** Trials that no result is there for. A result fits if data, model, seed and, where the trial has them, recipe and epochs agree. */
export function missingTrials(trials: readonly Trial[], results: readonly TrialResult[]): Trial[] {
  const fits = (trial: Trial) => (result: TrialResult) =>
    result.data === trial.data &&
    result.model === trial.model &&
    result.seed === trial.seed &&
    (trial.recipe === undefined || result.recipe === trial.recipe) &&
    (trial.epochs === undefined || result.epochs === trial.epochs);
  return trials.filter((trial) => !results.some(fits(trial)));
}

/**
 * Results from the text of a results file, one JSON object a line.
 * A last line without its end (the machine went down in the middle of it) does not count.
 * @throws DataSetError naming file and line.
 */
export function parseResults(text: string, file: string): TrialResult[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, i) => {
    const result = parseLine(line);
    if (result) return result;
    const found = JSON.stringify(line.slice(0, 60));
    throw new DataSetError(
      'results-line',
      `Cannot read ${file}: expected a trial's result in line ${i + 1}, got ${found}`,
      { value: i + 1 },
    );
  });
}

function parseLine(line: string): TrialResult | undefined {
  try {
    const result = JSON.parse(line) as Partial<TrialResult> | null;
    const numbers = [
      result?.seed,
      result?.parameters,
      result?.macs,
      result?.epochs,
      result?.validation?.accuracy,
    ];
    const isResult =
      [result?.model, result?.data, result?.recipe].every((text) => typeof text === 'string') &&
      numbers.every(Number.isFinite);
    return isResult ? (result as TrialResult) : undefined;
  } catch {
    return undefined;
  }
}

export interface Summary {
  readonly data: string;
  readonly model: string;
  readonly parameters: number;
  readonly macs: number;
  readonly recipe: string;
  readonly epochs: number;
  readonly seeds: readonly number[];
  readonly meanAccuracy: number;
  /** Of the sample, n − 1; undefined for one seed. */
  readonly deviation?: number;
  readonly meanLoss: number;
}

/** One row for each data set, model, recipe and number of epochs, the most accurate first. */
export function summarize(results: readonly TrialResult[]): Summary[] {
  const groups = new Map<string, TrialResult[]>();
  for (const result of results) {
    const key = JSON.stringify([result.data, result.model, result.recipe, result.epochs]);
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].map(summaryOf).sort((a, b) => b.meanAccuracy - a.meanAccuracy);
}

function summaryOf(results: readonly TrialResult[]): Summary {
  const [{ data, model, parameters, macs, recipe, epochs }] = results;
  const accuracies = results.map(({ validation }) => validation.accuracy);
  const meanAccuracy = meanOf(accuracies);
  const squares = accuracies.reduce((sum, accuracy) => sum + (accuracy - meanAccuracy) ** 2, 0);
  return {
    data,
    model,
    parameters,
    macs,
    recipe,
    epochs,
    seeds: results.map(({ seed }) => seed),
    meanAccuracy,
    ...(results.length > 1 && { deviation: Math.sqrt(squares / (results.length - 1)) }),
    meanLoss: meanOf(results.map(({ validation }) => validation.loss)),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
