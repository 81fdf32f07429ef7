import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { GraphNode, Pair, Shape } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { buildBigLittleImage } from '../../src/models/big-little.js';
import {
  type BranchPreset,
  bigLittleModule,
  branchesOf,
  type ModuleOptions,
  spreadScale,
} from '../../src/models/big-little-module.js';
import { basicBlock, bottleneckBlock, RESNEXT_32 } from '../../src/models/residual-blocks.js';
import { expectRefused } from '../support/expect-refused.js';

const DEFAULTS: ModuleOptions = {
  channels: 16,
  layers: 4,
  branches: branchesOf({ alpha: 2, beta: 4 }),
  stride: [1, 2],
  block: basicBlock(),
};

function build(options: Partial<ModuleOptions> = {}, input: Shape = [49, 20, 8]) {
  const g = new GraphBuilder('module');
  const graph = g.build({ outputs: [bigLittleModule(g, g.input('x', input), { ...DEFAULTS, ...options })] });
  checkGraph(graph);
  const at = (name: string) => graph.nodes.find((node) => node.name === name)!;
  const named = (part: RegExp) => graph.nodes.filter((node) => part.test(node.name));
  return { graph, at, named, output: graph.nodes.at(-1)! };
}

const convolutions = (nodes: readonly GraphNode[]) => nodes.filter((node) => node.op === 'conv2d');

describe('branchesOf', () => {
  it('gives α and β to the Little branch, half the resolution to the Big one', () => {
    expect(branchesOf({ alpha: 2, beta: 4 })).toEqual([
      { scale: [1, 1], widthDivisor: 2, depthDivisor: 4, weight: 1 },
      { scale: [2, 2], widthDivisor: 1, depthDivisor: 1, weight: 1 },
    ]);
  });

  it('raises them to the branch for K of 3, weights too', () => {
    expect(branchesOf({ alpha: 2, beta: 3, branches: 3, scale: [1, 2], weight: 0.5 })).toEqual([
      { scale: [1, 1], widthDivisor: 4, depthDivisor: 9, weight: 1 },
      { scale: [1, 2], widthDivisor: 2, depthDivisor: 3, weight: 0.5 },
      { scale: [1, 4], widthDivisor: 1, depthDivisor: 1, weight: 0.25 },
    ]);
  });
});

describe('the options of branchesOf', () => {
  const whole = 'a whole number of 1 or more';
  it.each<[Partial<BranchPreset>, string, string]>([
    [{ alpha: -2 }, 'alpha', `${whole}, got -2`],
    [{ alpha: 0.5 }, 'alpha', `${whole}, got 0.5`],
    [{ beta: -1 }, 'beta', `${whole}, got -1`],
    [{ beta: 0 }, 'beta', `${whole}, got 0`],
    [{ branches: 0 }, 'branches', `${whole}, got 0`],
    [{ weight: Number.NaN }, 'weight', 'a finite number, got NaN'],
  ])('refuse %j', (preset, option, message) => {
    const rest = `a Big-Little module: expected ${option} to be ${message}`;
    expectRefused(() => branchesOf({ alpha: 2, beta: 4, ...preset }), `big-little-${option}`, rest);
  });
});

describe('buildBigLittleImage', () => {
  it('refuses an α that does not divide its widths, before it builds the stem', () => {
    const preset = { alpha: 3, beta: 2 };
    const rest = 'bl: expected alpha to be a divisor of the 64 channels of the stem, got 3';
    expectRefused(
      () => buildBigLittleImage('bl', { depth: 50, block: {}, preset }),
      'big-little-alpha',
      rest,
    );
  });

  it.each([
    [30, 4],
    [32, 64],
  ])('refuses %i groups with an α of %i', (cardinality, alpha) => {
    const config = { depth: 50, block: { cardinality }, preset: { alpha, beta: 2 } } as const;
    const rest = `a bottleneck block: expected cardinality to be a multiple of ${alpha}, got ${cardinality}`;
    expectRefused(() => buildBigLittleImage('bl', config), 'resnext-cardinality', rest);
  });
});

describe('bigLittleModule', () => {
  it('runs Little at full size and a part of the width, Big at half the size', () => {
    const { at, output } = build();
    expect(at('branch0/block0/residual').shape).toEqual([49, 20, 8]);
    expect(at('branch0/widen').shape).toEqual([49, 20, 16]);
    expect(at('branch1/block0/residual').shape).toEqual([25, 10, 16]);
    expect(at('resize')).toMatchObject({ shape: [49, 20, 16], mode: 'nearest' });
    expect(output.shape).toEqual([49, 10, 16]);
  });

  it.each([
    [3, 2, 1, 2],
    [4, 4, 1, 3],
    [6, 2, 2, 5],
    [6, 4, 1, 5],
    [12, 4, 2, 11],
    [1, 2, 1, 1],
  ])('gives L = %i, β = %i a Little branch of %i blocks and a Big one of %i', (layers, beta, little, big) => {
    const { named } = build({ layers, branches: branchesOf({ alpha: 2, beta }) });
    expect(named(/^branch0\/block\d+\/residual$/).length).toBe(little);
    expect(named(/^branch1\/block\d+\/residual$/).length).toBe(big);
  });

  it('ends Big without ReLU before the sum, unless it is a single block', () => {
    const { named, at } = build();
    expect(named(/^branch1\/block2\/relu/).length).toBe(1);
    expect(named(/^branch1\/block1\/relu/).length).toBe(2);
    expect(at('resize').inputs).toEqual(['branch1/block2/residual']);
    expect(build({ layers: 2 }).at('resize').inputs).toEqual(['branch1/block0/relu-2']);
  });

  it('adds, then ReLU, then one fusion block with the stride', () => {
    const { at } = build();
    expect(at('merge')).toMatchObject({
      op: 'add',
      inputs: ['branch0/widen-norm', 'resize'].map(() => expect.any(String)),
    });
    expect(at('relu').inputs).toEqual(['merge']);
    expect(at('fusion/conv')).toMatchObject({ inputs: ['relu'], stride: [1, 2] });
    const strided = (name: string) => (at(name) as { stride?: Pair }).stride;
    expect(strided('branch1/block0/conv')).toEqual([2, 2]);
    expect(strided('branch1/block1/conv')).toEqual([1, 1]);
  });

  it('up-samples bilinearly where asked, and not at all where nothing shrank', () => {
    expect(build({ upsampling: 'bilinear' }).at('resize')).toMatchObject({ mode: 'bilinear' });
    const equal = build({ branches: branchesOf({ alpha: 2, beta: 2, scale: [1, 1] }) });
    expect(equal.named(/resize/)).toEqual([]);
  });

  it('weighs branches by fixed numbers or learned ones', () => {
    const branches = branchesOf({ alpha: 2, beta: 2, weight: 0.5 });
    expect(build({ branches }).at('merge')).toMatchObject({ op: 'weightedSum', weights: [1, 0.5] });
    const learned = build({ branches, learnedWeights: true });
    expect(learned.at('merge')).toMatchObject({ op: 'weightedSum', weight: 'merge/weight' });
    expect(learned.graph.parameters['merge/weight']).toEqual({
      shape: [2],
      role: 'scalar',
      init: { kind: 'values', values: [1, 0.5] },
    });
  });

  it('takes three branches, the middle one widened as Little is', () => {
    const { at, named, output } = build({
      layers: 6,
      branches: branchesOf({ alpha: 2, beta: 2, branches: 3 }),
    });
    expect(at('branch0/block0/residual').shape).toEqual([49, 20, 4]);
    expect(at('branch1/block0/residual').shape).toEqual([25, 10, 8]);
    expect(at('branch1/widen').shape).toEqual([25, 10, 16]);
    expect(at('branch2/block1/residual').shape).toEqual([13, 5, 16]);
    expect(named(/^resize/).map((node) => node.shape)).toEqual(Array(2).fill([49, 20, 16]));
    expect(named(/^merge/).map((node) => node.op)).toEqual(['add', 'add']);
    expect(output.shape).toEqual([49, 10, 16]);
  });

  it('pools before a branch that has fewer blocks than halvings', () => {
    const branches = [
      { scale: [1, 1], widthDivisor: 2, depthDivisor: 1, weight: 1 },
      { scale: [4, 2], widthDivisor: 1, depthDivisor: 4, weight: 1 },
    ] as const;
    const { at } = build({ branches });
    expect(at('branch1/stride-by-mean')).toMatchObject({
      kernel: [3, 3],
      stride: [2, 2],
      shape: [25, 10, 8],
    });
    expect(at('branch1/block0/conv')).toMatchObject({ stride: [2, 1], shape: [13, 10, 16] });
  });

  it('divides the cardinality of ResNeXt blocks and keeps the width of their groups', () => {
    const { at } = build({ channels: 256, layers: 3, block: bottleneckBlock(RESNEXT_32) });
    expect(at('branch0/block0/spatial')).toMatchObject({ groups: 16, shape: [49, 20, 64] });
    expect(at('branch1/block0/spatial')).toMatchObject({ groups: 32, shape: [25, 10, 128] });
  });

  it('lays branches without time padding over each other frame by frame', () => {
    const { at, output, graph } = build({
      timePadding: 'valid',
      block: basicBlock({ timePadding: 'valid' }),
      branches: branchesOf({ alpha: 2, beta: 4, scale: [1, 2] }),
    });
    expect(at('branch0/block0/residual').shape[0]).toBe(45);
    expect(at('branch1/block2/residual').shape).toEqual([37, 10, 16]);
    expect(at('crop')).toMatchObject({ start: [4, 0, 0], shape: [37, 20, 16] });
    expect(output.shape).toEqual([33, 10, 16]);
    for (const node of convolutions(graph.nodes))
      expect(node).toMatchObject({ padding: [[0, 0], expect.anything()] });
  });

  it.each<[Partial<ModuleOptions>, string, string]>([
    [{ branches: [] }, 'branches', 'one or more, got 0'],
    [{ channels: 15 }, 'alpha', 'such that the widthDivisor of branch 0 divides 15 channels, got 2'],
    [
      { branches: branchesOf({ alpha: 3, beta: 2 }) },
      'alpha',
      'such that the widthDivisor of branch 0 divides 16 channels, got 3',
    ],
    [{ branches: branchesOf({ alpha: 2, beta: 2, scale: [3, 2] }) }, 'scale', 'a power of 2, got 3'],
    [{ branches: branchesOf({ alpha: 2, beta: 2, scale: [0.5, 2] }) }, 'scale', 'a power of 2, got 0.5'],
    [{ timePadding: 'valid' }, 'scale', '1 in time where time is not padded, got 2'],
    [{ layers: 0 }, 'layers', 'a whole number of 1 or more, got 0'],
    [{ layers: 2.5 }, 'layers', 'a whole number of 1 or more, got 2.5'],
    [{ upsampling: 'zzz' as 'nearest' }, 'upsampling', 'nearest or bilinear, got zzz'],
    [
      { branches: [{ scale: [1, 1], widthDivisor: 1, depthDivisor: 0, weight: 1 }] },
      'beta',
      'a whole number of 1 or more, got 0',
    ],
  ])('refuses %j, by the name of %s', (options, option, message) => {
    const rest = `a Big-Little module: expected ${option} to be ${message}`;
    expectRefused(() => build(options), `big-little-${option}`, rest);
  });
});

describe('spreadScale', () => {
  it.each<[Pair, number, Pair[], Pair[]]>([
    [
      [2, 2],
      3,
      [],
      [
        [2, 2],
        [1, 1],
        [1, 1],
      ],
    ],
    [
      [1, 4],
      2,
      [],
      [
        [1, 2],
        [1, 2],
      ],
    ],
    [[4, 2], 1, [[2, 2]], [[2, 1]]],
    [[1, 1], 1, [], [[1, 1]]],
  ])('spreads %j over %i blocks', (scale, count, pooled, strides) => {
    expect(spreadScale(scale, count)).toEqual({ pooled, strides });
    const product = [...pooled, ...strides].reduce(([a, b], [c, d]) => [a * c, b * d], [1, 1] as Pair);
    expect(product).toEqual(scale);
  });
});
