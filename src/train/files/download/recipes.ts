/**
 * Known data sets: where they come from, under which licence, how to tell that they arrived whole. data/README.md tells
 * the same for people.
 */
import { ConfigError } from '../../../errors.js';

export interface DataRecipe {
  readonly name: string;
  readonly title: string;
  /** A `.tar.gz`. */
  readonly url: string;
  readonly page: string;
  readonly licence: string;
  /** What a model trained on it has to name. */
  readonly attribution: string;
  /** Size of the archive in bytes; null where its server makes it anew each time. */
  readonly archiveBytes: number | null;
  /** SHA-256 of the archive in hexadecimal, as published; null where none is published. */
  readonly sha256: string | null;
  readonly checksumSource: string;
  /** Leading folders of the archive to drop. */
  readonly strip: number;
  /** More than this is not the data set, and is not unpacked. */
  readonly maxUnpackedBytes: number;
  /** How the authors part it. */
  readonly splitRule: string;
  readonly expected: DataCounts;
}

/** What a folder of recordings holds; noise files are not counted. */
export interface DataCounts {
  readonly words: number;
  readonly clips: number;
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

const SPEECH_COMMANDS = {
  page: 'https://arxiv.org/abs/1804.03209',
  licence: 'CC BY 4.0',
  checksumSource:
    'torchaudio 2, torchaudio/datasets/speechcommands.py, _CHECKSUMS (SHA-256 of the same archive)',
  strip: 0,
  maxUnpackedBytes: 8e9,
  splitRule:
    'by speaker: validation_list.txt and testing_list.txt (files whose hashed speaker falls in 10 % each), the rest trains',
} as const;

export const DATA_RECIPES: readonly DataRecipe[] = [
  {
    ...SPEECH_COMMANDS,
    name: 'speech-commands-v0.01',
    title: 'Speech Commands v0.01 (2017): 30 English words',
    url: 'https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.01.tar.gz',
    attribution: 'Speech Commands v0.01, Pete Warden, Google, CC BY 4.0',
    archiveBytes: 1_489_096_277,
    sha256: '743935421bb51cccdb6bdd152e04c5c70274e935c82119ad7faeec31780d811d',
    expected: { words: 30, clips: 64_721, train: 51_088, validation: 6_798, test: 6_835 },
  },
  {
    ...SPEECH_COMMANDS,
    name: 'speech-commands-v0.02',
    title: 'Speech Commands v0.02 (2018): 35 English words',
    url: 'https://storage.googleapis.com/download.tensorflow.org/data/speech_commands_v0.02.tar.gz',
    attribution: 'Speech Commands v0.02, Pete Warden, Google, CC BY 4.0',
    archiveBytes: 2_428_923_189,
    sha256: 'af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58',
    expected: { words: 35, clips: 105_829, train: 84_843, validation: 9_981, test: 11_005 },
  },
  {
    name: 'arabic-speech-commands',
    title: 'Arabic Speech Commands v1.0 (2021): 40 words, 30 speakers',
    url: 'https://github.com/abdulkaderghandoura/arabic-speech-commands-dataset/archive/refs/tags/v1.0.tar.gz',
    page: 'https://doi.org/10.5281/zenodo.4662481',
    licence: 'CC BY 4.0',
    attribution:
      'Arabic Speech Commands v1.0, Abdulkader Ghandoura, Farouk Hjabo, Oumayma Al Dakkak, CC BY 4.0',
    archiveBytes: null,
    sha256: null,
    checksumSource:
      'none published for this archive (GitHub packs it on demand); the counts are checked instead',
    strip: 1,
    maxUnpackedBytes: 4e9,
    splitRule: 'by speaker: train.csv (18 speakers), val.csv (6), test.csv (6)',
    expected: { words: 40, clips: 12_000, train: 7_200, validation: 2_400, test: 2_400 },
  },
];

/** @throws ConfigError `unknown-data-set`. */
export function recipeByName(name: string): DataRecipe {
  const recipe = DATA_RECIPES.find((candidate) => candidate.name === name);
  if (recipe) return recipe;
  const known = DATA_RECIPES.map((candidate) => candidate.name).join(', ');
  throw new ConfigError('unknown-data-set', `Cannot get data: expected ${known}, got "${name}"`, {
    value: name,
  });
}
