import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import type { Pair } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { classify, convNorm } from '../../src/models/layers.js';
import { buildModel } from '../../src/models/models.js';
import {
  buildRexNet,
  buildRexNetLite,
  type ChannelRule,
  linearChannels,
  type RexBlockOptions,
  rexBlock,
  roundHalfEven,
} from '../../src/models/rexnet.js';
import { expectAllClose } from '../support/all-close.js';
import { expectRefused } from '../support/expect-refused.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

describe('roundHalfEven', () => {
  it.each([
    [38.5, 38],
    [83.5, 84],
    [128.5, 128],
    [173.5, 174],
    [0.5, 0],
    [2.49, 2],
    [2.51, 3],
    [7, 7],
  ])('rounds %d to %i as Python does', (value, rounded) => {
    expect(roundHalfEven(value)).toBe(rounded);
  });
});

/** Widths of the sixteen blocks, printed by the authors' code. */
const CHANNELS: readonly (readonly [width: number, channels: readonly number[]])[] = [
  [0.9, [16, 26, 36, 46, 56, 67, 77, 87, 97, 107, 117, 127, 138, 148, 158, 168]],
  [1, [16, 27, 38, 50, 61, 72, 84, 95, 106, 117, 128, 140, 151, 162, 174, 185]],
  [1.3, [21, 35, 50, 65, 79, 94, 109, 123, 138, 152, 167, 182, 196, 211, 226, 240]],
  [1.5, [24, 41, 58, 75, 92, 108, 125, 142, 159, 176, 193, 210, 226, 243, 260, 277]],
  [2, [32, 54, 77, 100, 122, 144, 167, 190, 212, 234, 257, 280, 302, 324, 347, 370]],
  [3, [48, 82, 116, 149, 183, 217, 250, 284, 318, 352, 386, 419, 453, 487, 520, 554]],
];

const LITE_CHANNELS: readonly (readonly [width: string, channels: readonly number[]])[] = [
  ['1.0', [16, 32, 40, 48, 64, 72, 80, 96, 104, 112, 128, 136, 144, 160, 168, 184]],
  ['1.3', [24, 32, 48, 64, 80, 96, 104, 120, 136, 152, 160, 176, 192, 208, 224, 232]],
  ['1.5', [24, 40, 56, 72, 88, 104, 120, 136, 152, 176, 192, 208, 224, 240, 256, 272]],
  ['2.0', [32, 56, 80, 96, 120, 144, 160, 184, 208, 232, 248, 272, 296, 320, 336, 360]],
];

describe('linearChannels', () => {
  it.each(CHANNELS)('gives the widths of the authors’ code at %d', (width, channels) => {
    expect(linearChannels({ first: 16, step: 11.25, blocks: 16, width })).toEqual(channels);
  });

  it.each<[Partial<ChannelRule>, string, string]>([
    [{ width: 0 }, 'width', 'a multiplier above 0, got 0'],
    [{ width: -1 }, 'width', 'a multiplier above 0, got -1'],
    [{ width: Number.NaN }, 'width', 'a multiplier above 0, got NaN'],
    [{ step: -20 }, 'step', '0 or more, got -20'],
    [{ first: 0.5 }, 'first', 'enough for one map, got 0.5'],
    [{ blocks: 0 }, 'blocks', 'a whole number of 1 or more, got 0'],
  ])('refuses %j', (rule, option, message) => {
    const build = () => linearChannels({ first: 16, step: 11.25, blocks: 16, width: 1, ...rule });
    expectRefused(build, `rexnet-${option}`, `a ReXNet: expected ${option} to be ${message}`);
  });
});

describe('buildRexNet', () => {
  const options = { labels: 5, input: [32, 32, 3] } as const;
  it.each([buildRexNet, buildRexNetLite])('refuses a width that leaves no map: $name', (build) => {
    for (const width of [0, -1, 0.0005]) {
      const rest = `a ReXNet: expected width to be a multiplier of 1 / 1280 or more, got ${width}`;
      expectRefused(() => build('rex', width, options), 'rexnet-width', rest);
    }
  });
});

describe('rexnet-lite', () => {
  it.each(LITE_CHANNELS)('has the widths of the authors’ code at %s', (width, channels) => {
    const { nodes } = buildModel(`rexnet-lite-${width}`);
    const narrow = nodes.filter(({ name }) => name.endsWith('/narrow'));
    expect(narrow.map(({ shape }) => shape[2])).toEqual(channels);
  });
});

function buildBlock(options: RexBlockOptions, channels = 6) {
  const g = new GraphBuilder('block');
  const graph = g.build({ outputs: [rexBlock(g, g.input('x', [5, 4, channels]), options)] });
  checkGraph(graph);
  return graph;
}

describe('rexBlock', () => {
  const kinds = (options: RexBlockOptions) =>
    buildBlock(options).nodes.flatMap((node) => (node.op === 'activation' ? [node.kind] : []));

  it('has SiLU after the first convolution alone and ReLU6 before the last', () => {
    expect(kinds({ channels: 8, expansion: 6, stride: [1, 1] })).toEqual(['silu', 'relu6']);
    expect(kinds({ channels: 8, expansion: 1, stride: [1, 1] })).toEqual(['relu6']);
    expect(kinds({ channels: 8, expansion: 6, stride: [1, 1], squeeze: 12 })).toEqual([
      'silu',
      'relu',
      'sigmoid',
      'relu6',
    ]);
  });

  it('puts a norm into the waist of a twelfth', () => {
    const graph = buildBlock({ channels: 8, expansion: 4, stride: [1, 1], squeeze: 12 });
    expect(graph.nodes.find(({ name }) => name === 'se/norm')).toMatchObject({ shape: [1, 1, 2] });
    // Kernels 6·24, 24·9, 24·8; norms of 24, 24, 8; waist 24·2 + 2, its norm of 2, 2·24 + 24.
    expect(costsOf(graph).parameters).toBe(144 + 216 + 192 + 2 * 56 + 50 + 4 + 72);
  });

  it('adds its input to the first channels of a wider output', () => {
    const graph = buildBlock({ channels: 9, expansion: 2, stride: [1, 1] });
    const x = Float64Array.from({ length: 5 * 4 * 6 }, (_, i) => Math.sin(i));
    const run = { inputs: { x }, ...randomTensors(graph, 2), count: 1, training: false };
    const { maps } = runReference(graph, run);
    const path = maps.get('norm-3')!.data;
    const out = maps.get(graph.outputs[0])!.data;
    const expected = path.map((value, i) => (i % 9 < 6 ? value + x[Math.floor(i / 9) * 6 + (i % 9)] : value));
    expectAllClose(out, expected, { absolute: 0 });
  });

  it.each([
    [{ expansion: 0.3 }, 'expansion', 'a whole number of 1 or more, got 0.3'],
    [{ squeeze: -12 }, 'squeeze', 'above 0, got -12'],
  ])('refuses %j', (wrong, option, message) => {
    const options: RexBlockOptions = { channels: 8, expansion: 6, stride: [1, 1], ...wrong };
    const rest = `a ReXNet: expected ${option} to be ${message}`;
    expectRefused(() => buildBlock(options), `rexnet-${option}`, rest);
  });

  it('has no shortcut where it strides or narrows', () => {
    const adds = (options: RexBlockOptions) => buildBlock(options).nodes.some(({ op }) => op === 'add');
    expect(adds({ channels: 6, expansion: 2, stride: [1, 1] })).toBe(true);
    expect(adds({ channels: 6, expansion: 2, stride: [1, 2] })).toBe(false);
    expect(adds({ channels: 5, expansion: 2, stride: [1, 1] })).toBe(false);
  });
});

/** The design for words that `rexnet-tiny` and its kin began from, counted beforehand by another program at 40 × 101. */
describe('the counts of the ReXNet design for words', () => {
  interface Design {
    readonly stem: number;
    readonly first: number;
    readonly step: number;
    readonly blocks: number;
    readonly expansion: number;
    readonly last: number;
  }

  /** The waist of squeeze-excitation is a twelfth, 4 at least. */
  const squeezeOf = (width: number) => (width < 4 * 12 ? width / 4 : 12);

  function build({ stem, first, step, blocks, expansion, last }: Design, labels: number) {
    const g = new GraphBuilder('rex');
    const silu = { activation: 'silu' } as const;
    let x = g.input('features', [101, 40, 1]);
    x = convNorm(g, x, { channels: stem, kernel: [3, 3], stride: [2, 2], ...silu });
    linearChannels({ first, step, blocks, width: 1 }).forEach((channels, i) => {
      const stride: Pair = i === 1 ? [1, 2] : i === 3 ? [2, 2] : [1, 1];
      const own = i === 0 ? 1 : expansion;
      const squeeze = i < 3 ? undefined : squeezeOf(own * x.shape[2]);
      x = rexBlock(g, x, { channels, expansion: own, stride, squeeze });
    });
    return g.build({ outputs: [classify(g, convNorm(g, x, { channels: last, ...silu }), { labels })] });
  }

  it.each([
    [{ stem: 16, first: 8, step: 3, blocks: 9, expansion: 3, last: 96 }, 35_736, 37_967, 4.96],
    [{ stem: 24, first: 12, step: 4.5, blocks: 11, expansion: 4, last: 192 }, 165_962, 170_401, 19.73],
    [{ stem: 32, first: 16, step: 5.5, blocks: 16, expansion: 6, last: 320 }, 1_084_796, 1_092_179, 104.59],
  ])('are those of %j', (design, of12, of35, megaMacs) => {
    expect(costsOf(build(design, 12)).parameters).toBe(of12);
    expect(costsOf(build(design, 35)).parameters).toBe(of35);
    expect(Math.round(costsOf(build(design, 12)).macs / 1e4) / 100).toBe(megaMacs);
  });
});
