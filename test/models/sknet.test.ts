import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { describeModel } from '../../src/models/models.js';
import { type SelectiveOptions, selectiveKernel } from '../../src/models/sknet.js';
import { expectAllClose } from '../support/all-close.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

function build(options: Partial<SelectiveOptions>) {
  const g = new GraphBuilder('sk');
  const own = { channels: 4, stride: [1, 1], groups: 'depthwise', least: 3, ...options } as const;
  return g.build({ outputs: [selectiveKernel(g, g.input('x', [5, 6, 4]), own)] });
}

describe('selectiveKernel', () => {
  it('weighs its branches by shares that sum up to 1 for each channel', () => {
    const graph = build({});
    const x = Float64Array.from({ length: 120 }, (_, i) => Math.sin(i * i));
    const run = { inputs: { x }, ...randomTensors(graph, 3), count: 1, training: false };
    const { maps } = runReference(graph, run);
    const data = (name: string) => maps.get(name)!.data;
    const answers = data('select');
    // Channel c of branch m is answer m · 4 + c.
    const share = Array.from({ length: 4 }, (_, c) => 1 / (1 + Math.exp(answers[4 + c] - answers[c])));
    const expected = data('relu').map(
      (near, i) => share[i % 4] * near + (1 - share[i % 4]) * data('relu-2')[i],
    );
    // The same formula in float64; only the exponentials are others.
    expectAllClose(data(graph.outputs[0]), expected, { relative: 1e-9 });
  });

  it('sees 5 × 5 by a dilated 3 × 3, in both branches at the stride', () => {
    const graph = build({ stride: [1, 2] });
    const branches = graph.nodes.filter(({ op }) => op === 'depthwiseConv2d');
    expect(branches).toMatchObject([
      { dilation: [1, 1], shape: [5, 3, 4] },
      { dilation: [2, 2], shape: [5, 3, 4] },
    ]);
  });

  it('keeps its waist at L or above', () => {
    const waist = (options: Partial<SelectiveOptions>) =>
      build(options).nodes.find(({ name }) => name === 'reduce')!.shape[2];
    expect(waist({})).toBe(3);
    expect(waist({ least: 1, reduction: 2 })).toBe(2);
  });

  it('refuses a cardinality that does not divide the width', () => {
    expect(() => build({ groups: 3 })).toThrow(ConfigError);
    expect(() => build({ groups: 3 })).toThrow(
      'Cannot build a selective kernel: expected channels divisible by 3 groups, got 4 and 4',
    );
  });
});

describe('sknet-50', () => {
  it('has the 27.5 million parameters and 4.47 billion MACs of table 2', () => {
    const { parameters, macs } = describeModel('sknet-50');
    expect(Math.round(parameters / 1e5) / 10).toBe(27.5);
    expect(Math.abs(macs / 4.47e9 - 1)).toBeLessThan(0.005);
  });
});
