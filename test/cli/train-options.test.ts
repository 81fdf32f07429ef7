import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  addTrainOptions,
  checkTrainOptions,
  recipeFromOptions,
  reportPath,
  type TrainOptions,
} from '../../src/cli/train-options.js';
import { recipeFor } from '../../src/train/recipe.js';

function parse(...flags: string[]): TrainOptions {
  const command = addTrainOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return command.parse(['words', '--out', 'm.safetensors', ...flags], { from: 'user' }).opts();
}

describe('recipeFromOptions', () => {
  it('is the recipe of the family when no flag says otherwise', () => {
    expect(recipeFromOptions('bc-resnet-1', parse())).toEqual(recipeFor('bc-resnet-1'));
  });

  it('changes what the flags name and shortens the warm-up of a short run', () => {
    const recipe = recipeFromOptions(
      'ghostnet-tiny',
      parse('--epochs', '10', '--batch', '32', '--lr', '0.01', '--patience', '3'),
    );
    expect(recipe).toMatchObject({ epochs: 10, batchSize: 32, patience: 3 });
    expect(recipe.schedule).toMatchObject({ rate: 0.01, warmupEpochs: 2 });
  });
});

describe('flags with bounds', () => {
  it.each([
    ['--clip-ms', 100, 60_000],
    ['--batch', 1, 4096],
  ])('%s is from %d to %d', (flag, least, most) => {
    for (const value of [least, most]) expect(Object.values(parse(flag, `${value}`))).toContain(value);
    for (const value of [least - 1, most + 1])
      expect(() => parse(flag, `${value}`)).toThrow(`Expected a whole number from ${least} to ${most}.`);
  });
});

describe('reportPath', () => {
  it('is beside the model unless told otherwise', () => {
    expect(reportPath(parse())).toBe('m.html');
    expect(reportPath(parse('--out', 'words.bin'))).toBe('words.bin.html');
    expect(reportPath(parse('--report', 'r.html'))).toBe('r.html');
    expect(reportPath(parse('--no-report'))).toBeUndefined();
  });
});

describe('checkTrainOptions', () => {
  it.each([
    [['--freeze', 'features'], '--freeze needs --init'],
    [['--resume', '--restart'], '--resume and --restart'],
    [['--allow-other-kernels'], 'needs --resume'],
    [['--engine', 'tensorflow', '--kernels', 'relaxed'], 'wasm engine'],
  ])('refuses %s', (flags, message) => {
    expect(() => checkTrainOptions(parse(...flags))).toThrow(message);
  });

  it('takes the folder and --out alone', () => {
    expect(() => checkTrainOptions(parse())).not.toThrow();
  });
});
