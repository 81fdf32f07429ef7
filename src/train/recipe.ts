/**
 * A recipe: every number that decides how a network is trained, as plain JSON. It is written into checkpoints and model
 * files, so that a result can be trained again from its file alone.
 */
import { ConfigError } from '../errors.js';
import { MODELS } from '../models/models.js';
import type { DataSet } from './data-set.js';
import {
  type AugmentConfig,
  bcResNetAugment,
  DEFAULT_AUGMENT,
  SHORT_AUGMENT,
} from './features/augment-config.js';
import { type RoutingRecipe, routedRecipe } from './routing/routing-recipe.js';
import { clipsPerEpoch, epochsFor, SHORT_SHARE } from './training-length.js';

export interface SgdRecipe {
  readonly kind: 'sgd';
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  /** Which parameters decay: the weights of convolutions and dense layers, or every one. */
  readonly decays: 'kernels' | 'all';
}

export interface AdamWRecipe {
  readonly kind: 'adamw';
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled: a step takes learning rate × weightDecay × weight away, beside the gradient's part. */
  readonly weightDecay: number;
  readonly decays: 'kernels' | 'all';
}

export type OptimizerRecipe = SgdRecipe | AdamWRecipe;

export type ScheduleRecipe =
  | { readonly kind: 'constant'; readonly rate: number; readonly warmupEpochs: number }
  | {
      readonly kind: 'cosine';
      readonly rate: number;
      readonly warmupEpochs: number;
      readonly finalRate: number;
    }
  | {
      readonly kind: 'step';
      readonly rate: number;
      readonly warmupEpochs: number;
      readonly everyEpochs: number;
      readonly factor: number;
    };

export interface Recipe {
  readonly name: string;
  readonly epochs: number;
  readonly batchSize: number;
  /** Clips whose BatchNorm moments are taken together. */
  readonly normShard: number;
  readonly optimizer: OptimizerRecipe;
  readonly schedule: ScheduleRecipe;
  /** The global norm that gradients are scaled down to; null: never. */
  readonly clipNorm: number | null;
  /** Moving average of the weights, which is then what is validated and kept; null: the weights themselves. */
  readonly ema: { readonly decay: number } | null;
  /** What part of a running statistic a full batch replaces, once the mean of the first batches is taken. */
  readonly statisticsMomentum: number;
  /** Training batches run forward through the finished weights to take BatchNorm's statistics anew; 0: never. */
  readonly statisticsBatches: number;
  readonly labelSmoothing: number;
  /** `balanced`: a clip's loss is weighted by mean label size / size of its label. */
  readonly classWeights: 'none' | 'balanced';
  /** A further factor on the loss of `_unknown_` clips: many words, drawn as rarely as one. */
  readonly unknownWeight: number;
  /** Read when there is a teacher: its part of the loss, and the temperature of both softmaxes. */
  readonly distillation: { readonly weight: number; readonly temperature: number };
  /** How clips are varied; mixup and masks too. */
  readonly augment: AugmentConfig;
  /** Whether `_unknown_` answers as readily as the validation clips say is best: one offset, fitted when training is over. */
  readonly calibrateUnknown: boolean;
  /** Epochs without a better validation before training stops; null: never. */
  readonly patience: number | null;
  /** Which weights the model file gets: those of the best validation or of the last epoch. */
  readonly keep: 'best' | 'last';
  /** Of a network that chooses its resolution, and of no other. */
  readonly routing?: RoutingRecipe;
}

/** AdamW with strong augmentation, good for every network of the registry. */
export const DEFAULT_RECIPE: Recipe = {
  name: 'adamw',
  epochs: 120,
  batchSize: 64,
  normShard: 32,
  optimizer: {
    kind: 'adamw',
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0.05,
    decays: 'kernels',
  },
  schedule: { kind: 'cosine', rate: 3e-3, warmupEpochs: 5, finalRate: 0 },
  clipNorm: 5,
  ema: { decay: 0.998 },
  statisticsMomentum: 0.1,
  statisticsBatches: 20,
  labelSmoothing: 0.1,
  classWeights: 'none',
  unknownWeight: 3,
  distillation: { weight: 0.7, temperature: 2 },
  augment: DEFAULT_AUGMENT,
  calibrateUnknown: true,
  patience: null,
  keep: 'best',
};

/**
 * The recipe of BC-ResNet's authors for a network of width τ: plain SGD with decay on every parameter, no smoothing, no
 * moving average, the last epoch kept.
 *
 * Source: Kim et al., 2021, and Qualcomm-AI-research/bcresnet:main.py.
 */
export function bcResNetRecipe(tau = 1): Recipe {
  const maskParameter = ({ 1.5: 1, 2: 3, 3: 5, 6: 7, 8: 7 } as Record<number, number>)[tau] ?? 0;
  return {
    ...DEFAULT_RECIPE,
    name: 'bc-resnet',
    epochs: 200,
    batchSize: 100,
    optimizer: { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 1e-3, decays: 'all' },
    schedule: { kind: 'cosine', rate: 0.1, warmupEpochs: 5, finalRate: 0 },
    clipNorm: null,
    ema: null,
    statisticsBatches: 0,
    labelSmoothing: 0,
    unknownWeight: 1,
    calibrateUnknown: false,
    augment: bcResNetAugment(maskParameter),
    keep: 'last',
  };
}

/**
 * Our way to train BC-ResNet: its authors' recipe (their networks of ten to a few hundred thousand parameters learn less under
 * the default's mixup and masks), with the speed varied and `_unknown_` calibrated, as by default.
 */
function bcResNetDefault(tau: number): Recipe {
  const authors = bcResNetRecipe(tau);
  const augment = { ...authors.augment, speed: 0.1 };
  return { ...authors, name: 'bc-resnet-speed', augment, calibrateUnknown: true };
}

/**
 * AdamW for a third of the clips: batches of eight, so that there are steps enough, and clips varied less. One thread works,
 * a batch being one shard.
 */
const SHORT_RECIPE: Recipe = {
  ...DEFAULT_RECIPE,
  name: 'short',
  epochs: 60,
  batchSize: 8,
  normShard: 8,
  augment: SHORT_AUGMENT,
};

/** By name, for a network whose width is τ times that of its family's first. */
const RECIPES = {
  adamw: () => DEFAULT_RECIPE,
  short: () => SHORT_RECIPE,
  'bc-resnet': bcResNetRecipe,
  'bc-resnet-speed': bcResNetDefault,
} as const satisfies Record<string, (tau: number) => Recipe>;

export type RecipeName = keyof typeof RECIPES;

export const RECIPE_NAMES = Object.keys(RECIPES) as readonly RecipeName[];

/**
 * The recipe for a network of the registry, as long as suits the data set where one is given. `name` asks for another than
 * the one its family is trained by.
 * @throws ConfigError `unknown-recipe`.
 */
export function recipeFor(model: string, dataSet?: DataSet, name?: RecipeName): Recipe {
  const tau = /^bc-resnet-([\d.]+)$/.exec(model)?.[1];
  const wanted = name ?? (tau ? 'bc-resnet-speed' : 'adamw');
  if (!Object.hasOwn(RECIPES, wanted)) {
    const message = `Cannot train by recipe ${wanted}: expected one of ${RECIPE_NAMES.join(', ')}, got ${wanted}`;
    throw new ConfigError('unknown-recipe', message, { value: wanted });
  }
  const plain = RECIPES[wanted](Number(tau ?? 1));
  const chooses = Object.hasOwn(MODELS, model) && MODELS[model].family === 'drnet';
  const recipe = chooses ? routedRecipe(plain) : plain;
  const share = wanted === 'short' ? SHORT_SHARE : 1;
  return { ...recipe, ...(dataSet && { epochs: epochsFor(clipsPerEpoch(dataSet), share) }) };
}
