/** The flags of `hearken train`, and the recipe they make. */
import { type Command, Option } from 'commander';
import type { DataSet } from '../train/data-set.js';
import type { Recipe, RecipeName } from '../train/recipe.js';
import { recipeFor } from '../train/recipe.js';
import type { RoutingRecipe } from '../train/routing/routing-recipe.js';
import {
  type ComputeOptions,
  engineOption,
  fileToWrite,
  integer,
  kernelsOption,
  labelsOption,
  numberBetween,
  recipeOption,
  text,
} from './options.js';
import { UsageError } from './usage-error.js';

export interface TrainOptions extends ComputeOptions {
  readonly out: string;
  readonly model?: string;
  readonly labels?: string[];
  readonly epochs?: number;
  readonly recipe?: RecipeName;
  readonly seed: number;
  readonly threads?: number;
  readonly frontEnd?: 'wasm' | 'meyda';
  readonly init?: string;
  readonly freeze?: 'features' | 'none';
  readonly predictor?: string;
  readonly teacher?: string;
  readonly patience?: number;
  readonly batch?: number;
  readonly lr?: number;
  readonly clipMs?: number;
  readonly macShare?: number;
  readonly macWeight?: number;
  readonly routes?: RoutingRecipe['route'];
  readonly maxUnreadableShare?: number;
  readonly licence?: string;
  readonly attribution?: string[];
  readonly resume?: boolean;
  readonly restart?: boolean;
  readonly allowOtherKernels?: boolean;
  readonly validation: boolean;
  readonly report: string | boolean;
  readonly json?: boolean;
}

export const DEFAULT_MODEL = 'bl-resnet-tiny';
const MAX_SEED = 2 ** 32 - 1;
const MAX_BATCH = 4096;
/** What a model file may have; longer would show only once all is trained. */
const MAX_CLIP_MS = 60_000;

/** Adds argument and flags; nothing but the folder and `--out` is needed. */
export function addTrainOptions(command: Command): Command {
  return command
    .argument('<dir>', 'a folder with a sub-folder of recordings for each word, or CSV manifests')
    .requiredOption('-o, --out <file>', 'the model file to write', fileToWrite)
    .option(
      '-m, --model <name>',
      `the network, see \`hearken models\` (default: ${DEFAULT_MODEL}, or that of --init)`,
    )
    .addOption(labelsOption())
    .option(
      '-e, --epochs <n>',
      'times to go through the recordings (default: what suits their number)',
      integer(1),
    )
    .addOption(recipeOption())
    .option('--seed <n>', 'same seed, same data, same model', integer(0, MAX_SEED), 1)
    .option('-t, --threads <n>', 'threads to train with (default: one a core)', integer(1))
    .addOption(engineOption())
    .addOption(kernelsOption('strict'))
    .addOption(
      new Option(
        '--front-end <name>',
        'what computes features (default: meyda with --engine tensorflow)',
      ).choices(['wasm', 'meyda']),
    )
    .option('--init <file>', 'start from a trained model, with a new head where labels differ')
    .addOption(
      new Option('--freeze <part>', 'with --init: what stays as it is').choices(['features', 'none']),
    )
    .option('--predictor <file>', 'of a DRNet: a trained model that its predictor starts from')
    .option('--teacher <file>', 'a trained model whose answers are learned too')
    .option('--patience <n>', 'stop after n epochs without a better validation', integer(1))
    .option('--batch <n>', 'clips a step (default: of the recipe)', integer(1, MAX_BATCH))
    .option('--lr <rate>', 'highest learning rate (default: of the recipe)', numberBetween(1e-9, 100))
    .option(
      '--mac-share <part>',
      'of a DRNet: what a clip may cost on average, as a part of the largest resolution (default: 0.65)',
      numberBetween(0, 1),
    )
    .option('--mac-weight <weight>', 'of a DRNet: how much more weighs (default: 1)', numberBetween(0, 1e6))
    .addOption(
      new Option(
        '--routes <kind>',
        'of a DRNet: take each clip of a training through all resolutions, or through its own alone (default: soft)',
      ).choices(['soft', 'hard']),
    )
    .option(
      '--clip-ms <ms>',
      'length of the clip that is heard at once (default: 1000)',
      integer(100, MAX_CLIP_MS),
    )
    .option(
      '--max-unreadable-share <part>',
      'share of recordings that may be left out as missing or unreadable (default: 0.05)',
      numberBetween(0, 1),
    )
    .option('--licence <text>', 'licence of the model, kept in its file', text)
    .option(
      '--attribution <text>',
      'whom the recordings ask to be named, kept in the model file; give it once for each',
      (value: string, before: string[] = []) => [...before, text(value)],
    )
    .option('--resume', 'go on where a stopped run to the same file left off')
    .option('--restart', 'begin anew, dropping what a stopped run left')
    .option('--allow-other-kernels', 'resume although the kernels or the engine changed')
    .option('--no-validation', 'train on the validation recordings too; then nothing is validated')
    .option('--report <html>', 'where the report goes (default: beside the model)', fileToWrite)
    .option('--no-report', 'write no report')
    .option('--json', 'print one JSON value');
}

/** Flags that make no sense together. @throws UsageError */
export function checkTrainOptions(options: TrainOptions): void {
  if (options.freeze === 'features' && !options.init)
    throw new UsageError('--freeze needs --init: there is nothing trained to keep');
  if (options.resume && options.restart) throw new UsageError('--resume and --restart exclude each other');
  if (options.allowOtherKernels && !options.resume)
    throw new UsageError('--allow-other-kernels needs --resume');
  if (options.engine === 'tensorflow' && options.kernels === 'relaxed')
    throw new UsageError('--kernels is for the wasm engine');
  if (!options.validation && options.patience !== undefined)
    throw new UsageError('--patience needs validation: with --no-validation nothing gets better or worse');
}

/** The recipe of the network's family with what the flags change. A short run warms up over a fifth of it at most. */
export function recipeFromOptions(model: string, options: TrainOptions, dataSet?: DataSet): Recipe {
  const base = recipeFor(model, dataSet, options.recipe);
  const epochs = options.epochs ?? base.epochs;
  const schedule = {
    ...base.schedule,
    rate: options.lr ?? base.schedule.rate,
    warmupEpochs: Math.min(base.schedule.warmupEpochs, epochs / 5),
  };
  const batchSize = options.batch ?? base.batchSize;
  const patience = options.patience ?? base.patience;
  return { ...base, epochs, schedule, batchSize, patience, ...routingFromOptions(model, base, options) };
}

/** @throws UsageError for flags of networks that choose their resolution where this one does not. */
function routingFromOptions(model: string, { routing }: Recipe, options: TrainOptions): Partial<Recipe> {
  const { macShare, macWeight, routes } = options;
  if (routing)
    return {
      routing: {
        ...routing,
        ...(macShare !== undefined && { targetShare: macShare }),
        ...(macWeight !== undefined && { weight: macWeight }),
        ...(routes !== undefined && { route: routes }),
      },
    };
  if (macShare === undefined && macWeight === undefined && routes === undefined) return {};
  throw new UsageError(
    `--mac-share, --mac-weight and --routes are for networks that choose their resolution, ${model} does not`,
  );
}

/** Where the report goes: as told, beside the model, or nowhere. */
export function reportPath(options: TrainOptions): string | undefined {
  if (options.report === false) return undefined;
  if (typeof options.report === 'string') return options.report;
  return `${options.out.replace(/\.safetensors$/i, '')}.html`;
}
