import { describe, expect, it } from 'vitest';
import { DEFAULT_RECIPE } from '../../../src/train/recipe.js';
import { stageAt, temperatureAt } from '../../../src/train/routing/stages.js';
import { expectAllClose } from '../../support/all-close.js';
import { routedToyRecipe } from '../../support/toy-routes.js';

describe('stageAt', () => {
  it('is one stage for a plain network', () => {
    for (const epoch of [0, 119])
      expect(stageAt(DEFAULT_RECIPE, epoch)).toEqual({ kind: 'all', firstEpoch: 0, epochs: 120 });
  });

  it('parts the epochs of a network that chooses, 100 to 60 unless said', () => {
    const recipe = routedToyRecipe({}, { epochs: 160 });
    expect(stageAt(recipe, 99)).toEqual({ kind: 'all', firstEpoch: 0, epochs: 100 });
    expect(stageAt(recipe, 100)).toEqual({ kind: 'joint', firstEpoch: 100, epochs: 60 });
  });

  it.each([
    [1, 0.625, 0],
    [2, 0.9, 1],
    [5, 0, 0],
    [5, 0.999, 4],
  ])(
    'leaves at least one of %i epochs for the choice at a share of %f',
    (epochs, pretrainShare, firstEpoch) => {
      const last = stageAt(routedToyRecipe({ pretrainShare }, { epochs }), epochs - 1);
      expect(last).toEqual({ kind: 'joint', firstEpoch, epochs: epochs - firstEpoch });
    },
  );
});

describe('temperatureAt', () => {
  it('falls by one factor from the first joint epoch to the last', () => {
    const recipe = routedToyRecipe(
      { pretrainShare: 0.5, temperature: { from: 4, to: 0.25 } },
      { epochs: 10 },
    );
    const all = [0, 5, 6, 7, 8, 9].map((epoch) => temperatureAt(recipe, epoch));
    expectAllClose(all, [4, 4, 2, 1, 0.5, 0.25], { absolute: 1e-12 });
  });

  it('is 1 unless said', () => {
    expect(temperatureAt(routedToyRecipe(), 4)).toBe(1);
    expect(temperatureAt(DEFAULT_RECIPE, 4)).toBe(1);
  });
});
