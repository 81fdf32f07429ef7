import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { checkRecipe } from '../../src/train/check-recipe.js';
import { bcResNetRecipe, DEFAULT_RECIPE, type Recipe, recipeFor } from '../../src/train/recipe.js';

function faultOf(changes: object): ConfigError {
  try {
    checkRecipe({ ...DEFAULT_RECIPE, ...changes } as Recipe);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  return expect.fail('no error');
}

describe('checkRecipe', () => {
  it('accepts the recipes of the house, of a registry name, and what JSON makes of them', () => {
    for (const recipe of [
      DEFAULT_RECIPE,
      bcResNetRecipe(),
      bcResNetRecipe(8),
      recipeFor('ghostnet-tiny'),
      recipeFor('bc-resnet-3'),
    ]) {
      checkRecipe(recipe);
      expect(JSON.parse(JSON.stringify(recipe))).toEqual(recipe);
    }
    checkRecipe({ ...DEFAULT_RECIPE, ema: null, clipNorm: null, patience: 3 });
  });

  it.each([
    ['epochs', { epochs: 0 }, 'a whole number, 1 … 1000000', '0'],
    ['batchSize', { batchSize: 2.5 }, 'a whole number', '2.5'],
    ['normShard', { normShard: Number.NaN }, 'a whole number', 'NaN'],
    ['labelSmoothing', { labelSmoothing: 1 }, '0 … 1 (not itself)', '1'],
    ['patience', { patience: 0 }, 'or null', '0'],
    ['unknownWeight', { unknownWeight: 0 }, 'above 0', '0'],
    ['clipNorm', { clipNorm: '5' }, 'above 0', '5'],
    ['ema.decay', { ema: {} }, 'a number', 'undefined'],
    ['keep', { keep: 'first' }, 'best or last', 'first'],
    ['schedule.rate', { schedule: { ...DEFAULT_RECIPE.schedule, rate: -1 } }, 'above 0', '-1'],
    ['schedule.kind', { schedule: { kind: 'triangle' } }, 'a known kind', 'triangle'],
    ['optimizer.kind', { optimizer: { kind: 'constructor' } }, 'a known kind', 'constructor'],
    ['optimizer.decays', { optimizer: { ...DEFAULT_RECIPE.optimizer, decays: 'some' } }, 'kernels', 'some'],
    ['augment', { augment: null }, 'an object', 'null'],
  ])('names %s when it is out of range', (path, changes, wanted, found) => {
    const fault = faultOf(changes);
    expect(fault.code).toBe('recipe');
    expect(fault.value).toBe(path);
    expect(fault.message).toContain(`Cannot train with recipe: expected ${path} to be`);
    expect(fault.message).toContain(wanted);
    expect(fault.message).toContain(`got ${found}`);
  });

  it('checks the augmentation as its own room does', () => {
    const fault = faultOf({ augment: { ...DEFAULT_RECIPE.augment, shiftMs: -1 } });
    expect(fault.code).toBe('augment');
    expect(fault.message).toContain('expected shiftMs to be');
  });
});

describe('bcResNetRecipe', () => {
  it('holds the numbers of the authors: masks narrower than their parameter, plain momentum, decay on all', () => {
    expect([1, 1.5, 2, 3, 6, 8].map((tau) => bcResNetRecipe(tau).augment.specAugment.maxBands)).toEqual([
      0, 0, 2, 4, 6, 6,
    ]);
    expect(bcResNetRecipe().optimizer).toEqual({
      kind: 'sgd',
      momentum: 0.9,
      nesterov: false,
      weightDecay: 1e-3,
      decays: 'all',
    });
    expect(bcResNetRecipe()).toMatchObject({ epochs: 200, batchSize: 100, labelSmoothing: 0, ema: null });
  });
});

describe('recipeFor', () => {
  it('trains every network by the default recipe but BC-ResNet', () => {
    expect(recipeFor('bl-resnet-tiny')).toEqual(DEFAULT_RECIPE);
    expect(recipeFor('bl-resnet-50-a2-b4')).toEqual(DEFAULT_RECIPE);
  });

  it('trains by another recipe when asked', () => {
    expect(recipeFor('bc-resnet-3', undefined, 'adamw')).toEqual(DEFAULT_RECIPE);
    expect(recipeFor('bc-resnet-3', undefined, 'bc-resnet')).toEqual(bcResNetRecipe(3));
    expect(recipeFor('bc-resnet-3', undefined, 'short')).toMatchObject({
      name: 'short',
      epochs: 60,
      batchSize: 8,
    });
    expect(recipeFor('ghostnet-tiny', undefined, 'bc-resnet')).toEqual(bcResNetRecipe(1));
    expect(() => recipeFor('ghostnet-tiny', undefined, 'toString' as 'adamw')).toThrow(ConfigError);
    expect(() => recipeFor('ghostnet-tiny', undefined, 'toString' as 'adamw')).toThrow(
      'expected one of adamw, short, bc-resnet, bc-resnet-speed, got toString',
    );
  });

  it('trains BC-ResNet as its authors do: their optimizer and, from τ = 2 on, masks that grow with τ', () => {
    // main.py of the authors' code: SGD 0.1, momentum 0.9, decay 1e-3; SpecAugment only for τ > 1, widths below F.
    const { optimizer, schedule, augment, labelSmoothing, ema } = recipeFor('bc-resnet-1');
    expect(optimizer).toMatchObject({ kind: 'sgd', momentum: 0.9, weightDecay: 1e-3 });
    expect(schedule).toMatchObject({ kind: 'cosine', rate: 0.1, warmupEpochs: 5 });
    expect([labelSmoothing, ema, augment.mixup]).toEqual([0, null, 0]);
    expect(augment.specAugment).toMatchObject({ frequencyMasks: 0, timeMasks: 0 });
    expect(recipeFor('bc-resnet-3').augment.specAugment).toMatchObject({ frequencyMasks: 2, maxBands: 4 });
  });
});
