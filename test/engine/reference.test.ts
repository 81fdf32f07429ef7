import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { expectAllClose } from '../support/all-close.js';
import { OP_CASES } from '../support/op-cases.js';
import { type GradientProbe, probeGradients, runReference } from '../support/reference.js';

describe('runReference', () => {
  it('convolves, normalises and pools the numbers worked out by hand', () => {
    const g = new GraphBuilder('by hand');
    const x = g.input('x', [1, 3, 1]);
    const y = g.conv2d(x, { channels: 1, kernel: [1, 3], name: 'c' });
    const z = g.batchNorm(y, { name: 'n', epsilon: 0 });
    const graph = g.build({ outputs: [y, z, g.globalAvgPool(y, { name: 'mean' })] });
    const { maps, moments } = runReference(graph, {
      inputs: { x: [1, 2, 3] },
      parameters: { 'c/weight': [1, 10, 100], 'n/gamma': [2], 'n/beta': [1] },
      statistics: {},
      count: 1,
      training: true,
    });
    expect([...maps.get('c')!.data]).toEqual([210, 321, 32]);
    expect(maps.get('mean')!.data[0]).toBeCloseTo(563 / 3, 12);
    const mean = 563 / 3;
    const variance = ((210 - mean) ** 2 + (321 - mean) ** 2 + (32 - mean) ** 2) / 3;
    expect(moments['n/mean'][0]).toBeCloseTo(mean, 10);
    expect(moments['n/variance'][0]).toBeCloseTo(variance, 8);
    expect(maps.get('n')!.data[1]).toBeCloseTo((2 * (321 - mean)) / Math.sqrt(variance) + 1, 12);
  });
});

describe('probeGradients', () => {
  it('finds the gradient of a product', () => {
    const g = new GraphBuilder('product');
    const graph = g.build({
      outputs: [g.multiply(g.input('a', [1, 1, 2]), g.input('b', [1, 1, 2]), { name: 'y' })],
    });
    const run = {
      inputs: { a: [2, 3], b: [5, -7] },
      parameters: {},
      statistics: {},
      count: 1,
      training: true,
    };
    const { a, b } = probeGradients(graph, run, { y: [1, 10] }, ['a', 'b']);
    const full = ({ elements }: GradientProbe) =>
      [0, 1].map((i) => elements.find((e) => e.index === i)!.slope);
    expectAllClose(full(a), [5, -70], { absolute: 1e-7 });
    expectAllClose(full(b), [2, 30], { absolute: 1e-7 });
  });

  it('takes directions through tensors too large for element by element', () => {
    const g = new GraphBuilder('large');
    const x = g.input('x', [5, 5, 4]);
    const graph = g.build({ outputs: [g.multiply(x, x, { name: 'y' })] });
    const values = Array.from({ length: 100 }, (_, i) => i / 50 - 1);
    const run = { inputs: { x: values }, parameters: {}, statistics: {}, count: 1, training: true };
    const { x: probe } = probeGradients(graph, run, { y: new Array(100).fill(1) }, ['x']);
    expect(probe.elements).toHaveLength(40);
    for (const { index, slope } of probe.elements) expect(slope).toBeCloseTo(2 * values[index], 6);
    for (const { direction, slope } of probe.directions)
      expect(slope).toBeCloseTo(2 * direction.reduce((sum, d, i) => sum + d * values[i], 0), 6);
  });
});

describe('OP_CASES', () => {
  it('have unique names', () => {
    expect(new Set(OP_CASES.map(({ name }) => name)).size).toBe(OP_CASES.length);
  });
});
