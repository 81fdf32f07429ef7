import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { costsOf } from '../../src/graph/costs.js';
import { nodesByName } from '../../src/graph/graph.js';
import { checkGraph, parameterShapes } from '../../src/graph/shapes.js';
import { buildModel, MODELS, modelEntry, nearestName } from '../../src/models/models.js';
import { expectRefused } from '../support/expect-refused.js';

describe('MODELS', () => {
  it.each(Object.values(MODELS))('builds $name with the parameters its row states', (entry) => {
    const graph = entry.build();
    checkGraph(graph);
    expect(graph.name).toBe(entry.name);
    expect(costsOf(graph).parameters).toBe(entry.parameters);
  });

  it.each(Object.values(MODELS))('gives $name the input and output that its callers expect', (entry) => {
    const graph = entry.build({ labels: 7 });
    const nodes = nodesByName(graph);
    expect(graph.inputs).toEqual(['features']);
    expect(nodes.get('features')!.shape).toEqual(entry.input);
    expect(graph.outputs).toEqual(['logits']);
    expect(nodes.get('logits')!.shape[2]).toBe(7);
    expect(graph.losses).toEqual([]);
  });
});

describe('the graphs of the registry', () => {
  it.each(Object.values(MODELS))('leave no node of $name unused, nor any parameter', (entry) => {
    const graph = entry.build();
    const nodes = nodesByName(graph);
    const used = new Set<string>();
    const visit = [...graph.outputs];
    for (let name = visit.pop(); name !== undefined; name = visit.pop()) {
      if (used.has(name)) continue;
      used.add(name);
      visit.push(...nodes.get(name)!.inputs);
    }
    expect(graph.nodes.filter(({ name }) => !used.has(name)).map(({ name }) => name)).toEqual([]);
    const needed = graph.nodes.flatMap((node) =>
      parameterShapes(node, nodes.get(node.inputs[0])?.shape).map(([name]) => name),
    );
    expect(new Set(needed)).toEqual(
      new Set([...Object.keys(graph.parameters), ...Object.keys(graph.statistics)]),
    );
  });

  it.each(Object.values(MODELS))('are plain JSON, that of $name too', (entry) => {
    // What a file loses on the way (undefined, NaN, typed arrays, −0) makes a difference here.
    const graph = entry.build();
    expect(JSON.parse(JSON.stringify(graph))).toStrictEqual(graph);
  });
});

describe('buildModel', () => {
  it('keeps the budgets of the speech sizes', () => {
    const budgets = { tiny: 60_000, small: 300_000, base: 1_100_000 };
    const speech = Object.values(MODELS).filter(({ domain }) => domain === 'speech');
    expect(speech.length).toBeGreaterThan(5);
    for (const { name, size, parameters } of speech)
      expect(parameters, name).toBeLessThanOrEqual(budgets[size!]);
  });

  it('gives the field’s own networks the smallest size that they keep within', () => {
    const families = ['bc-resnet', 'ds-cnn', 'tc-resnet', 'matchboxnet', 'honk-resnet'];
    const own = Object.values(MODELS).filter(({ family }) => families.includes(family));
    const fits = (parameters: number) =>
      parameters <= 60_000 ? 'tiny' : parameters <= 300_000 ? 'small' : 'base';
    expect(own).toHaveLength(20);
    for (const { name, size, parameters } of [...own, MODELS['ghost-25k']])
      expect([name, size]).toEqual([name, fits(parameters)]);
  });

  it('names the nearest model for an unknown name', () => {
    let thrown: unknown;
    try {
      buildModel('ghostnet-tyni');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({
      code: 'model-name',
      value: 'ghostnet-tyni',
      message:
        'Cannot build model: expected a name that `hearken models` lists, such as ghostnet-tiny, got ghostnet-tyni',
    });
    expect(nearestName('BC-ResNet-3')).toBe('bc-resnet-3');
    expect(() => modelEntry('toString')).toThrow(ConfigError);
  });

  it.each([0, 1.5, Number.NaN])('refuses %s labels', (labels) => {
    const rest = `bc-resnet-1: expected labels to be a whole number of 1 or more, got ${labels}`;
    expectRefused(() => buildModel('bc-resnet-1', { labels }), 'model-labels', rest);
  });

  it.each([undefined, null, 5, {}, ['resnet-tiny']])('refuses %s as a name', (name) => {
    const build = () => buildModel(name as never);
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(
      /^Cannot build model: expected a name that `hearken models` lists, such as [\w-]+, got /,
    );
    expect(build).toThrow(expect.objectContaining({ code: 'model-name', value: name }));
  });

  it.each([65_537, 1e308, Infinity])('refuses as many labels as %s', (labels) => {
    const rest = `bc-resnet-1: expected labels to be 65,536 or fewer, got ${labels}`;
    expectRefused(() => buildModel('bc-resnet-1', { labels }), 'model-labels', rest);
    expect(buildModel('bc-resnet-1', { labels: 65_536 }).outputs).toEqual(['logits']);
  });

  it.each([
    [[98, 40], '98 × 40'],
    [98, '98'],
    [null, 'null'],
    [[], 'an empty list'],
    [[98, 40, 1, 1], '98 × 40 × 1 × 1'],
    [[98.5, 40, 1], '98.5 × 40 × 1'],
    [[98, 0, 1], '98 × 0 × 1'],
    [['98', 40, 1], '"98" × 40 × 1'],
  ])('refuses an input of %j', (input, found) => {
    const build = () => buildModel('resnet-tiny', { input: input as never });
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(
      expect.objectContaining({
        code: 'model-input',
        message: `Cannot build resnet-tiny: expected input to be [time, frequency, maps] of whole numbers of 1 or more, got ${found}`,
        value: input,
      }),
    );
  });

  it('quotes a text where a number is wanted', () => {
    const build = () => buildModel('resnet-tiny', { labels: '5' as never });
    const rest = 'resnet-tiny: expected labels to be a whole number of 1 or more, got "5"';
    expectRefused(build, 'model-labels', rest);
  });

  it('refuses options that are no object', () => {
    const build = () => buildModel('resnet-tiny', 12 as never);
    expectRefused(build, 'model-option', 'resnet-tiny: expected options to be an object, got 12');
  });

  it('refuses an option that it does not know, a head and convolutions that there are not', () => {
    const build = (options: object) => () => buildModel('csp-resnet-tiny', options);
    const name = 'csp-resnet-tiny';
    const known = 'labels, input, head, conv';
    expectRefused(
      build({ gamma: 2 }),
      'model-option',
      `${name}: expected option to be one of ${known}, got gamma`,
    );
    expectRefused(
      build({ conv: 'zzz' }),
      'model-conv',
      `${name}: expected conv to be plain or ghost, got zzz`,
    );
    expect(build({ head: 'zzz' })).toThrow(/expected head to be none, fpn, gfm, efm, got zzz/);
    expect(() => buildModel('ds-cnn-s', { head: 'efm' })).toThrow(/ds-cnn-s/);
  });

  it('puts Ghost modules behind the scales of another head, which is that of the registered network', () => {
    const input = [98, 40, 1] as const;
    const efm = buildModel('csp-resnet-tiny', { head: 'efm', input });
    expect(efm).toEqual(buildModel('csp-resnet-tiny-efm', { input }));
    const both = buildModel('csp-resnet-tiny', { head: 'efm', conv: 'ghost' });
    expect(both.name).toBe('csp-resnet-tiny-efm-ghost');
    expect(costsOf(both).macs).toBeLessThan(costsOf(efm).macs);
    expect(buildModel('csp-resnet-tiny', { head: 'none', conv: 'plain' })).toEqual(
      buildModel('csp-resnet-tiny'),
    );
  });
});
