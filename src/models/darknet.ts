/**
 * Darknet's plain networks, the ones that CSPNet cuts in two: DarkNet-53, ResNet-50 and ResNeXt-50.
 *
 * Papers: Redmon, Farhadi 2018 (YOLOv3, arXiv 1804.02767); He et al. 2016; Xie et al. 2017. Reference: the cfg files of
 * WongKinYiu/CrossStagePartialNetworks (public domain, as Darknet is), read, not copied.
 * What differs from torchvision's ResNet: leaky ReLU of 0.1, a 2 × 2 max pool, and shortcuts without projections: a
 * shorter map is added to the first channels, at every other position where the path has strided.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { darknetConv, darknetShortcut } from './darknet-layers.js';
import { type BuildOptions, imageEntry, type ModelEntry } from './entry.js';
import { classify } from './layers.js';

const SOURCE = 'WongKinYiu/CrossStagePartialNetworks, Darknet cfg files';
const [ONE, TWO]: Pair[] = [
  [1, 1],
  [2, 2],
];

/** Blocks of 1 × 1 to half the width and 3 × 3 back. */
function buildDarkNet53(name: string, { labels, input }: Required<BuildOptions>): Graph {
  const g = new GraphBuilder(name);
  let x = darknetConv(g, g.input('features', input), { name: 'stem', channels: 32, kernel: [3, 3] });
  [1, 2, 8, 8, 4].forEach((blocks, stage) => {
    const channels = 64 << stage;
    x = darknetConv(g, x, { name: `down${stage}`, channels, kernel: [3, 3], stride: TWO });
    for (let i = 0; i < blocks; i++)
      x = g.scope(`stage${stage}-block${i}`, () => {
        const y = darknetConv(g, x, { channels: channels / 2 });
        return g.add(darknetConv(g, y, { channels, kernel: [3, 3] }), x, { name: 'residual' });
      });
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

/** Bottlenecks whose inner width is a quarter of the outer, or half of it in 32 groups. */
function buildDarknetResNet(name: string, groups: 1 | 32, { labels, input }: Required<BuildOptions>): Graph {
  const g = new GraphBuilder(name);
  let x = darknetConv(g, g.input('features', input), {
    name: 'stem',
    channels: 64,
    kernel: [7, 7],
    stride: TWO,
  });
  x = g.maxPool(x, { kernel: TWO });
  [3, 4, 6, 3].forEach((blocks, stage) => {
    const channels = 256 << stage;
    const inner = channels / (groups === 1 ? 4 : 2);
    for (let i = 0; i < blocks; i++) {
      const stride = stage > 0 && i === 0 ? TWO : ONE;
      x = g.scope(`stage${stage}-block${i}`, () =>
        darknetBottleneck(g, x, { inner, channels, stride, groups }),
      );
    }
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

function darknetBottleneck(
  g: GraphBuilder,
  x: Value,
  options: {
    readonly inner: number;
    readonly channels: number;
    readonly stride: Pair;
    readonly groups: number;
  },
): Value {
  const { inner, channels, stride, groups } = options;
  let y = darknetConv(g, x, { name: 'reduce', channels: inner });
  y = darknetConv(g, y, { name: 'spatial', channels: inner, kernel: [3, 3], stride, groups });
  y = darknetConv(g, y, { name: 'expand', channels, linear: true });
  return darknetShortcut(g, x, y);
}

type Build = (name: string, options: Required<BuildOptions>) => Graph;

const VARIANTS: readonly (readonly [name: string, build: Build, parameters: number])[] = [
  ['darknet-53', buildDarkNet53, 41_609_928],
  ['darknet-resnet-50', (name, options) => buildDarknetResNet(name, 1, options), 22_780_456],
  ['darknet-resnext-50', (name, options) => buildDarknetResNet(name, 32, options), 22_252_328],
];

export const DARKNETS: readonly ModelEntry[] = VARIANTS.map(([name, build, parameters]) =>
  imageEntry({
    name,
    family: 'darknet',
    source: SOURCE,
    parameters,
    input: [256, 256, 3],
    build: (options) => build(name, options),
  }),
);
