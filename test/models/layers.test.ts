import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import {
  classify,
  frequencyAwareHead,
  makeDivisible,
  normActivate,
  squeezeExcite,
  subBandsOf,
} from '../../src/models/layers.js';

describe('makeDivisible', () => {
  it.each([
    // 16, 24, 40 and 112 at the widths of the published GhostNets; 3 and 5 are the smallest cases.
    [16 * 0.5, 8],
    [24 * 1.1, 28],
    [40 * 1.3, 52],
    [112 * 0.5, 56],
    [672 * 0.25, 168],
    [72 * 0.25, 20],
    [3, 4],
    [5, 8],
    [6, 8],
    [9, 12],
    [13.9, 16],
  ])('rounds %f to %i', (wish, width) => {
    expect(makeDivisible(wish)).toBe(width);
  });

  it('never falls more than a tenth short', () => {
    for (let wish = 1; wish < 400; wish += 0.7) {
      const width = makeDivisible(wish);
      expect(width % 4).toBe(0);
      expect(width).toBeGreaterThanOrEqual(0.9 * wish);
      expect(width).toBeLessThan(wish + 4);
    }
  });
});

describe('subBandsOf', () => {
  it.each([
    [20, 5],
    [5, 5],
    [32, 4],
    [3, 3],
    [7, 1],
    [1, 1],
  ])('cuts %i rows into %i bands', (rows, bands) => {
    expect(subBandsOf(rows)).toBe(bands);
  });

  it('takes another largest number', () => {
    expect(subBandsOf(20, 1)).toBe(1);
    expect(subBandsOf(24, 8)).toBe(8);
    expect(subBandsOf(12, 1e12)).toBe(12);
  });

  it.each([Number.NaN, -Infinity, 0, 2.5])('leaves it to the norm to refuse %s', (bands) => {
    const g = new GraphBuilder('norm');
    const x = g.input('x', [4, 20, 3]);
    const message = `norm: expected bands to be a whole number of 1 or more, got ${bands}`;
    expect(() => normActivate(g, x, { bands })).toThrow(`Cannot build node ${message}`);
  });
});

describe('normActivate', () => {
  it('adds ReLU unless told, and bands where asked', () => {
    const g = new GraphBuilder('norm');
    const x = g.input('x', [4, 20, 3]);
    normActivate(g, x);
    normActivate(g, x, { activation: 'none', gamma: 0 });
    const y = normActivate(g, x, { activation: 'silu', bands: 5 });
    const graph = g.build({ outputs: [y] });
    expect(graph.nodes.map((node) => node.name)).toEqual(['x', 'norm', 'relu', 'norm-2', 'norm-3', 'silu']);
    expect(graph.parameters['norm-2/gamma'].init).toEqual({ kind: 'constant', value: 0 });
    expect(graph.parameters['norm-3/gamma'].shape).toEqual([5, 3]);
  });
});

describe('squeezeExcite', () => {
  it('gates each channel, whatever the size of the map', () => {
    const g = new GraphBuilder('se');
    const y = squeezeExcite(g, g.input('x', [7, 5, 12]), { channels: 4, gate: 'sigmoid' });
    expect(y.shape).toEqual([7, 5, 12]);
    expect(costsOf(g.build({ outputs: [y] }))).toMatchObject({
      parameters: 12 * 4 + 4 + 4 * 12 + 12,
      macs: 12 * 4 + 4 * 12,
    });
  });
});

describe('frequencyAwareHead', () => {
  it('weighs five frames of every row, one output a frame', () => {
    const g = new GraphBuilder('head');
    const y = frequencyAwareHead(g, g.input('x', [25, 5, 6]));
    expect(y.shape).toEqual([25, 1, 6]);
    expect(costsOf(g.build({ outputs: [y] }))).toMatchObject({
      parameters: 5 * 5 * 6 + 12,
      macs: 25 * 25 * 6,
    });
  });
});

describe('classify', () => {
  it('pools a map and leaves a vector as it is', () => {
    const opsFor = (frames: number) => {
      const g = new GraphBuilder('head');
      const y = classify(g, g.input('x', [frames, 1, 6]), { labels: 3 });
      return g.build({ outputs: [y] }).nodes.map((node) => node.op);
    };
    expect(opsFor(9)).toEqual(['input', 'mean', 'dense']);
    expect(opsFor(1)).toEqual(['input', 'dense']);
  });
});
