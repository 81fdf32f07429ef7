/**
 * Big-Little Net with ResNet, ResNeXt and SE-ResNeXt blocks for images, and its speech variants.
 *
 * Paper: Chen et al., ICLR 2019, arXiv 1807.03848. Reference code: IBM/BigLittleNet (Apache-2.0), read, not copied.
 * What differs in the originals: nothing in the arithmetic; the gates of squeeze-excitation are dense layers.
 * The speech variants are ours: a total stride of 4 in time and 8 in frequency and a last stage of plain blocks.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair, Shape } from '../graph/graph.js';
import { type BranchPreset, bigLittleModule, branchesOf } from './big-little-module.js';
import {
  type BuildOptions,
  IMAGE_INPUT,
  IMAGE_LABELS,
  type ModelEntry,
  SPEECH_INPUT,
  SPEECH_LABELS,
} from './entry.js';
import { classify, convNorm } from './layers.js';
import {
  type Block,
  type BottleneckOptions,
  basicBlock,
  bottleneckBlock,
  separableBlock,
} from './residual-blocks.js';

const SOURCE = 'Chen et al. 2019, arXiv 1807.03848; IBM/BigLittleNet';

/** Layers L of the three modules, blocks of the last stage. */
const DEPTHS = {
  50: [3, 4, 6, 3],
  101: [4, 8, 18, 3],
  152: [5, 12, 30, 3],
} as const;

type Depth = keyof typeof DEPTHS;

const RESNEXT_32: BottleneckOptions = { cardinality: 32, baseWidth: 4 };
const RESNEXT_64: BottleneckOptions = { cardinality: 64, baseWidth: 4 };
const SE_RESNEXT_32: BottleneckOptions = { ...RESNEXT_32, squeezeExcite: true };

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

/** A published bL-Net on an image `[rows, columns, 3]`. */
export function buildBigLittleImage(
  name: string,
  config: { readonly depth: Depth; readonly block: BottleneckOptions; readonly preset: BranchPreset },
  options: BuildOptions = {},
): Graph {
  const { labels = IMAGE_LABELS, input = IMAGE_INPUT } = options;
  const g = new GraphBuilder(name);
  let x = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels: 64, kernel: [7, 7], stride: [2, 2] });
  x = g.scope('stem-module', () => imageStem(g, x, config.preset.alpha));
  const block = bottleneckBlock(config.block);
  const layers = DEPTHS[config.depth];
  IMAGE_STRIDES.forEach((stride, i) => {
    const [channels, depth] = [IMAGE_CHANNELS[i], layers[i]];
    const module = { channels, layers: depth, branches: branchesOf(config.preset), stride, block };
    x = g.scope(`module${i}`, () => bigLittleModule(g, x, module));
  });
  x = plainStage(g, x, {
    name: 'last',
    channels: IMAGE_CHANNELS[3],
    blocks: layers[3],
    stride: [2, 2],
    block,
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

/** Blocks one after the other, the first with the stride. */
export function plainStage(
  g: GraphBuilder,
  x: Value,
  options: {
    readonly name: string;
    readonly channels: number;
    readonly blocks: number;
    readonly stride: Pair;
    readonly block: Block;
  },
): Value {
  let y = x;
  for (let i = 0; i < options.blocks; i++) {
    const stride: Pair = i === 0 ? options.stride : [1, 1];
    y = g.scope(`${options.name}-block${i}`, () =>
      options.block(g, y, { channels: options.channels, stride }),
    );
  }
  return y;
}

const IMAGE_ENTRIES: readonly ModelEntry[] = IMAGE_VARIANTS.map(
  ([name, depth, block, alpha, beta, twin, parameters]) => ({
    name,
    family: 'big-little',
    input: IMAGE_INPUT,
    labels: IMAGE_LABELS,
    twin,
    streamable: false,
    source: SOURCE,
    parameters,
    build: (options) => buildBigLittleImage(name, { depth, block, preset: { alpha, beta } }, options),
  }),
);

/** A speech Big-Little Net. */
export interface BigLittleSpeechConfig {
  readonly block: Block;
  /** Width of the stem. */
  readonly stem: number;
  readonly stemStride?: Pair;
  /** Of each module: width, layers L, stride. */
  readonly modules: readonly (readonly [channels: number, layers: number, stride: Pair])[];
  readonly preset: BranchPreset;
  /** Last stage: width, plain blocks. */
  readonly last: readonly [channels: number, blocks: number];
}

const SPEECH_DROPOUT = 0.1;

/** A speech bL-Net on `[T, F, maps]`. */
export function buildBigLittleSpeech(
  name: string,
  config: BigLittleSpeechConfig,
  options: { readonly labels: number; readonly input: Shape },
): Graph {
  const { block, preset, stemStride = [2, 2] } = config;
  const g = new GraphBuilder(name);
  let x = g.input('features', options.input);
  x = convNorm(g, x, { name: 'stem', channels: config.stem, kernel: [3, 3], stride: stemStride });
  config.modules.forEach(([channels, layers, stride], i) => {
    const module = { channels, layers, branches: branchesOf(preset), stride, block };
    x = g.scope(`module${i}`, () => bigLittleModule(g, x, module));
  });
  const [channels, blocks] = config.last;
  x = plainStage(g, x, { name: 'last', channels, blocks, stride: [1, 1], block });
  return g.build({ outputs: [classify(g, x, { labels: options.labels, dropout: SPEECH_DROPOUT })] });
}

const SPEECH_STRIDES: readonly Pair[] = [
  [1, 2],
  [2, 2],
  [1, 1],
];

const modulesOf = (channels: readonly number[], layers: readonly number[]) =>
  SPEECH_STRIDES.map((stride, i) => [channels[i], layers[i], stride] as const);

/** Size, blocks, stem, widths and layers of the modules, α, β, last stage, parameters. */
const SPEECH_VARIANTS = [
  ['tiny', separableBlock(), 16, [16, 24, 40], [3, 3, 3], 2, 2, [48, 1], 34_252],
  ['small', basicBlock(), 16, [16, 24, 40], [3, 4, 4], 2, 4, [64, 1], 244_588],
  ['base', basicBlock(), 24, [32, 48, 64], [3, 4, 6], 2, 4, [96, 2], 1_014_148],
] as const;

const SPEECH_ENTRIES: readonly ModelEntry[] = SPEECH_VARIANTS.map(
  ([size, block, stem, channels, layers, alpha, beta, last, parameters]) => ({
    name: `bl-resnet-${size}`,
    family: 'big-little',
    size,
    input: SPEECH_INPUT,
    labels: SPEECH_LABELS,
    twin: `resnet-${size}`,
    streamable: false,
    source: SOURCE,
    parameters,
    build: ({ labels = SPEECH_LABELS, input = SPEECH_INPUT }: BuildOptions = {}) =>
      buildBigLittleSpeech(
        `bl-resnet-${size}`,
        { block, stem, modules: modulesOf(channels, layers), preset: { alpha, beta }, last },
        { labels, input },
      ),
  }),
);

export const BIG_LITTLES: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...SPEECH_ENTRIES];
