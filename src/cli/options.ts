/** Parsers for option values. What they refuse is misuse: commander shows one line and the command exits 2. */
import { InvalidArgumentError, Option } from 'commander';
import type { EngineName } from '../engine/engine.js';
import { RECIPE_NAMES } from '../train/recipe.js';

/** A whole number from `least` to `most`, both allowed. */
export function integer(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of ${least} or more` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Expected a whole number ${range}.`);
  };
}

/** A number from `least` to `most`, both allowed. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= least && value <= most))
      throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
    return value;
  };
}

/** Names parted by commas, none empty, none twice. */
export function commaList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError('Expected names parted by commas, without empty ones.');
  if (new Set(names).size !== names.length) throw new InvalidArgumentError('Expected each name once.');
  return names;
}

/** A text that says something; spaces around it are dropped. */
export function text(value: string): string {
  const trimmed = value.trim();
  if (trimmed === '') throw new InvalidArgumentError('Expected a text, got an empty one.');
  return trimmed;
}

/** The path of a file to write; what can only be a folder is misuse. */
export function fileToWrite(path: string): string {
  if (path.trim() === '' || /[/\\]$/.test(path))
    throw new InvalidArgumentError('Expected the path of a file.');
  return path;
}

/** What every command that computes can be told about it. */
export interface ComputeOptions {
  readonly engine: EngineName;
  readonly kernels: KernelChoice;
}

export type KernelChoice = 'strict' | 'relaxed' | 'auto';

export function engineOption(): Option {
  return new Option('--engine <name>', 'what computes').choices(['wasm', 'tensorflow']).default('wasm');
}

export function kernelsOption(choice: KernelChoice): Option {
  return new Option(
    '--kernels <set>',
    'strict: the same bytes on any machine; relaxed: faster where it fuses',
  )
    .choices(['strict', 'relaxed', 'auto'])
    .default(choice);
}

export function recipeOption(): Option {
  return new Option(
    '--recipe <name>',
    'how to train (default: adamw, and bc-resnet-speed for bc-resnet-*)',
  ).choices(RECIPE_NAMES);
}

/** Words to keep of a set of recordings. */
export function labelsOption(): Option {
  return new Option(
    '-l, --labels <words>',
    'words to keep, parted by commas; the rest becomes _unknown_',
  ).argParser(commaList);
}
