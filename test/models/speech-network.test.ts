import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import { costsOf } from '../../src/graph/costs.js';
import type { Graph, Pair } from '../../src/graph/graph.js';
import { buildModel, describeModel, MODELS } from '../../src/models/models.js';
import { basicBlock } from '../../src/models/residual-blocks.js';
import { bigLittleStage, buildSpeechNetwork, type SpeechConfig } from '../../src/models/speech-network.js';
import { expectAllClose } from '../support/all-close.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

const windows = (graph: Graph) =>
  graph.nodes.flatMap((node) => ('stride' in node && 'padding' in node ? [node] : []));

describe('bl-am', () => {
  const names = Object.keys(MODELS).filter((name) => /^(bl|resnet)-am-/.test(name));

  it.each(names)('%s neither pads nor strides nor pools time', (name) => {
    const graph = buildModel(name);
    expect(windows(graph).length).toBeGreaterThan(10);
    for (const node of windows(graph)) {
      expect(node.stride[0], node.name).toBe(1);
      expect(node.padding[0], node.name).toEqual([0, 0]);
      if (node.op === 'avgPool') expect(node.kernel[0], node.name).toBe(1);
    }
    expect(graph.nodes.filter((node) => node.op === 'mean')).toEqual([]);
    expect(MODELS[name].streamable).toBe(true);
  });

  it.each(names)('%s gives one posterior for each frame more', (name) => {
    const frames = (count: number, bands: number) => {
      const graph = buildModel(name, { labels: 9, input: [count, bands, 3] });
      const logits = graph.nodes.find((node) => node.name === 'logits')!;
      expect(logits.shape.slice(1)).toEqual([1, 9]);
      return logits.shape[0];
    };
    const context = 98 - frames(98, 40);
    for (const count of [context + 1, 100, 500]) expect(frames(count, 40)).toBe(count - context);
    expect(frames(120, 64)).toBe(120 - context);
    expect(() => frames(context, 40)).toThrow(ShapeError);
  });

  it('gives a frame the same posterior wherever its context lies in the utterance', () => {
    const style = { timePadding: 'valid' } as const;
    const rows = [4, 6].map((channels) => [channels, 3, [1, 2] satisfies Pair] as const);
    const config: SpeechConfig = {
      block: basicBlock(style),
      stem: { channels: 4, stride: [1, 2] },
      stages: rows,
      last: [6, 1],
      branches: { alpha: 2, beta: 2, scale: [1, 2] },
      timePadding: 'valid',
      head: { kind: 'frames', width: 8 },
      dropout: 0.1,
    };
    const build = (frames: number) =>
      buildSpeechNetwork('am', config, bigLittleStage, { labels: 3, input: [frames, 10, 3] });
    const long = build(40);
    const tensors = randomTensors(long, 5);
    const x = Float64Array.from({ length: 40 * 10 * 3 }, (_, i) => Math.sin(i * i));
    const logits = (graph: Graph, features: Float64Array) => {
      const run = { inputs: { features }, ...tensors, count: 1, training: false };
      return runReference(graph, run).maps.get('logits')!.data;
    };
    const all = logits(long, x);
    const context = 40 - all.length / 3;
    for (const frame of [0, 1, all.length / 3 - 1]) {
      const cut = x.slice(frame * 30, (frame + context + 1) * 30);
      const one = logits(build(context + 1), cut);
      // The same sums in the same order, in float64.
      expectAllClose(one, all.slice(frame * 3, frame * 3 + 3), { relative: 1e-12 });
    }
    expect(Math.abs(all[0] - all[3])).toBeGreaterThan(1e-6);
  });
});

describe('the twins of speech networks', () => {
  const pairs = Object.values(MODELS).filter(({ twin, domain }) => twin && domain === 'speech');

  it.each(pairs)('$name saves work over its twin of the same input, labels and size', (entry) => {
    const twin = MODELS[entry.twin!];
    expect(twin).toMatchObject({ input: entry.input, labels: entry.labels, size: entry.size });
    const { macs, routing } = describeModel(entry.name);
    // A DRNet does where it looks less closely than its backbone.
    const spent = routing ? routing.macs[1] + routing.predictorMacs : macs;
    expect(spent).toBeLessThan(costsOf(twin.build()).macs);
  });

  /** The longest chain of k × k convolutions; what a Ghost bottleneck adds only where it strides is left out. */
  const depthOf = (graph: Graph) => {
    const depth = new Map<string, number>();
    for (const node of graph.nodes) {
      const before = Math.max(0, ...node.inputs.map((input) => depth.get(input)!));
      const counts = 'kernel' in node && node.op !== 'avgPool' && !node.name.endsWith('/stride');
      const spatial = counts && Math.max(...node.kernel) > 1;
      depth.set(node.name, before + (spatial ? 1 : 0));
    }
    return depth.get('logits')!;
  };

  it.each(pairs)('$name is as deep as its twin', (entry) => {
    expect(depthOf(entry.build())).toBe(depthOf(MODELS[entry.twin!].build()));
  });

  /** Of stem and stages: the channels that leave, and the blocks or dense layers inside. */
  const planOf = (graph: Graph) => {
    const plan = new Map<string, { channels: number; blocks: Set<string> }>();
    for (const { name, shape } of graph.nodes) {
      const [, stage, block] = /^(stage\d+|stem)(?:\/((?:block|layer)\d+))?/.exec(name) ?? [];
      if (!stage) continue;
      const blocks = plan.get(stage)?.blocks ?? new Set();
      plan.set(stage, { channels: shape[2], blocks: block ? blocks.add(block) : blocks });
    }
    return [...plan].map(([stage, { channels, blocks }]) => [stage, channels, blocks.size]);
  };
  const crossing = pairs.filter(({ family }) => family === 'cspnet');

  it.each(crossing)('$name has the channels and blocks of its twin, stage by stage', (entry) => {
    expect(planOf(entry.build())).toEqual(planOf(MODELS[entry.twin!].build()));
  });

  it.each([
    ['csp-resnet-tiny', [16, 24, 40, 44], [0, 2, 3, 3]],
    ['csp-resnet-base', [32, 96, 152, 208], [0, 3, 5, 5]],
    ['csp-peleenet-small', [40, 80, 144, 208], [0, 3, 5, 6]],
  ])('%s has the stem and stages of its table', (name, channels, blocks) => {
    expect(crossing.length).toBe(13);
    const stages = ['stem', 'stage0', 'stage1', 'stage2'];
    expect(planOf(buildModel(name))).toEqual(stages.map((stage, i) => [stage, channels[i], blocks[i]]));
  });
});

/** γ and β of the norm that speech networks put before the stem; the designs were counted without it. */
const INPUT_NORM = 2 * 40;

describe('the published counts of the single-branch starting points', () => {
  it.each([
    ['resnet-small', 229_500, 50.9],
    ['resnet-base', 966_132, 208.8],
  ])('are those of %s at 101 frames', (name, parameters, megaMacs) => {
    const costs = costsOf(buildModel(name, { input: [101, 40, 1] }));
    expect(costs.parameters).toBe(parameters + INPUT_NORM);
    expect(Math.round(costs.macs / 1e5) / 10).toBe(megaMacs);
  });
});

describe('the networks for words', () => {
  /** Counted beforehand by another program: labels 35, MACs in millions of 40 × 101, 40 × 98 and 64 × 101 maps. */
  it.each([
    ['ghostnet-small', 239_255, 18.59, 17.87, 29.67],
    ['ghostnet-base', 1_021_775, 76.68, 73.74, 122.39],
    ['bl-resnet-small', 246_083, 30.16, 29.12, 47.41],
    ['bl-resnet-base', 1_016_379, 121.13, 117.0, 190.04],
  ])('%s counts as designed', (name, parameters, at101, at98, at64Bands) => {
    const megaMacs = (frames: number, bands: number) =>
      Math.round(costsOf(buildModel(name, { input: [frames, bands, 1] })).macs / 1e4) / 100;
    expect(costsOf(buildModel(name, { labels: 35 })).parameters).toBe(parameters + INPUT_NORM);
    expect([megaMacs(101, 40), megaMacs(98, 40), megaMacs(101, 64)]).toEqual([at101, at98, at64Bands]);
  });

  it.each(['ghostnet-tiny', 'bl-resnet-small', 'bl-ghostnet-tiny'])(
    '%s drops a tenth before the last layer',
    (name) => {
      const { nodes } = buildModel(name);
      const [logits] = nodes.slice(-1);
      const before = nodes.find((node) => node.name === logits.inputs[0]);
      expect(before).toMatchObject({ op: 'dropout', rate: 0.1, unit: 'element' });
    },
  );

  it('ghost-25k is the measured stack: 2.34 million MACs, seven layers, no shortcut', () => {
    const graph = buildModel('ghost-25k');
    expect(costsOf(graph)).toMatchObject({ parameters: 25_147, macs: 2_341_200 });
    expect(graph.nodes.filter((node) => node.op === 'concat').map((node) => node.shape)).toEqual([
      [49, 20, 32],
      [25, 10, 48],
      [25, 10, 64],
      [13, 5, 96],
      [13, 5, 96],
      [13, 5, 128],
    ]);
    expect(graph.nodes.some((node) => node.op === 'add')).toBe(false);
  });
});
