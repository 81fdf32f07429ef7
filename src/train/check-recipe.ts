/** Recipes come from users and files: every number is looked at before training starts. */
import { ConfigError } from '../errors.js';
import { checkAugment } from './features/augment-config.js';
import type { Recipe } from './recipe.js';

interface Bound {
  readonly low: number;
  readonly high: number;
  readonly whole?: boolean;
  readonly orNull?: boolean;
  /** `high` itself is out of range. */
  readonly below?: boolean;
}

const COUNT: Bound = { low: 1, high: 1e6, whole: true };
const FROM_ZERO: Bound = { low: 0, high: 1e6, whole: true };
const PART: Bound = { low: 0, high: 1 };
const BELOW_ONE: Bound = { low: 0, high: 1, below: true };
const POSITIVE: Bound = { low: Number.MIN_VALUE, high: 1e9 };
const NOT_NEGATIVE: Bound = { low: 0, high: 1e9 };

const BOUNDS: Readonly<Record<string, Bound>> = {
  epochs: COUNT,
  batchSize: COUNT,
  normShard: COUNT,
  'optimizer.momentum': BELOW_ONE,
  'optimizer.beta1': BELOW_ONE,
  'optimizer.beta2': BELOW_ONE,
  'optimizer.epsilon': POSITIVE,
  'optimizer.weightDecay': NOT_NEGATIVE,
  'schedule.rate': POSITIVE,
  'schedule.warmupEpochs': NOT_NEGATIVE,
  'schedule.finalRate': NOT_NEGATIVE,
  'schedule.everyEpochs': POSITIVE,
  'schedule.factor': POSITIVE,
  clipNorm: { ...POSITIVE, orNull: true },
  'ema.decay': BELOW_ONE,
  statisticsMomentum: PART,
  statisticsBatches: FROM_ZERO,
  labelSmoothing: BELOW_ONE,
  'distillation.weight': PART,
  'distillation.temperature': POSITIVE,
  unknownWeight: POSITIVE,
  patience: { ...COUNT, orNull: true },
};

/** Looked at where the recipe has `routing`. */
const ROUTING_BOUNDS: Readonly<Record<string, Bound>> = {
  'routing.pretrainShare': BELOW_ONE,
  'routing.predictorRate': POSITIVE,
  'routing.classifierRate': NOT_NEGATIVE,
  'routing.targetShare': PART,
  'routing.weight': NOT_NEGATIVE,
  'routing.temperature.from': POSITIVE,
  'routing.temperature.to': POSITIVE,
  // Finished weights' moments are of clips by routes that other weights chose.
  statisticsBatches: { low: 0, high: 0, whole: true },
};

/**
 * Checks that every number of a recipe is there and in range.
 * @throws ConfigError naming the field.
 */
export function checkRecipe(recipe: Recipe): void {
  for (const [path, bound] of Object.entries(BOUNDS)) checkField(recipe, path, bound);
  checkChoice('optimizer.decays', recipe.optimizer.decays, ['kernels', 'all']);
  checkChoice('classWeights', recipe.classWeights, ['none', 'balanced']);
  checkChoice('calibrateUnknown', recipe.calibrateUnknown, [true, false]);
  checkChoice('keep', recipe.keep, ['best', 'last']);
  if (recipe.routing !== undefined) {
    for (const [path, bound] of Object.entries(ROUTING_BOUNDS)) checkField(recipe, path, bound);
    checkChoice('routing.route', recipe.routing.route, ['hard', 'soft']);
  }
  if (typeof recipe.augment !== 'object' || recipe.augment === null)
    throw fault('augment', 'an object', String(recipe.augment));
  checkAugment(recipe.augment);
}

const FIELDS_OF_KIND: Readonly<Record<string, readonly string[]>> = {
  sgd: ['momentum', 'weightDecay'],
  adamw: ['beta1', 'beta2', 'epsilon', 'weightDecay'],
  constant: ['rate', 'warmupEpochs'],
  cosine: ['rate', 'warmupEpochs', 'finalRate'],
  step: ['rate', 'warmupEpochs', 'everyEpochs', 'factor'],
};

function checkField(recipe: Recipe, path: string, bound: Bound): void {
  const keys = path.split('.');
  let value: unknown = recipe;
  for (const key of keys) {
    const holder = value as Record<string, unknown> | null | undefined;
    if (holder === null && keys[0] === 'ema') return;
    const kind = (holder as { kind?: string } | undefined)?.kind;
    if (kind !== undefined) {
      const fields = Object.hasOwn(FIELDS_OF_KIND, kind) ? FIELDS_OF_KIND[kind] : undefined;
      if (!fields) throw fault(`${keys[0]}.kind`, 'a known kind', String(kind));
      if (!fields.includes(key)) return;
    }
    value = holder?.[key];
  }
  if (value === null && bound.orNull) return;
  if (!inBounds(value, bound)) throw fault(path, describe(bound), String(value));
}

function inBounds(value: unknown, { low, high, whole, below }: Bound): boolean {
  if (typeof value !== 'number' || !(value >= low && value <= high) || (below && value === high))
    return false;
  return !whole || Number.isInteger(value);
}

function describe({ low, high, whole, orNull, below }: Bound): string {
  if (low === high) return `${low}`;
  const kind = whole ? 'a whole number' : 'a number';
  const range = low === Number.MIN_VALUE ? `above 0` : `${low} … ${high}${below ? ' (not itself)' : ''}`;
  return `${kind}, ${range}${orNull ? ', or null' : ''}`;
}

function checkChoice<T extends string | boolean>(path: string, value: T, choices: readonly T[]): void {
  if (!choices.includes(value)) throw fault(path, choices.join(' or '), String(value));
}

function fault(path: string, wanted: string, found: string): ConfigError {
  return new ConfigError(
    'recipe',
    `Cannot train with recipe: expected ${path} to be ${wanted}, got ${found}`,
    {
      value: path,
    },
  );
}
