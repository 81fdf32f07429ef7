/**
 * Big-Little Net for images with ResNet, ResNeXt and SE-ResNeXt blocks. The speech networks: big-little-speech.ts.
 *
 * Paper: Chen, Fan, Mallinar, Sercu, Feris, "Big-Little Net: An Efficient Multi-Scale Feature Representation for Visual
 * and Speech Recognition", ICLR 2019, arXiv 1807.03848. Reference code: IBM/BigLittleNet (Apache-2.0), read, not copied.
 * What differs: nothing in the arithmetic; the gates of squeeze-excitation are dense layers with their start, and
 * convolutions in groups start from a fan-out by group.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BranchPreset, bigLittleModule, branchesOf } from './big-little-module.js';
import { BIG_LITTLE_SOURCE, SPEECH_BIG_LITTLES } from './big-little-speech.js';
import { checkOption } from './check-option.js';
import { type BuildOptions, IMAGE_INPUT, IMAGE_LABELS, type ModelEntry } from './entry.js';
import { classify, convNorm } from './layers.js';
import {
  type BottleneckOptions,
  bottleneckBlock,
  RESNEXT_32,
  RESNEXT_64,
  SE_RESNEXT_32,
  stackBlocks,
} from './residual-blocks.js';

/** Layers L of the three modules, blocks of the last stage. */
const DEPTHS = {
  50: [3, 4, 6, 3],
  101: [4, 8, 18, 3],
  152: [5, 12, 30, 3],
} as const;

type Depth = keyof typeof DEPTHS;

/** Depth, blocks, α, β, single-branch twin, parameters. */
type ImageRow = readonly [
  name: string,
  depth: Depth,
  block: BottleneckOptions,
  alpha: number,
  beta: number,
  twin: string,
  parameters: number,
];

const IMAGE_VARIANTS: readonly ImageRow[] = [
  ['bl-resnet-50-a1-b2', 50, {}, 1, 2, 'resnet-50', 30_140_328],
  ['bl-resnet-50-a2-b2', 50, {}, 2, 2, 'resnet-50', 26_974_632],
  ['bl-resnet-50-a2-b4', 50, {}, 2, 4, 'resnet-50', 26_694_568],
  ['bl-resnet-50-a4-b2', 50, {}, 4, 2, 'resnet-50', 26_306_856],
  ['bl-resnet-50-a4-b4', 50, {}, 4, 4, 'resnet-50', 26_236_456],
  ['bl-resnet-101-a2-b2', 101, {}, 2, 2, 'resnet-101', 43_392_680],
  ['bl-resnet-101-a2-b4', 101, {}, 2, 4, 'resnet-101', 41_851_560],
  ['bl-resnet-101-a4-b2', 101, {}, 4, 2, 'resnet-101', 41_361_704],
  ['bl-resnet-101-a4-b4', 101, {}, 4, 4, 'resnet-101', 40_974_120],
  ['bl-resnet-152-a2-b2', 152, {}, 2, 2, 'resnet-152', 59_810_728],
  ['bl-resnet-152-a2-b4', 152, {}, 2, 4, 'resnet-152', 57_359_016],
  ['bl-resnet-152-a4-b2', 152, {}, 4, 2, 'resnet-152', 56_416_552],
  ['bl-resnet-152-a4-b4', 152, {}, 4, 4, 'resnet-152', 55_799_976],
  ['bl-resnext-50-32x4d-a2-b4', 50, RESNEXT_32, 2, 4, 'resnext-50-32x4d', 26_192_168],
  ['bl-resnext-101-32x4d-a2-b4', 101, RESNEXT_32, 2, 4, 'resnext-101-32x4d', 41_512_744],
  ['bl-resnext-101-64x4d-a2-b4', 101, RESNEXT_64, 2, 4, 'resnext-101-64x4d', 77_355_816],
  ['bl-seresnext-50-32x4d-a2-b4', 50, SE_RESNEXT_32, 2, 4, 'se-resnext-50-32x4d', 28_767_120],
  ['bl-seresnext-101-32x4d-a2-b4', 101, SE_RESNEXT_32, 2, 4, 'se-resnext-101-32x4d', 45_881_952],
];

/** Widths of modules and last stage, module strides, of the image networks. */
const IMAGE_CHANNELS = [256, 512, 1024, 2048] as const;
const IMAGE_STRIDES: readonly Pair[] = [
  [2, 2],
  [2, 2],
  [1, 1],
];

/**
 * The module that stands in for the stem's max pool, `[T, F, 64]` → `[T / 2, F / 2, 64]`: a strided 3 × 3 beside a narrow
 * path of three convolutions. Source: the code's `bLModule`-like stem (IBM/BigLittleNet, blresnet.py).
 */
function imageStem(g: GraphBuilder, x: Value, alpha: number): Value {
  const [kernel, stride]: Pair[] = [
    [3, 3],
    [2, 2],
  ];
  const big = convNorm(g, x, { name: 'big', channels: 64, kernel, stride, activation: 'none' });
  let little = convNorm(g, x, { name: 'little', channels: 64 / alpha, kernel });
  little = convNorm(g, little, { name: 'little-stride', channels: 64 / alpha, kernel, stride });
  little = convNorm(g, little, { name: 'little-widen', channels: 64, activation: 'none' });
  const merged = g.relu(g.add(big, little, { name: 'merge' }));
  return convNorm(g, merged, { name: 'fusion', channels: 64 });
}

/** A published bL-Net on an image `[rows, columns, 3]`. @throws ConfigError for α or β that its widths cannot be divided by. */
export function buildBigLittleImage(
  name: string,
  config: { readonly depth: Depth; readonly block: BottleneckOptions; readonly preset: BranchPreset },
  options: BuildOptions = {},
): Graph {
  const { labels = IMAGE_LABELS, input = IMAGE_INPUT } = options;
  const branches = branchesOf(config.preset);
  const { alpha } = config.preset;
  const wanted = { what: name, option: 'alpha', allowed: 'a divisor of the 64 channels of the stem' };
  checkOption(64 % alpha === 0, { ...wanted, code: 'big-little-alpha', value: alpha });
  const g = new GraphBuilder(name);
  let x = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels: 64, kernel: [7, 7], stride: [2, 2] });
  x = g.scope('stem-module', () => imageStem(g, x, alpha));
  const block = bottleneckBlock(config.block);
  const layers = DEPTHS[config.depth];
  IMAGE_STRIDES.forEach((stride, i) => {
    const [channels, depth] = [IMAGE_CHANNELS[i], layers[i]];
    const module = { channels, layers: depth, branches, stride, block };
    x = g.scope(`module${i}`, () => bigLittleModule(g, x, module));
  });
  x = stackBlocks(g, x, {
    name: 'last',
    channels: IMAGE_CHANNELS[3],
    count: layers[3],
    stride: [2, 2],
    block,
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

const IMAGE_ENTRIES: readonly ModelEntry[] = IMAGE_VARIANTS.map(
  ([name, depth, block, alpha, beta, twin, parameters]) => ({
    name,
    family: 'big-little',
    domain: 'image',
    input: IMAGE_INPUT,
    labels: IMAGE_LABELS,
    twin,
    streamable: false,
    source: BIG_LITTLE_SOURCE,
    parameters,
    build: (options) => buildBigLittleImage(name, { depth, block, preset: { alpha, beta } }, options),
  }),
);

export const BIG_LITTLES: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...SPEECH_BIG_LITTLES];
