import { describe, expect, it } from 'vitest';
import { MODELS } from '../../src/models/models.js';
import { buildNetwork, frontEndFor, usualRecipe } from '../../src/train/network-to-train.js';
import { recipeFor } from '../../src/train/recipe.js';
import { DEFAULT_ROUTING } from '../../src/train/routing/routing-recipe.js';
import { toneDataSet } from '../support/tone-clips.js';
import { routedToy } from '../support/toy-routes.js';

const { dataSet } = toneDataSet({ clipMs: 400, perLabel: 2 });

describe('buildNetwork', () => {
  it('builds a row of the registry by its name or as an object alike', () => {
    const options = { labels: 3, input: [98, 40, 1] } as const;
    expect(buildNetwork(MODELS['ghost-25k'], options)).toEqual(buildNetwork('ghost-25k', options));
  });
});

describe('usualRecipe', () => {
  it('is the default for an own network, whatever its name, with 200 epochs for so few clips', () => {
    const own = MODELS['bc-resnet-3'];
    expect(usualRecipe(own, own.build(), dataSet)).toMatchObject({ name: 'adamw', epochs: 200 });
    expect(usualRecipe('bc-resnet-3', own.build(), dataSet)).toEqual(recipeFor('bc-resnet-3', dataSet));
  });

  it('has routing for an own network that chooses, and for no other', () => {
    const routed = usualRecipe(() => routedToy(), routedToy(), dataSet);
    expect(routed).toMatchObject({ routing: DEFAULT_ROUTING, keep: 'last' });
    const plain = MODELS['ghost-25k'];
    expect(usualRecipe(plain, plain.build(), dataSet)).not.toHaveProperty('routing');
  });
});

describe('frontEndFor', () => {
  it('has deltas for named networks of three maps alone', () => {
    expect(frontEndFor('bl-am-tiny').deltas).not.toBeNull();
    expect([frontEndFor('bl-resnet-tiny').deltas, frontEndFor(MODELS['bl-am-tiny']).deltas]).toEqual([
      null,
      null,
    ]);
  });
});
