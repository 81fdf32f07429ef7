/**
 * ShuffleNet V2: half of the channels pass by, the rest through a narrow block, then the channels are shuffled.
 *
 * Paper: Ma, Zhang, Zheng, Sun, "ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design", ECCV 2018,
 * arXiv 1807.11164. Reference code: pytorch/vision, torchvision/models/shufflenetv2.py (BSD-3-Clause), read, not copied.
 * What differs: nothing in the arithmetic of the image networks. The speech variants are ours.
 */
import { ConfigError } from '../errors.js';
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BuildOptions, imageEntry, type ModelEntry, speechEntry } from './entry.js';
import { classify, convNorm, depthwiseNorm, imageStem, SUB_BANDS } from './layers.js';
import { buildFramed } from './speech-frame.js';
import { HALVE_FIRST, stageRows } from './speech-network.js';

const SOURCE = 'Ma et al. 2018, arXiv 1807.11164; pytorch/vision';

/** Width, units, stride of the first. */
export type ShuffleRow = readonly [channels: number, units: number, stride: Pair];

export interface ShuffleUnitOptions {
  /** Even. */
  readonly channels: number;
  readonly stride: Pair;
  /** Sub-spectral normalisation after depthwise convolutions. */
  readonly bands?: number;
}

/**
 * A unit, `[T, F, C]` → `[T', F', channels]`. Where nothing changes, half of the channels pass by; else the whole
 * input goes through both branches. Source: figure 3 c and d.
 * @throws ConfigError `shuffle-width` for an odd number of channels.
 */
export function shuffleUnit(
  g: GraphBuilder,
  x: Value,
  { channels, stride, bands }: ShuffleUnitOptions,
): Value {
  if (channels % 2 !== 0)
    throw new ConfigError(
      'shuffle-width',
      `Cannot build a ShuffleNet unit: expected an even number of channels, got ${channels}`,
      { value: channels },
    );
  const half = channels / 2;
  const passes = stride[0] === 1 && stride[1] === 1 && x.shape[2] === channels;
  const linear = { stride, bands, activation: 'none' } as const;
  const left = passes
    ? g.slice(x, 0, half)
    : g.scope('left', () => convNorm(g, depthwiseNorm(g, x, linear), { channels: half }));
  const right = g.scope('right', () => {
    const y = convNorm(g, passes ? g.slice(x, half, half) : x, { channels: half });
    return convNorm(g, depthwiseNorm(g, y, linear), { channels: half });
  });
  return g.channelShuffle(g.concat([left, right]), 2);
}

function stackUnits(g: GraphBuilder, x: Value, rows: readonly ShuffleRow[], bands?: number): Value {
  let y = x;
  rows.forEach(([channels, units, stride], stage) => {
    for (let i = 0; i < units; i++)
      y = g.scope(`stage${stage}-unit${i}`, () =>
        shuffleUnit(g, y, { channels, stride: i === 0 ? stride : [1, 1], bands }),
      );
  });
  return y;
}

/** A published ShuffleNet V2 on an image `[rows, columns, 3]`. */
export function buildShuffleNet(
  name: string,
  config: { readonly channels: readonly number[]; readonly last: number },
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  const two: Pair = [2, 2];
  let x = imageStem(g, g.input('features', input), 24, [3, 3]);
  x = stackUnits(g, x, stageRows([two, two, two], config.channels, [4, 8, 4]));
  x = convNorm(g, x, { name: 'last', channels: config.last });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

/** Name, widths of the stages and of the last convolution, parameters (torchvision's documentation has the same). */
const VARIANTS = [
  ['0.5', [48, 96, 192], 1024, 1_366_792],
  ['1.0', [116, 232, 464], 1024, 2_278_604],
  ['1.5', [176, 352, 704], 1024, 3_503_624],
  ['2.0', [244, 488, 976], 2048, 7_393_996],
] as const;

const IMAGE_ENTRIES = VARIANTS.map(([width, channels, last, parameters]) => {
  const name = `shufflenet-v2-${width}`;
  return imageEntry({
    name,
    family: 'shufflenet',
    source: SOURCE,
    parameters,
    build: (options) => buildShuffleNet(name, { channels, last }, options),
  });
});

/** Size, stem, widths and units of the stages, last convolution, parameters. Frequency is halved by stem and two stages. */
const SPEECH_VARIANTS = [
  ['tiny', 16, [32, 64, 96], [2, 4, 3], 96, 51_020],
  ['small', 24, [64, 128, 192], [3, 6, 4], 192, 218_636],
  ['base', 32, [128, 256, 384], [3, 7, 4], 384, 841_948],
] as const;

const SPEECH_ENTRIES = SPEECH_VARIANTS.map(([size, stem, channels, units, last, parameters]) => {
  const name = `shufflenet-v2-${size}`;
  const rows = stageRows(HALVE_FIRST, channels, units);
  return speechEntry({
    name,
    family: 'shufflenet',
    size,
    source: SOURCE,
    parameters,
    build: (options) =>
      buildFramed(name, { stem, last }, (g, x) => stackUnits(g, x, rows, SUB_BANDS), options),
  });
});

export const SHUFFLENETS: readonly ModelEntry[] = [...IMAGE_ENTRIES, ...SPEECH_ENTRIES];
