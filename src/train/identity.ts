/** What a checkpoint must find again for a run to go on to the same bytes. */
import type { TrainingIdentity } from './checkpoint.js';
import { canonicalJson, digestOf, digestTensors } from './digest.js';
import type { TrainerOptions } from './trainer-options.js';
import type { Weights } from './training-state.js';

/** Digests of everything that fixes the outcome of a training run, and the rest as it is. */
export function identityOf({
  graph,
  recipe,
  seed,
  data,
  engine,
  ...options
}: TrainerOptions): TrainingIdentity {
  const { start, trained, teacher } = options;
  const numbers = (weights: Weights | undefined) =>
    weights && digestTensors({ ...weights.parameters, ...weights.statistics });
  return {
    network: digestOf({ graph, trained, start: numbers(start), teacher: numbers(teacher) }),
    recipe,
    seed,
    data: digestOf(data),
    kernels: `${engine.name} ${engine.kernels}`,
  };
}

/** "expected …, got …": how two identities differ in one of their keys, `before` a checkpoint's, `now` that of the run that would go on. */
export function differenceOf(
  key: keyof TrainingIdentity,
  before: TrainingIdentity,
  now: TrainingIdentity,
): string {
  if (key === 'recipe') {
    const fields = differingFields(before.recipe, now.recipe);
    const tell = (side: 'before' | 'now') =>
      fields.map((field) => `${field.path} ${textOf(field[side])}`).join(', ');
    return `expected the same recipe as before, ${tell('before')}, got ${tell('now')}`;
  }
  // One digest stands for all of these.
  if (key === 'network')
    return 'expected the same network, parameters to train, weights to start from and teacher as before, got another of these';
  return `expected the same ${key} as before, ${textOf(before[key])}, got ${textOf(now[key])}`;
}

interface DifferingField {
  /** Such as "routing.targetShare". */
  readonly path: string;
  readonly before: unknown;
  readonly now: unknown;
}

/** The innermost fields that two JSON values do not share. */
function differingFields(before: unknown, now: unknown, path = ''): DifferingField[] {
  if (textOf(before) === textOf(now)) return [];
  if (!isRecord(before) || !isRecord(now)) return [{ path, before, now }];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return keys.flatMap((key) => differingFields(before[key], now[key], path === '' ? key : `${path}.${key}`));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return canonicalJson(value) ?? 'none';
}
