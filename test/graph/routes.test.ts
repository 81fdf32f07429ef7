import { describe, expect, it } from 'vitest';
import { GraphBuilder, type Value } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { routesOf } from '../../src/graph/routes.js';

interface Shape {
  readonly weights?: readonly number[];
  readonly places?: readonly number[];
  readonly gate?: 'gumbelSoftmax' | 'softmax';
  readonly leak?: boolean;
}

/** Two dense branches behind a gate over the means of two channels. */
function routed({
  weights = [1, 1],
  places = [0, 1],
  gate: op = 'gumbelSoftmax',
  leak = false,
}: Shape = {}): Graph {
  const g = new GraphBuilder('routed');
  const x = g.input('features', [8, 4, 2]);
  const gate = op === 'softmax' ? g.softmax(g.globalAvgPool(x)) : g.gumbelSoftmax(g.globalAvgPool(x));
  const branch = (map: Value, channels: number) =>
    g.dense(g.globalAvgPool(g.conv2d(leak ? g.multiply(map, gate) : map, { channels })), { channels: 3 });
  const answers = [branch(x, 4), branch(g.resize(x, [4, 2], 'bilinear'), 5)];
  const gated = answers.map((answer, i) => g.multiply(answer, g.slice(gate, places[i], 1)));
  return g.build({ outputs: [g.weightedSum(gated, { weights })] });
}

describe('routesOf', () => {
  it('parts a gated network into its predictor and branches, each with its own parameters, size and MACs', () => {
    const { predictor, predictorMacs, gate, branches } = routesOf(routed())!;
    expect([gate, predictor.outputs, predictorMacs]).toEqual(['gumbel', ['pool'], 0]);
    expect(predictor.nodes.map(({ op }) => op)).toEqual(['input', 'mean']);
    expect(branches.map(({ resolution, macs }) => [resolution, macs])).toEqual([
      [[8, 4], 8 * 4 * 2 * 4 + 4 * 3],
      [[4, 2], 4 * 2 * 2 * 5 + 5 * 3],
    ]);
    expect(branches.map(({ graph }) => Object.keys(graph.parameters))).toEqual([
      ['conv/weight', 'dense/weight', 'dense/bias'],
      ['conv-2/weight', 'dense-2/weight', 'dense-2/bias'],
    ]);
    expect(branches.map(({ graph }) => [graph.inputs, graph.outputs])).toEqual([
      [['features'], ['dense']],
      [['features'], ['dense-2']],
    ]);
  });

  it.each<[string, Shape]>([
    ['weighs its branches', { weights: [1, 0.5] }],
    ['gates them in another order', { places: [1, 0] }],
    ['gates two by one place', { places: [0, 0] }],
    ['mixes them softly', { gate: 'softmax' }],
    ['lets them read the gate', { leak: true }],
  ])('finds none in a network that %s', (_, shape) => {
    expect(routesOf(routed(shape))).toBeUndefined();
  });

  it('finds none in a plain network', () => {
    const g = new GraphBuilder('plain');
    const x = g.input('features', [2, 2, 2]);
    expect(routesOf(g.build({ outputs: [g.weightedSum([x, x], { weights: [1, 1] })] }))).toBeUndefined();
    expect(routesOf(g.build({ outputs: [x] }))).toBeUndefined();
  });
});
