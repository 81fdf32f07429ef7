import { describe, expect, it } from 'vitest';
import { ConfigError, type HearkenError, ShapeError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph, GraphNode } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';

function smallGraph(): Graph {
  const g = new GraphBuilder('small');
  const x = g.input('x', [4, 4, 2]);
  const y = g.batchNorm(g.conv2d(x, { channels: 3, kernel: [3, 3] }));
  return g.build({ outputs: [g.dense(g.globalAvgPool(y), { name: 'logits', channels: 2 })] });
}

/** The graph with one node changed. */
function withNode(name: string, change: object): Graph {
  const graph = smallGraph();
  const nodes = graph.nodes.map((node) =>
    node.name === name ? ({ ...node, ...change } as GraphNode) : node,
  );
  return { ...graph, nodes };
}

function without<T>(record: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => key !== name));
}

type Kind = new (...args: never[]) => HearkenError;

const BROKEN: readonly (readonly [
  what: string,
  graph: () => Graph,
  kind: Kind,
  code: string,
  message: string,
])[] = [
  [
    'a cycle',
    () => withNode('conv', { inputs: ['norm'] }),
    ConfigError,
    'graph-order',
    'Cannot use graph: node conv reads norm, which is not an earlier node',
  ],
  [
    'a node that reads itself',
    () => withNode('norm', { inputs: ['norm'] }),
    ConfigError,
    'graph-order',
    'Cannot use graph: node norm reads norm, which is not an earlier node',
  ],
  [
    'an unknown input',
    () => withNode('norm', { inputs: ['nobody'] }),
    ConfigError,
    'graph-order',
    'Cannot use graph: node norm reads nobody, which is not an earlier node',
  ],
  [
    'a name twice',
    () => withNode('norm', { name: 'conv' }),
    ConfigError,
    'graph-name',
    'Cannot use graph: node conv stands twice in the list',
  ],
  [
    'a shape that does not follow',
    () => withNode('norm', { shape: [4, 4, 5] }),
    ShapeError,
    'node-shape',
    'Cannot build node norm: expected 4×4×3, got 4×4×5',
  ],
  [
    'a missing output',
    () => ({ ...smallGraph(), outputs: ['answer'] }),
    ConfigError,
    'graph-name',
    'Cannot use graph: there is no node answer',
  ],
  [
    'an input that is not listed',
    () => ({ ...smallGraph(), inputs: [] }),
    ConfigError,
    'graph-inputs',
    'Cannot use graph: expected its inputs to be x, got ',
  ],
  [
    'a listed input that is none',
    () => ({ ...smallGraph(), inputs: ['conv'] }),
    ConfigError,
    'graph-inputs',
    'Cannot use graph: expected its inputs to be x, got conv',
  ],
  [
    'a loss that is a map',
    () => ({ ...smallGraph(), losses: ['norm'] }),
    ShapeError,
    'node-shape',
    'Cannot build node norm: expected 1×1×1, got 4×4×3',
  ],
  [
    'a parameter that is not declared',
    () => ({ ...smallGraph(), parameters: without(smallGraph().parameters, 'conv/weight') }),
    ConfigError,
    'graph-parameter',
    'Cannot use graph: node conv needs conv/weight, which is not declared',
  ],
  [
    'a parameter named like a property of every object',
    () => withNode('conv', { weight: 'constructor' }),
    ConfigError,
    'graph-parameter',
    'Cannot use graph: node conv needs constructor, which is not declared',
  ],
  [
    'a parameter in the place of a statistic',
    () => withNode('norm', { mean: 'norm/gamma' }),
    ConfigError,
    'graph-parameter',
    'Cannot use graph: node norm needs norm/gamma, which is not declared',
  ],
  [
    'a parameter of another shape',
    () => withNode('conv', { weight: 'logits/weight' }),
    ShapeError,
    'parameter-shape',
    'Cannot use logits/weight: expected shape 3×3×2×3, got 3×2',
  ],
];

describe('checkGraph', () => {
  it('accepts what the builder builds', () => {
    expect(() => checkGraph(smallGraph())).not.toThrow();
  });

  it.each(BROKEN)('refuses %s', (_, graph, kind, code, message) => {
    let thrown: unknown;
    try {
      checkGraph(graph());
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(kind);
    expect(thrown).toMatchObject({ code, message });
  });

  it('refuses starting values of another number', () => {
    const g = new GraphBuilder('sum');
    const x = g.input('x', [1, 1, 1]);
    const graph = g.build({ outputs: [g.weightedSum([x, x], { weights: [1, 2], learned: true })] });
    const starting = (values: number[], shape = [2]) => {
      const spec = { ...graph.parameters['sum/weight'], shape, init: { kind: 'values', values } as const };
      return () => checkGraph({ ...graph, parameters: { 'sum/weight': spec } });
    };
    expect(starting([1, 2])).not.toThrow();
    expect(starting([1, 2, 3], [3])).toThrow('Cannot use sum/weight: expected shape 2, got 3');
    expect(starting([1, 2, 3])).toThrow('Cannot use sum/weight: expected 2 starting values, got 3');
    expect(starting([1, Number.NaN])).toThrow(
      'Cannot use sum/weight: expected starting values that are finite numbers, got 1, NaN',
    );
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [() => smallGraph(), 'function'],
    [{}, 'none of them'],
    [{ ...smallGraph(), parameters: null }, 'nodes, inputs, outputs, losses, statistics'],
    [{ nodes: [] }, 'nodes'],
  ])('refuses what is no graph: %s', (graph, found) => {
    let thrown: unknown;
    try {
      checkGraph(graph as never);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({
      code: 'graph-fields',
      message: `Cannot use graph: expected nodes, inputs, outputs, losses, parameters, statistics, got ${found}`,
      value: graph,
    });
  });

  it.each([
    [null, 'null'],
    [{ op: 'activation' }, '{"op":"activation"}'],
  ])('refuses a node that is %j', (node, found) => {
    expect(() => checkGraph({ ...smallGraph(), nodes: [node as never] })).toThrow(
      `Cannot use graph: expected nodes with inputs, got ${found}`,
    );
  });

  /** One node of each kind that has more than a shape to get wrong. */
  function wordyGraph(): Graph {
    const g = new GraphBuilder('wordy');
    const x = g.input('x', [4, 4, 2]);
    let y = g.activation(x, 'silu');
    y = g.padChannels(g.slice(g.resize(y, [4, 4], 'nearest'), 0, 1), 1, 0);
    y = g.softmax(g.mean(g.weightedSum([y, y], { weights: [1, 1] }), ['time']), 'frequency');
    return g.build({ outputs: [y] });
  }

  it.each([
    ['silu', { kind: 'swish' }, /^Cannot build node silu: expected kind to be relu, .*, mish, got swish$/],
    ['resize', { mode: 'cubic' }, /resize: expected mode to be nearest, bilinear, got cubic$/],
    ['slice', { start: [0, 0, 0.5] }, /slice: expected start to be a whole number of 0 or more, got 0.5$/],
    ['pad', { before: 0.5 }, /pad: expected channels before to be a whole number of 0 or more, got 0.5$/],
    ['sum', { weights: [1, Number.NaN] }, /sum: expected weights that are finite numbers, got 1, NaN$/],
    ['sum', { weights: [1] }, /sum: expected 2 weights, got 1$/],
    ['mean', { axes: ['x'] }, /mean: expected an axis to be time, frequency, got x$/],
    ['softmax', { axis: 'x' }, /softmax: expected axis to be time, frequency, channels, got x$/],
    ['softmax', { shape: 5 }, /softmax: expected shape to be \[time, frequency, channels\], got 5$/],
  ])('refuses a node %s with %j', (name, change, message) => {
    const graph = wordyGraph();
    expect(() => checkGraph(graph)).not.toThrow();
    const nodes = graph.nodes.map((node) =>
      node.name === name ? ({ ...node, ...change } as GraphNode) : node,
    );
    expect(() => checkGraph({ ...graph, nodes })).toThrow(message);
    expect(() => checkGraph({ ...graph, nodes })).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^node-/) }),
    );
  });
});
