import { describe, expect, it } from 'vitest';
import { compactGraph } from '../../src/formats/compact-graph.js';
import { readGraph } from '../../src/formats/read-graph.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { MODELS } from '../../src/models/models.js';

const plain = (graph: Graph): unknown => JSON.parse(JSON.stringify(graph));
const readBack = (graph: Graph) => plain(readGraph(JSON.parse(JSON.stringify(compactGraph(graph)))));

describe('compactGraph', () => {
  it.each(Object.values(MODELS).filter(({ domain }) => domain === 'speech'))(
    'leaves nothing out of $name that reading does not put back',
    (entry) => {
      const graph = entry.build();
      expect(readBack(graph)).toEqual(plain(graph));
    },
  );

  it('keeps what is unusual: γ of 0, shared and renamed tensors, an input that is not the node before', () => {
    const g = new GraphBuilder('odd');
    const x = g.input('features', [8, 4, 2]);
    const a = g.batchNorm(g.conv2d(x, { channels: 2, kernel: [3, 3] }), { gamma: 0 });
    const graph = g.build({ outputs: [g.add(g.relu(x), a)] });
    const [weight] = Object.keys(graph.parameters);
    const shared = JSON.parse(JSON.stringify(graph).replaceAll(weight, 'elsewhere')) as Graph;
    expect(readBack(shared)).toEqual(plain(shared));
    expect(shared.parameters).toHaveProperty('elsewhere');
  });

  it('gives the same text for a graph that was read back', () => {
    const graph = MODELS['ghostnet-tiny'].build();
    const text = JSON.stringify(compactGraph(graph));
    expect(JSON.stringify(compactGraph(readGraph(JSON.parse(text))))).toBe(text);
  });

  it('is less than half as long', () => {
    const graph = MODELS['ghostnet-tiny'].build();
    expect(JSON.stringify(compactGraph(graph)).length).toBeLessThan(JSON.stringify(graph).length / 2);
  });
});
