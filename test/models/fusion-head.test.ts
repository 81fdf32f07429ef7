import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import { type Graph, nodesByName } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { wrapBackbone } from '../../src/models/drnet.js';
import type { BuildOptions } from '../../src/models/entry.js';
import { type FusionHead, withFusionHead } from '../../src/models/fusion-head.js';
import { buildModel } from '../../src/models/models.js';
import { expectAllClose } from '../support/all-close.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

/** Names of the maps that a head's scales begin from, in the graph's order. */
function gatheredBy(graph: Graph, kind: FusionHead): string[] {
  const isHead = (name: string) => /^(fpn|gfm|efm)\d\//.test(name);
  const read = new Set(graph.nodes.filter(({ name }) => isHead(name)).flatMap(({ inputs }) => inputs));
  expect(graph.nodes.some(({ name }) => name.startsWith(`${kind}0/`))).toBe(true);
  return graph.nodes.map(({ name }) => name).filter((name) => read.has(name) && !isHead(name));
}

describe('withFusionHead', () => {
  it.each(['fpn', 'gfm', 'efm'] as const)('gives csp-resnet-tiny the network of its name with %s', (kind) => {
    for (const backbone of ['csp-resnet-tiny', 'csp-resnet-tiny-plain'])
      expect(withFusionHead(buildModel(backbone), kind)).toEqual(buildModel(`${backbone}-${kind}`));
  });

  it('cuts into as many bands as each scale has rows for', () => {
    const norms = (graph: Graph) =>
      graph.nodes.flatMap((node) =>
        node.op === 'batchNorm' && node.name.startsWith('efm') && node.bands > 1 ? [node.bands] : [],
      );
    const build = (bands: number) => withFusionHead(buildModel('resnet-tiny'), 'efm', { bands });
    expect(norms(build(20))).toEqual([20, 10, 5]);
    expect(norms(build(4))).toEqual([4, 2]);
    // The body's own norms have four bands of eight rows, the maps that are gathered four rows and two.
    const low = withFusionHead(buildModel('csp-resnet-tiny', { input: [98, 16, 1] }), 'efm', { scales: 2 });
    expect(norms(low)).toEqual([4, 2]);
  });

  it('leaves a network alone with none', () => {
    const graph = buildModel('resnet-tiny');
    expect(withFusionHead(graph, 'none')).toBe(graph);
  });

  /**
   * Sizes from the strides of each network; the nodes are the last before a stride or the pooling. Where a block widens
   * before it strides, that is its wide map.
   */
  const FAMILIES = [
    ['resnet-tiny', ['49×20×16', '49×10×24', '49×5×56'], 0.1],
    ['ghostnet-tiny', ['49×20×16', '49×10×16', '49×5×96'], 0.1],
    ['bl-resnet-tiny', ['49×20×16', '49×10×24', '49×5×56'], 0.1],
    ['bc-resnet-1', ['98×20×12', '98×10×16', '98×5×20'], undefined],
    ['rexnet-tiny', ['49×20×24', '49×10×42', '49×5×96'], 0.1],
    ['mobilenet-v2-tiny', ['49×20×36', '49×10×48', '49×5×96'], 0.1],
    ['tc-resnet-8', ['49×1×24', '25×1×32', '13×1×48'], 0.5],
    ['ds-cnn-m', ['25×10×172', '13×5×172'], undefined],
  ] as const;

  it.each(FAMILIES)('gathers the stages of %s: %j', (name, shapes, dropout) => {
    const plain = buildModel(name, { labels: 7 });
    const graph = withFusionHead(plain, 'efm');
    checkGraph(graph);
    expect(graph).toMatchObject({ name: `${name}-efm`, inputs: plain.inputs, outputs: ['logits'] });
    const nodes = nodesByName(graph);
    const gathered = gatheredBy(graph, 'efm');
    expect(gathered.map((map) => nodes.get(map)!.shape.join('×'))).toEqual(shapes);
    expect(nodes.get('logits')!.shape).toEqual([1, 1, 7]);
    const vector = { op: 'concat', shape: [1, 1, 8 * shapes.length] };
    const kept = { op: 'dropout', rate: dropout, unit: 'element', inputs: ['concat'] };
    expect(graph.nodes.at(-2)).toMatchObject(dropout === undefined ? vector : kept);
  });

  it.each(['resnet-tiny', 'ghostnet-tiny', 'mobilenet-v2-tiny'])(
    'keeps what %s computes up to its last stage, for clips of any length',
    (name) => {
      const plain = buildModel(name, { input: [31, 40, 1] });
      const graph = withFusionHead(plain, 'gfm');
      const features = Float64Array.from({ length: 31 * 40 }, (_, i) => Math.sin(i * i));
      const run = { inputs: { features }, ...randomTensors(plain, 3), count: 1, training: false };
      const before = runReference(plain, run).maps;
      const tensors = randomTensors(graph, 3);
      const after = runReference(graph, { ...run, ...tensors }).maps;
      const shared = graph.nodes.filter(({ name: own }) => before.has(own) && own !== 'logits');
      const last = gatheredBy(graph, 'gfm').at(-1)!;
      expect(shared.map(({ name: own }) => own)).toContain(last);
      expect(shared.length).toBeGreaterThan(0.85 * plain.nodes.length);
      for (const { name: own, op } of shared)
        if (op !== 'dropout') expectAllClose(after.get(own)!.data, before.get(own)!.data, { absolute: 0 });
      for (const key of Object.keys(plain.parameters))
        if (tensors.parameters[key] && !key.startsWith('logits'))
          expect(graph.parameters[key]).toEqual(plain.parameters[key]);
    },
  );

  /** Per scale: 1 × 1 to 2C, its norm; 3 × 3 of C, its norm of 5 bands; 1 × 1, its norm; one weight a row, 5 frames, norm. */
  const headParameters = (widths: readonly number[], rows: readonly number[], C: number, labels: number) =>
    widths.reduce(
      (sum, width, i) =>
        sum + 2 * C * width + 4 * C + 9 * C + 10 * C + C * C + 2 * C + 5 * rows[i] * C + 2 * C,
      (widths.length * C + 1) * labels,
    );

  it.each([
    [{}, [16 + 24, 16 + 24 + 56, 24 + 56], [20, 10, 5], 8],
    [{ channels: 12 }, [16 + 24, 16 + 24 + 56, 24 + 56], [20, 10, 5], 12],
    [{ scales: 2 }, [24 + 56, 24 + 56], [10, 5], 8],
    [{ scales: 9 }, [16 + 24, 16 + 24 + 56, 24 + 56], [20, 10, 5], 8],
  ] as const)('has as many parameters with %j as count by hand', (options, widths, rows, channels) => {
    const graph = withFusionHead(buildModel('resnet-tiny'), 'efm', options);
    // Of 49,696: 5 × 5 weights a channel and a norm, 56 channels to 12 labels.
    const body = 49_696 - (25 * 56 + 2 * 56) - 57 * 12;
    expect(costsOf(graph).parameters).toBe(body + headParameters(widths, rows, channels, 12));
  });

  it('gives a network that a DRNet can wrap', () => {
    const build = (options: BuildOptions) => withFusionHead(buildModel('resnet-tiny', options), 'efm');
    const backbone = { name: 'resnet-tiny-efm', build };
    const graph = wrapBackbone('drnet', backbone, {}, { labels: 12, input: [98, 40, 1] });
    checkGraph(graph);
    expect(graph.nodes.find(({ name }) => name === 'r2.efm2/maxout')!.shape).toEqual([25, 3, 8]);
  });

  it('takes the names of its own nodes from what the network leaves free', () => {
    const g = new GraphBuilder('net');
    const fine = g.scope('efm0', () => g.conv2d(g.input('features', [8, 6, 1]), { channels: 2 }));
    const coarse = g.conv2d(fine, { name: 'concat', channels: 3, stride: [2, 2] });
    const plain = g.build({ outputs: [g.dense(g.globalAvgPool(coarse), { name: 'logits', channels: 4 })] });
    const graph = withFusionHead(plain, 'efm');
    checkGraph(graph);
    const names = graph.nodes.map(({ name }) => name);
    expect(names.slice(0, 3)).toEqual(['features', 'efm0/conv', 'concat']);
    expect(names).toContain('efm0-2/maxout');
    expect(names).toContain('concat-2');
  });
});

describe('the networks and options that withFusionHead refuses', () => {
  function twoInputs(): Graph {
    const g = new GraphBuilder('pair');
    const sum = g.add(g.input('a', [8, 8, 1]), g.input('b', [8, 8, 1]));
    return g.build({ outputs: [g.dense(g.globalAvgPool(sum), { name: 'logits', channels: 2 })] });
  }

  const one = (name: string, size: string) =>
    `Cannot build ${name}-efm: expected ${name} to have maps of two sizes or more, got 1 (${size})`;

  it.each([
    ['ds-cnn-s', {}, 'fusion-scales', one('ds-cnn-s', '25 × 5'), 1],
    ['res15', {}, 'fusion-scales', one('res15', '98 × 40'), 1],
    ['matchboxnet-3x1x64', {}, 'fusion-scales', one('matchboxnet-3x1x64', '128 × 1'), 1],
    ['csp-resnet-tiny-efm', {}, 'fusion-scales', one('csp-resnet-tiny-efm', '49 × 20'), 1],
    [
      'drnet-csp-resnet-tiny',
      {},
      'fusion-network',
      'Cannot build drnet-csp-resnet-tiny-efm: expected drnet-csp-resnet-tiny to have one resolution ' +
        '(a DRNet can wrap what has a head), got a choice of several',
      'drnet-csp-resnet-tiny',
    ],
    [
      'bl-am-tiny',
      {},
      'fusion-network',
      'Cannot build bl-am-tiny-efm: expected bl-am-tiny to have one answer a clip, got 44',
      'bl-am-tiny',
    ],
    [
      'resnet-tiny',
      { scales: 1 },
      'fusion-scales',
      'Cannot build resnet-tiny-efm: expected scales to be a whole number of 2 or more, got 1',
      1,
    ],
    [
      'resnet-tiny',
      { channels: -4 },
      'fusion-channels',
      'Cannot build head efm: expected channels to be a whole number of 1 or more, got -4',
      -4,
    ],
  ] as const)('%s with %j', (name, options, code, message, value) => {
    expect(refusal(() => withFusionHead(buildModel(name), 'efm', options))).toMatchObject({
      code,
      message,
      value,
    });
  });

  it.each([Number.NaN, Infinity, -Infinity, 2 ** 53, 1e9, 21, 0, 'x'])('%s bands', (bands) => {
    // The finest map that is gathered has 20 rows.
    const build = () => withFusionHead(buildModel('resnet-tiny'), 'efm', { bands: bands as number });
    expect(refusal(build)).toMatchObject({
      code: 'fusion-bands',
      message: `Cannot build head efm: expected bands to be a whole number from 1 to 20, the rows, got ${bands}`,
      value: bands,
    });
  });

  it.each(['none', 'efm'] as const)('an option that it does not know, with %s', (head) => {
    const build = () => withFusionHead(buildModel('resnet-tiny'), head, { chanels: 4 } as object);
    expect(refusal(build)).toMatchObject({
      code: 'fusion-option',
      message: `Cannot build resnet-tiny-${head}: expected option to be one of channels, pieces, scales, bands, got chanels`,
      value: 'chanels',
    });
  });

  it('a head that does not exist', () => {
    expect(refusal(() => withFusionHead(buildModel('resnet-tiny'), 'pan' as FusionHead))).toMatchObject({
      code: 'fusion-kind',
      message: 'Cannot build resnet-tiny-pan: expected head to be none, fpn, gfm, efm, got pan',
      value: 'pan',
    });
  });

  it('a graph of two inputs', () => {
    expect(refusal(() => withFusionHead(twoInputs(), 'fpn'))).toMatchObject({
      code: 'fusion-network',
      message: 'Cannot build pair-fpn: expected pair to have one input and one output, got 2 and 1',
    });
  });
});

function refusal(build: () => unknown): unknown {
  try {
    build();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error;
  }
  return expect.unreachable();
}
