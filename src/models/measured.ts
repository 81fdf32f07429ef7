/**
 * What networks reached: by the default recipe, chosen on validation clips and tested once (the README says by which commands), and
 * all by one short recipe (docs/models.md).
 */
import trainedAlike from './trained-alike.json' with { type: 'json' };

/** What a network reached on clips of speakers never trained on. */
export interface Measurement {
  /** Whose recordings, which words. */
  readonly set: string;
  readonly split: 'test' | 'validation';
  /** Of that split. */
  readonly clips: number;
  /** `short`: one short recipe alike for all networks, to compare them by. */
  readonly recipe: 'default' | 'short';
  /** Parts of 1, one for each seed from 1 on. */
  readonly accuracies: readonly number[];
}

type Conditions = Omit<Measurement, 'accuracies'>;

/** On what: English 219 speakers, Arabic six, alike 154. */
export const CONDITIONS = {
  english: {
    set: 'Speech Commands, ten commands and unknown',
    split: 'test',
    clips: 1119,
    recipe: 'default',
  },
  arabic: { set: 'Arabic Speech Commands, 40 words', split: 'validation', clips: 960, recipe: 'default' },
  alike: {
    set: 'Speech Commands, ten commands, unknown and silence',
    split: 'validation',
    clips: trainedAlike.clips,
    recipe: 'short',
  },
} as const satisfies Record<string, Conditions>;

export type Measured = Readonly<Partial<Record<keyof typeof CONDITIONS, Measurement>>>;

/** By the default recipe: clips right of all, seed by seed. */
const BY_DEFAULT: Readonly<Record<string, Partial<Record<keyof typeof CONDITIONS, readonly number[]>>>> = {
  'bl-resnet-tiny': { english: [1058, 1051, 1052], arabic: [939] },
  'ghostnet-tiny': { english: [1066, 1064, 1049] },
  'bc-resnet-1': { english: [1023] },
};

const ALIKE: Readonly<Record<string, readonly number[]>> = trainedAlike.correct;

/** By name. The short recipe's are those of docs/results/english-commands.jsonl, brought here by `npm run study`. */
export const MEASURED: Readonly<Record<string, Measured>> = Object.fromEntries(
  [...new Set([...Object.keys(BY_DEFAULT), ...Object.keys(ALIKE)])].map((name) => [
    name,
    measuredFrom({ ...BY_DEFAULT[name], ...(name in ALIKE && { alike: ALIKE[name] }) }),
  ]),
);

function measuredFrom(correct: Partial<Record<keyof typeof CONDITIONS, readonly number[]>>): Measured {
  const entries = Object.entries(correct) as [keyof typeof CONDITIONS, readonly number[]][];
  return Object.fromEntries(
    entries.map(([key, seeds]) => {
      const conditions = CONDITIONS[key];
      return [key, { ...conditions, accuracies: seeds.map((right) => right / conditions.clips) }];
    }),
  );
}

/** The mean over seeds, or undefined where nothing was measured. */
export function meanAccuracy(measurement: Pick<Measurement, 'accuracies'> | undefined): number | undefined {
  const seeds = measurement?.accuracies ?? [];
  return seeds.length === 0 ? undefined : seeds.reduce((sum, accuracy) => sum + accuracy, 0) / seeds.length;
}
