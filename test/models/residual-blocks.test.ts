import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import type { Shape } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import {
  type Block,
  type BlockOptions,
  type BottleneckOptions,
  basicBlock,
  bottleneckBlock,
  separableBlock,
  stackBlocks,
} from '../../src/models/residual-blocks.js';
import { expectRefused } from '../support/expect-refused.js';

function build(block: Block, options: Partial<BlockOptions> = {}, input: Shape = [9, 8, 16]) {
  const g = new GraphBuilder('block');
  const y = block(g, g.input('x', input), { channels: 16, stride: [1, 1], ...options });
  const graph = g.build({ outputs: [y] });
  checkGraph(graph);
  const at = (name: string) => graph.nodes.find((node) => node.name === name);
  return { graph, at, shape: y.shape, parameters: costsOf(graph).parameters };
}

const norms = (...channels: number[]) => channels.reduce((sum, c) => sum + 2 * c, 0);

describe('residual blocks', () => {
  it.each<[string, Block, Partial<BlockOptions>, number]>([
    ['basic', basicBlock(), {}, 2 * 9 * 256 + norms(16, 16)],
    ['basic, wider', basicBlock(), { channels: 24 }, 9 * 16 * 24 + 9 * 24 * 24 + 16 * 24 + norms(24, 24, 24)],
    ['separable', separableBlock(), {}, 2 * (9 * 16 + 256) + norms(16, 16, 16, 16)],
    ['separable, 5 × 3', separableBlock({ kernel: [5, 3] }), {}, 2 * (15 * 16 + 256) + norms(16, 16, 16, 16)],
    ['bottleneck', bottleneckBlock(), {}, 16 * 4 + 9 * 16 + 4 * 16 + norms(4, 4, 16)],
    [
      'bottleneck with squeeze-excitation',
      bottleneckBlock({ squeezeExcite: true }),
      { channels: 32 },
      16 * 8 + 9 * 64 + 8 * 32 + norms(8, 8, 32) + (32 * 2 + 2 + 2 * 32 + 32) + 16 * 32 + norms(32),
    ],
    [
      'ResNeXt of 4 groups, 4 wide',
      bottleneckBlock({ cardinality: 4, baseWidth: 16 }),
      { channels: 64 },
      16 * 16 + 9 * 4 * 16 + 16 * 64 + norms(16, 16, 64) + 16 * 64 + norms(64),
    ],
  ])('%s has the parameters counted by hand', (_, block, options, parameters) => {
    expect(build(block, options).parameters).toBe(parameters);
  });

  it('starts as its shortcut: γ of the last norm alone is 0', () => {
    for (const block of [basicBlock(), separableBlock(), bottleneckBlock()]) {
      const { graph } = build(block);
      const gammas = Object.entries(graph.parameters).filter(([, { role }]) => role === 'gamma');
      const starts = gammas.map(([, { init }]) => (init.kind === 'constant' ? init.value : Number.NaN));
      expect(starts).toEqual([...Array(starts.length - 1).fill(1), 0]);
    }
  });

  it('ends in a ReLU unless a merge follows', () => {
    expect(build(basicBlock()).graph.nodes.at(-1)).toMatchObject({ op: 'activation', kind: 'relu' });
    expect(build(basicBlock(), { lastRelu: false }).graph.nodes.at(-1)).toMatchObject({ op: 'add' });
  });

  it('takes means on the strided axes of its shortcut, a strided 1 × 1 in ResNet', () => {
    const pooled = build(basicBlock(), { stride: [1, 2] });
    expect(pooled.at('stride-by-mean')).toMatchObject({ op: 'avgPool', kernel: [1, 3], countPadding: true });
    expect(pooled.at('shortcut')).toBeUndefined();
    expect(pooled.shape).toEqual([9, 4, 16]);
    const strided = build(bottleneckBlock({ shortcut: 'conv' }), { stride: [2, 2] });
    expect(strided.at('shortcut')).toMatchObject({ kernel: [1, 1], stride: [2, 2] });
    expect(strided.at('stride-by-mean')).toBeUndefined();
    expect(strided.at('spatial')).toMatchObject({ stride: [2, 2], shape: [5, 4, 4] });
  });

  it('loses the frames its kernels reach and cuts the shortcut to the middle', () => {
    const { at, shape } = build(basicBlock({ timePadding: 'valid' }), { stride: [1, 2] });
    expect(shape).toEqual([5, 4, 16]);
    expect(at('crop')).toMatchObject({ start: [2, 0, 0], shape: [5, 8, 16] });
  });

  it('refuses a stride in time where time is not padded', () => {
    const strided = () => build(basicBlock({ timePadding: 'valid' }), { stride: [2, 1] });
    expect(strided).toThrow(ConfigError);
    expect(strided).toThrow('Cannot build a block without time padding: expected a time stride of 1, got 2');
  });

  it.each<[BottleneckOptions, Partial<BlockOptions>, string, string]>([
    [
      { cardinality: 32 },
      { channels: 48, widthDivisor: 3 },
      'resnext-cardinality',
      'cardinality to be a multiple of 3, got 32',
    ],
    [
      { cardinality: 30 },
      { channels: 64, widthDivisor: 4 },
      'resnext-cardinality',
      'cardinality to be a multiple of 4, got 30',
    ],
    [
      { cardinality: 2.5 },
      { channels: 256 },
      'resnext-cardinality',
      'cardinality to be a whole number of 1 or more, got 2.5',
    ],
    [
      { cardinality: 32 },
      { channels: 16 },
      'resnext-base-width',
      'baseWidth to be 16 or more at 16 channels, got 4',
    ],
    [{}, { channels: 3 }, 'bottleneck-channels', 'channels to be 4 or more, got 3'],
    [
      { squeezeExcite: true },
      { channels: 12 },
      'bottleneck-channels',
      'channels to be 16 or more to be squeezed, got 12',
    ],
  ])('refuses a bottleneck %j at %j', (style, options, code, message) => {
    const rest = `a bottleneck block: expected ${message}`;
    expectRefused(() => build(bottleneckBlock(style), options), code, rest);
  });

  it('takes the base width that it asks for', () => {
    const { at } = build(bottleneckBlock({ cardinality: 32, baseWidth: 16 }), { channels: 16 });
    expect(at('spatial')).toMatchObject({ groups: 32, shape: [9, 8, 32] });
  });

  it('puts sub-spectral norms after spatial convolutions alone', () => {
    const { graph } = build(separableBlock({ bands: 4 }));
    const bands = graph.nodes.flatMap((node) => (node.op === 'batchNorm' ? [node.bands] : []));
    expect(bands).toEqual([4, 1, 4, 1]);
  });
});

describe('stackBlocks', () => {
  it.each(['first', 'last'] as const)('gives the stride to the %s block', (strided) => {
    const g = new GraphBuilder('stack');
    const x = g.input('x', [9, 8, 4]);
    const options = {
      name: 's',
      block: basicBlock(),
      channels: 4,
      count: 3,
      stride: [2, 2],
      strided,
    } as const;
    const graph = g.build({ outputs: [stackBlocks(g, x, options)] });
    const sizes = graph.nodes.filter((node) => /residual$/.test(node.name)).map((node) => node.shape[0]);
    expect(sizes).toEqual(strided === 'first' ? [5, 5, 5] : [9, 9, 5]);
  });
});
