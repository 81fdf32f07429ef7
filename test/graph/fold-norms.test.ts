import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder, type Value } from '../../src/graph/builder.js';
import { foldNorms, settleNorms, type TrainedGraph } from '../../src/graph/fold-norms.js';
import type { Graph } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { Random } from '../../src/numerics/random.js';
import { expectAllClose } from '../support/all-close.js';
import { drawParameters, drawStatistics, normals } from '../support/case-data.js';
import { runReference } from '../support/reference.js';

function trained(graph: Graph): TrainedGraph {
  return { graph, parameters: drawParameters(graph, 5), statistics: drawStatistics(graph, 5) };
}

function build(make: (g: GraphBuilder, x: Value) => Value | readonly Value[]): TrainedGraph {
  const builder = new GraphBuilder('net');
  const made = make(builder, builder.input('x', [4, 6, 3]));
  return trained(builder.build({ outputs: Array.isArray(made) ? made : [made as Value] }));
}

const ops = ({ graph }: TrainedGraph) => graph.nodes.map(({ op }) => op);

function outputs({ graph, parameters, statistics }: TrainedGraph): Float64Array[] {
  const inputs = { x: normals(new Random(9), 2 * 4 * 6 * 3) };
  const { maps } = runReference(graph, { inputs, parameters, statistics, count: 2, training: false });
  return graph.outputs.map((name) => maps.get(name)!.data);
}

function expectSameFunction(before: TrainedGraph, after: TrainedGraph): void {
  checkGraph(after.graph);
  expect(Object.keys(after.parameters).sort()).toEqual(Object.keys(after.graph.parameters).sort());
  expect(Object.keys(after.statistics).sort()).toEqual(Object.keys(after.graph.statistics).sort());
  const wanted = outputs(before);
  // Folded weights are rounded to float32 once more.
  for (const [i, found] of outputs(after).entries()) expectAllClose(found, wanted[i], { relative: 1e-6 });
}

describe('foldNorms', () => {
  it('takes BatchNorms into convolutions, depthwise ones and dense layers, with a bias or without', () => {
    const before = build((g, x) => {
      let y = g.relu(g.batchNorm(g.conv2d(x, { channels: 5, kernel: [3, 3] })));
      y = g.batchNorm(g.depthwiseConv2d(y, { multiplier: 2 }));
      y = g.relu(g.batchNorm(g.conv2d(y, { channels: 4, bias: true, groups: 2 })));
      return g.batchNorm(g.dense(y, { channels: 3 }));
    });
    const after = foldNorms(before);
    expect(ops(after)).toEqual('input conv2d activation depthwiseConv2d conv2d activation dense'.split(' '));
    expect(after.graph.statistics).toEqual({});
    expectSameFunction(before, after);
  });

  it.each<[string, (g: GraphBuilder, x: Value) => Value | readonly Value[]]>([
    ['of bands', (g, x) => g.batchNorm(g.conv2d(x, { channels: 2 }), { bands: 3 })],
    [
      'behind a map that another node reads',
      (g, x) => {
        const y = g.conv2d(x, { channels: 2 });
        return g.add(g.batchNorm(y), y);
      },
    ],
    [
      'behind a map that the caller reads',
      (g, x) => {
        const y = g.conv2d(x, { channels: 2 });
        return [y, g.batchNorm(y)];
      },
    ],
    ['behind no weights', (g, x) => g.batchNorm(g.relu(x))],
  ])('leaves a BatchNorm %s', (_, make) => {
    const before = build(make);
    const after = foldNorms(before);
    expect(after.graph).toEqual(before.graph);
    expectSameFunction(before, after);
  });

  it('leaves one behind weights that another node shares', () => {
    const { graph } = build((g, x) => [
      g.batchNorm(g.conv2d(x, { channels: 2, name: 'a' })),
      g.batchNorm(g.conv2d(x, { channels: 2, name: 'b' })),
    ]);
    const { 'b/weight': _, ...parameters } = graph.parameters;
    const nodes = graph.nodes.map((node) => (node.name === 'b' ? { ...node, weight: 'a/weight' } : node));
    const before = trained({ ...graph, nodes: nodes as Graph['nodes'], parameters });
    const after = foldNorms(before);
    expect(ops(after)).toEqual(ops(before));
    expectSameFunction(before, after);
  });
});

describe('settleNorms', () => {
  it('leaves a scale and a shift of every BatchNorm', () => {
    const before = build((g, x) => g.batchNorm(g.relu(g.batchNorm(x, { bands: 3 }))));
    const after = settleNorms(before);
    for (const [name, { role }] of Object.entries(after.graph.statistics)) {
      expect(new Set(after.statistics[name])).toEqual(new Set([role === 'mean' ? 0 : 1]));
    }
    expectSameFunction(before, after);
  });

  it('refuses nodes that share γ but not their statistics', () => {
    const { graph } = build((g, x) => g.batchNorm(g.relu(g.batchNorm(x, { name: 'a' })), { name: 'b' }));
    const { 'b/gamma': _, ...parameters } = graph.parameters;
    const nodes = graph.nodes.map((node) => (node.name === 'b' ? { ...node, gamma: 'a/gamma' } : node));
    const shared = trained({ ...graph, nodes: nodes as Graph['nodes'], parameters });
    const settle = () => settleNorms(shared);
    expect(settle).toThrow(ConfigError);
    expect(settle).toThrow(
      'Cannot settle b: expected BatchNorms that share all of their tensors or none, got a/gamma shared alone',
    );
    expect(settle).toThrow(expect.objectContaining({ code: 'shared-norm' }));
  });
});
