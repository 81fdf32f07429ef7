import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
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

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [5, 'number'],
    [{ name: 'mine' }, 'object'],
  ])('refuses %j as a network', (model, found) => {
    const build = () => buildNetwork(model as never, { labels: 3, input: [98, 40, 1] });
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(
      expect.objectContaining({
        code: 'network',
        message: `Cannot train: expected the name of a network, a function that builds a graph or { name, build }, got ${found}`,
        value: model,
      }),
    );
  });

  it.each([
    [() => undefined, 'undefined'],
    [() => null, 'null'],
    [{ name: 'mine', build: () => 'graph' }, 'string'],
  ])('refuses a function that gives no graph: %s', (model, found) => {
    const build = () => buildNetwork(model as never, { labels: 3, input: [98, 40, 1] });
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(
      `Cannot train a network of one's own: expected its function to give a graph, got ${found}`,
    );
    expect(build).toThrow(expect.objectContaining({ code: 'model-graph' }));
  });

  it('refuses a graph without its lists, such as a promise of one', () => {
    const build = () => buildNetwork((async () => routedToy()) as never, { labels: 3, input: [98, 40, 1] });
    expect(build).toThrow(/^Cannot use graph: expected nodes, .*, got none of them$/);
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
