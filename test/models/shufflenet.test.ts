import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Pair } from '../../src/graph/graph.js';
import { shuffleUnit } from '../../src/models/shufflenet.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

function buildUnit(channels: number, stride: Pair = [1, 1], inputs = channels) {
  const g = new GraphBuilder('unit');
  return g.build({ outputs: [shuffleUnit(g, g.input('x', [4, 6, inputs]), { channels, stride })] });
}

describe('shuffleUnit', () => {
  it('passes the first half of its channels on to every other channel', () => {
    const graph = buildUnit(8);
    const x = Float64Array.from({ length: 4 * 6 * 8 }, (_, i) => Math.cos(i));
    const run = { inputs: { x }, ...randomTensors(graph, 4), count: 1, training: false };
    const { data } = runReference(graph, run).maps.get(graph.outputs[0])!;
    for (let place = 0; place < 24; place++)
      for (let i = 0; i < 4; i++) expect(data[place * 8 + 2 * i]).toBe(x[place * 8 + i]);
  });

  it('sends the whole input through both branches where it strides', () => {
    const graph = buildUnit(10, [1, 2], 6);
    expect(graph.nodes.at(-1)!.shape).toEqual([4, 3, 10]);
    const depthwise = graph.nodes.filter(({ op }) => op === 'depthwiseConv2d');
    expect(depthwise.map(({ shape }) => shape)).toEqual([
      [4, 3, 6],
      [4, 3, 5],
    ]);
    expect(graph.nodes.some(({ op }) => op === 'slice')).toBe(false);
  });

  it('refuses an odd width', () => {
    expect(() => buildUnit(7)).toThrow(ConfigError);
    expect(() => buildUnit(7)).toThrow(
      'Cannot build a ShuffleNet unit: expected an even number of channels, got 7',
    );
  });
});
