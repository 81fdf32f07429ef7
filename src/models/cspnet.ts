/**
 * CSPNet for images: CSPResNet-50, CSPResNeXt-50, CSPDarkNet-53. The speech networks: cspnet-speech.ts.
 *
 * Paper: Wang et al., CVPRW 2020, arXiv 1911.11929. Reference: csresnet50.cfg, csresnext50.cfg and csdarknet53.cfg of
 * WongKinYiu/CrossStagePartialNetworks (public domain, as Darknet is), read, not copied.
 * What differs: nothing in the arithmetic. As there, a stage is not split by channels: two 1 × 1 convolutions of the
 * same input give the two parts, so that each has the stage's full width.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { darknetConv, darknetShortcut } from './darknet-layers.js';
import { type BuildOptions, imageEntry, type ModelEntry } from './entry.js';
import { classify } from './layers.js';

export const CSP_SOURCE = 'Wang et al. 2020, arXiv 1911.11929; WongKinYiu/CrossStagePartialNetworks';

const TWO: Pair = [2, 2];

/** One stage of a Darknet cfg. */
interface StageRow {
  /** Width of the strided 3 × 3 before the stage; none: the map comes as it is. */
  readonly down?: number;
  /** Width of both parts, and of the blocks' ends. */
  readonly width: number;
  /** Of the part that is computed, where it starts narrower. */
  readonly start?: number;
  readonly blocks: number;
  /** Width inside a block. */
  readonly inner: number;
  /** Whether the two 1 × 1 that make the parts have no activation. */
  readonly linearParts?: boolean;
  /** Width behind the second transition. */
  readonly channels: number;
}

interface CspConfig {
  readonly stem: readonly [channels: number, kernel: number, stride: number];
  /** 2 × 2 max pool behind the stem. */
  readonly pool: boolean;
  /** bottleneck: 1 × 1, 3 × 3, 1 × 1 linear, sum, leaky. darknet: 1 × 1, 3 × 3, sum. */
  readonly block: 'bottleneck' | 'darknet';
  /** Of the 3 × 3 convolutions. */
  readonly groups: number;
  readonly stages: readonly StageRow[];
}

const RESNET: CspConfig = {
  stem: [64, 7, 2],
  pool: true,
  block: 'bottleneck',
  groups: 1,
  stages: [
    { width: 128, start: 64, blocks: 3, inner: 64, channels: 128 },
    { down: 128, width: 256, blocks: 3, inner: 128, channels: 256, linearParts: true },
    { down: 256, width: 512, blocks: 5, inner: 256, channels: 512, linearParts: true },
    { down: 512, width: 1024, blocks: 2, inner: 512, channels: 1024 },
  ],
};

const RESNEXT: CspConfig = {
  ...RESNET,
  groups: 32,
  stages: [
    { width: 128, start: 64, blocks: 3, inner: 128, channels: 256 },
    { down: 256, width: 256, blocks: 3, inner: 256, channels: 512, linearParts: true },
    { down: 512, width: 512, blocks: 5, inner: 512, channels: 1024, linearParts: true },
    { down: 1024, width: 1024, blocks: 2, inner: 1024, channels: 2048 },
  ],
};

const DARKNET: CspConfig = {
  stem: [32, 3, 1],
  pool: false,
  block: 'darknet',
  groups: 1,
  stages: [
    { down: 64, width: 64, blocks: 1, inner: 32, channels: 64 },
    { down: 128, width: 64, blocks: 2, inner: 64, channels: 128 },
    { down: 256, width: 128, blocks: 8, inner: 128, channels: 256 },
    { down: 512, width: 256, blocks: 8, inner: 256, channels: 512 },
    { down: 1024, width: 512, blocks: 4, inner: 512, channels: 1024 },
  ],
};

/** A published CSPNet on an image `[rows, columns, 3]`. */
export function buildCspNet(
  name: string,
  config: CspConfig,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const [channels, side, step] = config.stem;
  const g = new GraphBuilder(name);
  let x = darknetConv(g, g.input('features', input), {
    name: 'stem',
    channels,
    kernel: [side, side],
    stride: [step, step],
  });
  if (config.pool) x = g.maxPool(x, { kernel: TWO });
  config.stages.forEach((row, i) => {
    x = g.scope(`stage${i}`, () => buildStage(g, x, row, config));
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

function buildStage(g: GraphBuilder, x: Value, row: StageRow, config: CspConfig): Value {
  const { down, width, linearParts: linear } = row;
  const { groups } = config;
  const y = down
    ? darknetConv(g, x, { name: 'down', channels: down, kernel: [3, 3], stride: TWO, groups })
    : x;
  const bypass = darknetConv(g, y, { name: 'bypass', channels: width, linear });
  let part = darknetConv(g, y, { name: 'part', channels: row.start ?? width, linear });
  for (let i = 0; i < row.blocks; i++) part = g.scope(`block${i}`, () => buildBlock(g, part, row, config));
  part = darknetConv(g, part, { name: 'transition1', channels: width });
  return darknetConv(g, g.concat([part, bypass]), { name: 'transition2', channels: row.channels });
}

function buildBlock(g: GraphBuilder, x: Value, { inner, width }: StageRow, config: CspConfig): Value {
  const y = darknetConv(g, x, { name: 'reduce', channels: inner });
  const spatial = { name: 'spatial', kernel: [3, 3] as const, groups: config.groups };
  if (config.block === 'darknet')
    return g.add(darknetConv(g, y, { ...spatial, channels: width }), x, { name: 'residual' });
  const path = darknetConv(g, y, { ...spatial, channels: inner });
  return darknetShortcut(g, x, darknetConv(g, path, { name: 'expand', channels: width, linear: true }));
}

/** Name, network, plain twin, parameters. */
const VARIANTS = [
  ['csp-resnet-50', RESNET, 'darknet-resnet-50', 21_607_848],
  ['csp-resnext-50', RESNEXT, 'darknet-resnext-50', 20_557_480],
  ['csp-darknet-53', DARKNET, 'darknet-53', 27_642_184],
] as const;

export const CSPNETS: readonly ModelEntry[] = VARIANTS.map(([name, config, twin, parameters]) =>
  imageEntry({
    name,
    family: 'cspnet',
    twin,
    source: CSP_SOURCE,
    parameters,
    input: [256, 256, 3],
    build: (options) => buildCspNet(name, config, options),
  }),
);
