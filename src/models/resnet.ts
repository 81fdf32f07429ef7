/**
 * ResNet, ResNeXt and SE-ResNeXt for images, whose cost Big-Little Net halves, and the single-branch twin of each
 * Big-Little speech network: the same stem, widths, depths and strides without branches.
 *
 * Papers: He et al. 2016, arXiv 1512.03385; Xie et al. 2017, arXiv 1611.05431; Hu et al. 2018, arXiv 1709.01507.
 * Reference code: pytorch/vision, torchvision/models/resnet.py (BSD-3-Clause), read, not copied.
 * What differs: nothing in the arithmetic; as in that code, and unlike the first paper, the 3 × 3 convolution
 * carries a bottleneck's stride. Squeeze-excitation has a waist of channels / 16 with biases. γ of a block's last
 * BatchNorm starts at 0, an option there.
 */
import { GraphBuilder } from '../graph/builder.js';
import type { Graph } from '../graph/graph.js';
import { SPEECH_VARIANTS } from './big-little-speech.js';
import { type BuildOptions, IMAGE_INPUT, IMAGE_LABELS, type ModelEntry, SPEECH_LABELS } from './entry.js';
import { classify, imageStem } from './layers.js';
import {
  type BottleneckOptions,
  bottleneckBlock,
  RESNEXT_32,
  RESNEXT_64,
  SE_RESNEXT_32,
  stackBlocks,
} from './residual-blocks.js';
import { buildSpeechNetwork, singleBranchStage } from './speech-network.js';

const SOURCE = 'He et al. 2016, arXiv 1512.03385; pytorch/vision';
const RESNEXT_SOURCE = 'Xie et al. 2017, arXiv 1611.05431; pytorch/vision';
const SE_SOURCE = 'Hu et al. 2018, arXiv 1709.01507';

/** Blocks of the four stages. */
const BLOCKS = {
  50: [3, 4, 6, 3],
  101: [3, 4, 23, 3],
  152: [3, 8, 36, 3],
} as const;

const CHANNELS = [256, 512, 1024, 2048] as const;

type ImageRow = readonly [
  name: string,
  depth: keyof typeof BLOCKS,
  block: BottleneckOptions,
  source: string,
  parameters: number,
];

const IMAGE_VARIANTS: readonly ImageRow[] = [
  ['resnet-50', 50, {}, SOURCE, 25_557_032],
  ['resnet-101', 101, {}, SOURCE, 44_549_160],
  ['resnet-152', 152, {}, SOURCE, 60_192_808],
  ['resnext-50-32x4d', 50, RESNEXT_32, RESNEXT_SOURCE, 25_028_904],
  ['resnext-101-32x4d', 101, RESNEXT_32, RESNEXT_SOURCE, 44_177_704],
  ['resnext-101-64x4d', 101, RESNEXT_64, RESNEXT_SOURCE, 83_455_272],
  ['se-resnext-50-32x4d', 50, SE_RESNEXT_32, SE_SOURCE, 27_559_896],
  ['se-resnext-101-32x4d', 101, SE_RESNEXT_32, SE_SOURCE, 48_955_416],
];

/** A published ResNet on an image `[rows, columns, 3]`. */
export function buildResNet(
  name: string,
  config: { readonly depth: keyof typeof BLOCKS; readonly block: BottleneckOptions },
  { labels = IMAGE_LABELS, input = IMAGE_INPUT }: BuildOptions = {},
): Graph {
  const g = new GraphBuilder(name);
  const block = bottleneckBlock({ ...config.block, shortcut: 'conv' });
  let x = imageStem(g, g.input('features', input), 64);
  BLOCKS[config.depth].forEach((count, i) => {
    const step = i === 0 ? 1 : 2;
    x = stackBlocks(g, x, { name: `stage${i}`, block, channels: CHANNELS[i], count, stride: [step, step] });
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

const IMAGE_ENTRIES: readonly ModelEntry[] = IMAGE_VARIANTS.map(
  ([name, depth, block, source, parameters]) => ({
    name,
    family: 'resnet',
    domain: 'image',
    input: IMAGE_INPUT,
    labels: IMAGE_LABELS,
    streamable: false,
    source,
    parameters,
    build: (options) => buildResNet(name, { depth, block }, options),
  }),
);

const TWIN_ENTRIES: readonly ModelEntry[] = SPEECH_VARIANTS.map((variant) => {
  const { twin: name, size, input, twinParameters: parameters, config } = variant;
  return {
    name,
    family: 'resnet',
    size,
    domain: 'speech',
    input,
    labels: SPEECH_LABELS,
    streamable: config.timePadding === 'valid',
    source: `${SOURCE}; single-branch twin of ${variant.name}`,
    parameters,
    build: (options: BuildOptions = {}) =>
      buildSpeechNetwork(name, config, singleBranchStage, { ...options, input: options.input ?? input }),
  };
});

export const RESNETS: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...TWIN_ENTRIES];
