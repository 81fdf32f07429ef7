/** Trials of a study: what is trained, what came of it, and what several seeds say together. */

export interface Trial {
  readonly data: string;
  readonly model: string;
  readonly seed: number;
  /** Of the network's family where nobody said. */
  readonly recipe?: string;
  /** Epochs of the recipe where nobody said. */
  readonly epochs?: number;
  /** The words of the set that were asked for, joined by commas; all of them where absent. */
  readonly only?: string;
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
export function planTrials(data: string, { models, seeds, recipe, epochs, only }: StudyPlan): Trial[] {
  const same = {
    ...(recipe !== undefined && { recipe }),
    ...(epochs !== undefined && { epochs }),
    ...(only !== undefined && { only }),
  };
  return seeds.flatMap((seed) => models.map((model) => ({ data, model, seed, ...same })));
}

export interface StudyPlan extends Pick<Trial, 'recipe' | 'epochs' | 'only'> {
  readonly models: readonly string[];
  readonly seeds: readonly number[];
}

/** Trials that no result is there for. A result fits if data, words, model, seed and, where the trial has them, recipe and epochs agree. */
export function missingTrials(trials: readonly Trial[], results: readonly TrialResult[]): Trial[] {
  const fits = (trial: Trial) => (result: TrialResult) =>
    result.data === trial.data &&
    result.only === trial.only &&
    result.model === trial.model &&
    result.seed === trial.seed &&
    (trial.recipe === undefined || result.recipe === trial.recipe) &&
    (trial.epochs === undefined || result.epochs === trial.epochs);
  return trials.filter((trial) => !results.some(fits(trial)));
}

/** What tells a result from those of other trials; equal for two results of one. */
export function trialKey({ data, model, seed, recipe, epochs, only }: TrialResult): string {
  return JSON.stringify([data, model, seed, recipe, epochs, only ?? null]);
}

export interface Summary {
  readonly data: string;
  /** As in the trials. */
  readonly only?: string;
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

/** One row for each data set, choice of its words, model, recipe and number of epochs, the most accurate first. */
export function summarize(results: readonly TrialResult[]): Summary[] {
  const groups = new Map<string, TrialResult[]>();
  for (const result of results) {
    const key = JSON.stringify([result.data, result.only, result.model, result.recipe, result.epochs]);
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].map(summaryOf).sort((a, b) => b.meanAccuracy - a.meanAccuracy);
}

function summaryOf(results: readonly TrialResult[]): Summary {
  const [{ data, only, model, parameters, macs, recipe, epochs }] = results;
  const accuracies = results.map(({ validation }) => validation.accuracy);
  const meanAccuracy = meanOf(accuracies);
  const squares = accuracies.reduce((sum, accuracy) => sum + (accuracy - meanAccuracy) ** 2, 0);
  return {
    data,
    ...(only !== undefined && { only }),
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
