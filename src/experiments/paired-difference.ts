/** Whether one network is better than another: differences of trials that share all but the network. */
import { DataSetError } from '../errors.js';
import type { TrialResult } from './trials.js';

/** Both networks trained alike: same data, words of it, seed, recipe and epochs, validated on as many clips. */
export interface ResultPair {
  readonly data: string;
  readonly seed: number;
  readonly recipe: string;
  readonly epochs: number;
  /** The words of the set that were asked for; all of them where absent. */
  readonly only?: string;
  /** Validation accuracy, a part of 1. */
  readonly accuracy: number;
  readonly rivalAccuracy: number;
  readonly difference: number;
}

export interface PairedDifference {
  readonly model: string;
  readonly rival: string;
  readonly pairs: readonly ResultPair[];
  /** Of the differences. */
  readonly mean: number;
  /** 95 % confidence interval of the mean, lowest and highest. */
  readonly interval: readonly [number, number];
  /** On which side of zero the whole interval lies. */
  readonly verdict: 'above' | 'below' | 'not resolved';
}

/** Student's t that 2.5 % lie above, for 1, 2, … degrees of freedom; beyond the last, the last: a little too wide. */
const T_975 = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/**
 * The validation accuracy of `model` less that of `rival`, paired by data set, words, seed, recipe and epochs, with the interval of
 * Student's t for paired samples.
 * @throws DataSetError `too-few-pairs` below two pairs; `unlike-trials` where both have trials of a data set and seed, but none alike.
 */
export function pairedDifference(
  results: readonly TrialResult[],
  model: string,
  rival: string,
): PairedDifference {
  const pairs = pairsOf(results, model, rival);
  if (pairs.length < 2)
    throw new DataSetError(
      'too-few-pairs',
      `Cannot compare ${model} with ${rival}: expected at least 2 trials of each on the same data with the same seed, recipe and epochs, got ${pairs.length}`,
      { value: pairs.length },
    );
  const mean = pairs.reduce((sum, { difference }) => sum + difference, 0) / pairs.length;
  const squares = pairs.reduce((sum, { difference }) => sum + (difference - mean) ** 2, 0);
  const error = Math.sqrt(squares / (pairs.length - 1) / pairs.length);
  const reach = T_975[Math.min(pairs.length - 1, T_975.length) - 1] * error;
  const interval = [mean - reach, mean + reach] as const;
  const verdict = interval[0] > 0 ? 'above' : interval[1] < 0 ? 'below' : 'not resolved';
  return { model, rival, pairs, mean, interval, verdict };
}

function pairsOf(results: readonly TrialResult[], model: string, rival: string): ResultPair[] {
  // By key, so that a trial that two files hold counts once.
  const trialsOf = (name: string) => {
    const trials = results.filter((result) => result.model === name);
    return new Map(trials.map((result) => [JSON.stringify(conditionsOf(result)), result]));
  };
  const [own, rivals] = [trialsOf(model), trialsOf(rival)];
  const pairs = [...own].flatMap(([key, { data, seed, recipe, epochs, only, validation }]) => {
    const other = rivals.get(key);
    if (!other) return [];
    const [accuracy, rivalAccuracy] = [validation.accuracy, other.validation.accuracy];
    const alike = { data, seed, recipe, epochs, ...(only !== undefined && { only }) };
    return [{ ...alike, accuracy, rivalAccuracy, difference: accuracy - rivalAccuracy }];
  });
  for (const result of own.values()) checkPaired(result, [...rivals.values()], pairs);
  return pairs;
}

/** What two results must share to be a pair. */
function conditionsOf({ data, seed, recipe, epochs, only, labels, validation }: TrialResult) {
  const words = only ?? 'all';
  return { data, seed, recipe, epochs, words, labels, 'validation clips': validation.clips };
}

/** Both networks were trained on that data with that seed, but never alike: leaving them out would hide it. */
function checkPaired(
  result: TrialResult,
  rivals: readonly TrialResult[],
  pairs: readonly ResultPair[],
): void {
  const isLike = ({ data, seed }: { data: string; seed: number }) =>
    data === result.data && seed === result.seed;
  const other = rivals.find(isLike);
  if (!other || pairs.some(isLike)) return;
  const [wanted, found] = [result, other].map(conditionsOf);
  const keys = Object.keys(wanted) as (keyof typeof wanted)[];
  const differing = keys.filter((key) => wanted[key] !== found[key]);
  const tell = (of: typeof wanted) => differing.map((key) => `${key} ${of[key]}`).join(', ');
  throw new DataSetError(
    'unlike-trials',
    `Cannot compare ${result.model} with ${other.model} on ${result.data}, seed ${result.seed}: expected trials alike, got ${tell(wanted)} and ${tell(found)}`,
    { value: differing },
  );
}
