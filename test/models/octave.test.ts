import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import { buildModel, describeModel } from '../../src/models/models.js';
import { lowChannels, type OctaveOptions, octaveConv } from '../../src/models/octave.js';
import { expectAllClose } from '../support/all-close.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

describe('octaveConv', () => {
  const OPTIONS: OctaveOptions = { name: 'c', channels: 8, alpha: 0.5, kernel: [3, 3] };

  it('costs as many parameters as the plain convolution and 1 − ¾ α (2 − α) of its MACs', () => {
    const build = (alpha: number) => {
      const g = new GraphBuilder('oct');
      const high = g.input('high', [8, 8, 8 - 8 * alpha]);
      const low = alpha > 0 ? g.input('low', [4, 4, 8 * alpha]) : undefined;
      const y = octaveConv(g, { high, low }, { ...OPTIONS, alpha });
      return costsOf(g.build({ outputs: [y.high, ...(y.low ? [y.low] : [])] }));
    };
    const plain = build(0);
    for (const alpha of [0.125, 0.25, 0.5, 0.75]) {
      expect(build(alpha).parameters).toBe(plain.parameters);
      expect(build(alpha).macs).toBe(plain.macs * (1 - 0.75 * alpha * (2 - alpha)));
    }
  });

  it('adds what the low octave says to every position it covers, odd sizes included', () => {
    const g = new GraphBuilder('oct');
    const x = { high: g.input('high', [5, 4, 2]), low: g.input('low', [3, 2, 2]) };
    const y = octaveConv(g, x, { name: 'c', channels: 4, alpha: 0.5, activation: 'none' });
    const graph = g.build({ outputs: [y.high, y.low!] });
    expect([y.high.shape, y.low!.shape]).toEqual([
      [5, 4, 2],
      [3, 2, 2],
    ]);
    const inputs = {
      high: Float64Array.from({ length: 40 }, (_, i) => Math.sin(i)),
      low: Float64Array.from({ length: 12 }, (_, i) => Math.cos(i)),
    };
    const run = { inputs, ...randomTensors(graph, 5), count: 1, training: false };
    const { maps } = runReference(graph, run);
    const data = (name: string) => maps.get(name)!.data;
    const highSum = data('c-hh').map((value, i) => {
      const [t, f, c] = [Math.floor(i / 8), Math.floor(i / 2) % 4, i % 2];
      // ⌊t · 3 / 5⌋ and ⌊f · 2 / 4⌋ are nearest neighbours.
      return value + data('c-lh')[(Math.floor((t * 3) / 5) * 2 + Math.floor(f / 2)) * 2 + c];
    });
    expectAllClose(data('c-high'), highSum, { absolute: 1e-12 });
    const lowSum = data('c-hl').map((value, i) => value + data('c-ll')[i]);
    expectAllClose(data('c-low'), lowSum, { absolute: 1e-12 });
  });

  it('uses the low octave as it is where a stride brings the high one to its size', () => {
    const g = new GraphBuilder('oct');
    const x = { high: g.input('high', [8, 8, 4]), low: g.input('low', [4, 4, 4]) };
    const y = octaveConv(g, x, { ...OPTIONS, stride: [2, 2] });
    expect([y.high.shape, y.low!.shape]).toEqual([
      [4, 4, 4],
      [2, 2, 4],
    ]);
    const graph = g.build({ outputs: [y.high, y.low!] });
    expect(graph.nodes.some(({ op }) => op === 'resize')).toBe(false);
  });
});

describe('lowChannels', () => {
  it.each([-0.25, 1, 0.3, Number.NaN])('refuses an α of %d for 8 channels', (alpha) => {
    expect(() => lowChannels(8, alpha)).toThrow(ConfigError);
    expect(() => lowChannels(8, alpha)).toThrow(
      'Cannot build an octave convolution of 8 channels: expected an alpha of 0 or more and below 1 ' +
        `that gives a whole number of low channels, got ${alpha}`,
    );
  });
});

describe('oct-resnet', () => {
  /** Table 3 of the paper; the parameters are those of ResNet-50. */
  it.each([
    ['oct-resnet-50-a125', 3.6],
    ['oct-resnet-50-a250', 3.1],
    ['oct-resnet-50-a500', 2.4],
  ])('%s has %d billion MACs', (name, billions) => {
    const { parameters, macs } = describeModel(name);
    expect(Math.round(macs / 1e8) / 10).toBe(billions);
    expect(parameters).toBe(describeModel('resnet-50').parameters);
  });

  it('has no low octave at its end', () => {
    const { nodes } = buildModel('oct-resnet-50-a250');
    const last = nodes.filter(({ name }) => name.startsWith('stage3-block2'));
    expect(last.some(({ name }) => /-(hl|lh|ll)$/.test(name))).toBe(false);
    expect(nodes.some(({ name }) => name === 'stage2-block0/spatial-ll')).toBe(true);
  });
});
