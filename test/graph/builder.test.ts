import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder, halfPadding } from '../../src/graph/builder.js';

describe('GraphBuilder', () => {
  it('numbers names that are taken and puts scopes before them', () => {
    const g = new GraphBuilder('names');
    const x = g.input('x', [1, 1, 1]);
    const names = [g.relu(x), g.relu(x)].map((value) => value.name);
    const scoped = () => g.scope('a', () => g.scope('b', () => g.relu(x).name));
    expect([...names, scoped(), scoped()]).toEqual(['relu', 'relu-2', 'a/b/relu', 'a-2/b/relu']);
    expect(g.relu(x).name).toBe('relu-3');
  });

  it('leaves a scope when its body throws', () => {
    const g = new GraphBuilder('names');
    const x = g.input('x', [1, 1, 1]);
    expect(() => g.scope('a', () => g.dropout(x, 2))).toThrow();
    expect(g.relu(x).name).toBe('relu');
  });

  it('declares parameters with role, shape and start', () => {
    const g = new GraphBuilder('parameters');
    const x = g.input('x', [8, 8, 6]);
    const y = g.conv2d(x, { channels: 4, kernel: [3, 5], groups: 2, bias: true });
    g.weightedSum([y, y], { weights: [1, 0.5], learned: true });
    expect(g.build({ outputs: [y] }).parameters).toEqual({
      'conv/weight': { shape: [3, 5, 3, 4], role: 'kernel', init: { kind: 'kaimingNormal', fanOut: 30 } },
      'conv/bias': { shape: [4], role: 'bias', init: { kind: 'constant', value: 0 } },
      'sum/weight': { shape: [2], role: 'scalar', init: { kind: 'values', values: [1, 0.5] } },
    });
  });

  it('lists inputs, outputs, losses and statistics', () => {
    const g = new GraphBuilder('ends');
    const x = g.input('x', [1, 1, 2]);
    const targets = g.input('targets', [1, 1, 2]);
    const y = g.batchNorm(x, { bands: 1 });
    const graph = g.build({ outputs: [y], losses: [g.softmaxCrossEntropy(y, targets)] });
    expect(graph).toMatchObject({
      name: 'ends',
      inputs: ['x', 'targets'],
      outputs: ['norm'],
      losses: ['loss'],
    });
    expect(graph.statistics).toEqual({
      'norm/mean': { shape: [2], role: 'mean' },
      'norm/variance': { shape: [2], role: 'variance' },
    });
  });

  it('survives JSON unchanged', () => {
    const g = new GraphBuilder('json');
    const x = g.input('x', [4, 4, 2]);
    const graph = g.build({ outputs: [g.relu(g.batchNorm(g.conv2d(x, { channels: 2 })))] });
    expect(JSON.parse(JSON.stringify(graph))).toEqual(graph);
  });

  it('hands out a graph that later nodes do not reach', () => {
    const g = new GraphBuilder('early');
    const x = g.input('x', [1, 1, 1]);
    const graph = g.build({ outputs: [g.relu(x)] });
    g.batchNorm(x);
    expect(graph.nodes.length).toBe(2);
    expect(graph.parameters).toEqual({});
    expect(graph.statistics).toEqual({});
  });

  it('refuses an input of a name that is taken', () => {
    const g = new GraphBuilder('twice');
    g.input('x', [1, 1, 1]);
    expect(() => g.input('x', [2, 2, 2])).toThrow(ConfigError);
    expect(() => g.input('x', [2, 2, 2])).toThrow(
      'Cannot build input x: expected a new name, got a taken one',
    );
  });

  it('builds on a graph that it takes over, under names that are free there', () => {
    const first = new GraphBuilder('first');
    const y = first.scope('stem', () =>
      first.batchNorm(first.conv2d(first.input('x', [4, 4, 1]), { channels: 2 })),
    );
    const graph = first.build({ outputs: [y] });
    const g = new GraphBuilder('second');
    const [adopted] = g.adopt(graph);
    expect(adopted).toEqual({ name: 'stem/norm', shape: [4, 4, 2] });
    const more = g.build({ outputs: [g.scope('stem', () => g.conv2d(adopted, { channels: 3 }))] });
    expect(more.nodes.slice(0, -1)).toEqual(graph.nodes);
    expect(more.nodes.at(-1)).toMatchObject({ name: 'stem-2/conv', inputs: ['stem/norm'] });
    expect(Object.keys(more.parameters)).toEqual([...Object.keys(graph.parameters), 'stem-2/conv/weight']);
    expect(more.statistics).toEqual(graph.statistics);
    expect(() => g.adopt(graph)).toThrow('Cannot build node x: expected a new name, got a taken one');
  });

  it('refuses values of another builder', () => {
    const foreign = new GraphBuilder('other').input('there', [1, 1, 1]);
    const g = new GraphBuilder('here');
    expect(() => g.relu(foreign)).toThrow(ConfigError);
    expect(() => g.relu(foreign)).toThrow(
      'Cannot build node relu: expected values of this builder, got there',
    );
  });
});

describe('halfPadding', () => {
  it('keeps the size at stride 1 for odd kernels, dilated ones too', () => {
    expect(halfPadding([3, 5], [4, 1])).toEqual([
      [4, 4],
      [2, 2],
    ]);
  });
});
