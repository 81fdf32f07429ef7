/**
 * What networks reached: by the default recipe, chosen on validation clips and tested once (the README says by which commands), and
 * all by one short recipe (docs/models.md).
 */
import trainedAlike from './trained-alike.json' with { type: 'json' };

/** Parts of 1, one for each seed from 1 on. */
export interface Measured {
  /** English: ten commands and unknown of Speech Commands, 1,119 test clips of 219 speakers never trained on. */
  readonly english?: readonly number[];
  /** Arabic: 40 words of Arabic Speech Commands, 960 validation clips of six speakers never trained on. */
  readonly arabic?: readonly number[];
  /** English validation clips after the short recipe, to compare networks by: 581 clips of 154 speakers never trained on. */
  readonly alike?: readonly number[];
}

/** By the default recipe; clips right of all. */
const BY_DEFAULT: Readonly<Record<string, Measured>> = {
  'bl-resnet-tiny': { english: [1058 / 1119, 1051 / 1119, 1052 / 1119], arabic: [939 / 960] },
  'ghostnet-tiny': { english: [1066 / 1119, 1064 / 1119, 1049 / 1119] },
  'bc-resnet-1': { english: [1023 / 1119] },
};

/** By name. The short recipe's are those of docs/results/english-commands.jsonl, brought here by `npm run study`. */
export const MEASURED: Readonly<Record<string, Measured>> = {
  ...BY_DEFAULT,
  ...Object.fromEntries(
    Object.entries(trainedAlike.correct).map(([name, correct]) => [
      name,
      { ...BY_DEFAULT[name], alike: correct.map((clips) => clips / trainedAlike.clips) },
    ]),
  ),
};

/** The mean over seeds, or undefined where nothing was measured. */
export function meanAccuracy(seeds: readonly number[] | undefined): number | undefined {
  if (!seeds || seeds.length === 0) return undefined;
  return seeds.reduce((sum, accuracy) => sum + accuracy, 0) / seeds.length;
}
