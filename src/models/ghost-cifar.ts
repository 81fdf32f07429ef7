/**
 * Ghost modules in the place of every convolution: Ghost-ResNet-56 and Ghost-VGG-16 beside the plain networks, for the
 * 32 × 32 images of CIFAR-10.
 *
 * Papers: Han et al., "GhostNet", CVPR 2020, arXiv 1911.11907, §4.1; He et al. 2016 (ResNet-56, arXiv 1512.03385), Simonyan
 * and Zisserman 2015 (VGG-16, arXiv 1409.1556). There is no reference code of these four; the plain ones follow the figures
 * that the paper tables, as does VGG-16's dense layer of 512. Shortcuts are He's option A: without parameters.
 */
import { type Conv2dOptions, GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { checkOption } from './check-option.js';
import { type BuildOptions, imageEntry, type ModelEntry } from './entry.js';
import { ghostModule } from './ghost-blocks.js';
import { GHOSTNET_SOURCE } from './ghost-network.js';
import { classify, convNorm, type NormOptions, normActivate } from './layers.js';

/** What a convolution with norm and activation can be asked for. */
export type ConvolutionOptions = Omit<Conv2dOptions, 'bias'> & NormOptions;

/** A convolution with norm and activation, or what stands in its place. */
export type Convolution = (g: GraphBuilder, x: Value, options: ConvolutionOptions) => Value;

/**
 * What a network puts where the plain one convolves: `plain`, or a Ghost module of ratio s, whose primary convolution takes
 * kernel, stride, dilation and padding. `withGhostConvolutions` does the same to a network that is built already.
 * @throws ConfigError, once it is asked for, `ghost-groups` for a Ghost module in groups, and as `ghostModule` does.
 */
export function convolutionOf(kind: 'plain' | 'ghost', ratio = 2): Convolution {
  if (kind === 'plain') return convNorm;
  return (g, x, { name = 'ghost', groups = 1, ...options }) => {
    const wanted = { code: 'ghost-groups', what: 'a Ghost module', option: 'groups', allowed: '1' };
    checkOption(groups === 1, { ...wanted, value: groups });
    return g.scope(name, () => ghostModule(g, x, { ...options, ratio }));
  };
}

const SQUARE: Pair = [3, 3];
const TWO: Pair = [2, 2];

function residual(g: GraphBuilder, x: Value, channels: number, conv: Convolution): Value {
  const widens = x.shape[2] !== channels;
  const stride: Pair = widens ? TWO : [1, 1];
  const kernel = SQUARE;
  const y = conv(g, conv(g, x, { channels, kernel, stride }), { channels, kernel, activation: 'none' });
  const shortcut = widens
    ? g.padChannels(
        g.maxPool(x, { name: 'subsample', kernel: [1, 1], stride: TWO }),
        0,
        channels - x.shape[2],
      )
    : x;
  return g.relu(g.add(y, shortcut, { name: 'residual' }));
}

/** ResNet-56: three stages of nine blocks, 16, 32 and 64 wide. */
export function buildResNet56(
  name: string,
  conv: Convolution,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  let x = conv(g, g.input('features', input), { channels: 16, kernel: SQUARE });
  [16, 32, 64].forEach((channels, stage) => {
    for (let i = 0; i < 9; i++) x = g.scope(`stage${stage}-block${i}`, () => residual(g, x, channels, conv));
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

/** Widths, a max pool behind each group. */
const VGG_GROUPS = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
] as const;

/** VGG-16 with norms, a dense layer of 512 before the last. */
export function buildVgg16(
  name: string,
  conv: Convolution,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  let x = g.input('features', input);
  VGG_GROUPS.forEach((widths, group) => {
    widths.forEach((channels, i) => {
      x = g.scope(`group${group}-layer${i}`, () => conv(g, x, { channels, kernel: SQUARE }));
    });
    x = g.maxPool(x, { kernel: TWO });
  });
  const hidden = normActivate(g, g.dense(g.globalAvgPool(x), { name: 'hidden', channels: 512 }));
  return g.build({ outputs: [classify(g, hidden, { labels })] });
}

type Row = readonly [
  name: string,
  build: typeof buildVgg16,
  conv: Convolution,
  twin: string | undefined,
  parameters: number,
];

const PLAIN = convolutionOf('plain');

const VARIANTS: readonly Row[] = [
  ['ghost-resnet-56', buildResNet56, convolutionOf('ghost'), 'resnet-56', 438_010],
  ['ghost-vgg-16', buildVgg16, convolutionOf('ghost'), 'vgg-16', 7_651_498],
  ['ghost-vgg-16-s3', buildVgg16, convolutionOf('ghost', 3), 'vgg-16', 5_219_500],
  ['ghost-vgg-16-s4', buildVgg16, convolutionOf('ghost', 4), 'vgg-16', 3_983_386],
  ['ghost-vgg-16-s5', buildVgg16, convolutionOf('ghost', 5), 'vgg-16', 3_270_721],
  ['resnet-56', buildResNet56, PLAIN, undefined, 853_018],
  ['vgg-16', buildVgg16, PLAIN, undefined, 14_987_722],
];

export const GHOST_CIFARS: readonly ModelEntry[] = VARIANTS.map(([name, build, conv, twin, parameters]) =>
  imageEntry({
    name,
    family: 'ghostnet',
    source: twin ? GHOSTNET_SOURCE : `${GHOSTNET_SOURCE}; plain twin`,
    ...(twin && { twin }),
    parameters,
    input: [32, 32, 3],
    labels: 10,
    build: (options) => build(name, conv, options),
  }),
);
