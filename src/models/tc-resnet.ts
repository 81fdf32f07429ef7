/**
 * TC-ResNet: frequency bands are the channels, convolutions run over time alone.
 *
 * Paper: Choi, Seo, Shin, Byun, Kersner, Kim, Kim, Ha, "Temporal Convolution for Real-time Keyword Spotting on Mobile
 * Devices", Interspeech 2019, arXiv 1904.03814. Reference code: hyperconnect/TC-ResNet, audio_nets/tc_resnet.py
 * (Apache-2.0), read, not copied. What differs: nothing in the arithmetic; the published input is 40 MFCCs of 98 frames.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BuildOptions, type ModelEntry, speechEntry } from './entry.js';
import { classify, convNorm } from './layers.js';
import { samePadding } from './same-padding.js';

interface TcResNetConfig {
  /** Of the blocks; a block that changes the width halves the frames. */
  readonly channels: readonly number[];
  /** Multiplies all widths. */
  readonly width: number;
}

const ONE: Pair = [1, 1];

/** Two convolutions of 9 frames and a shortcut. Source: figure 3 of the paper. */
function temporalBlock(g: GraphBuilder, x: Value, channels: number): Value {
  const kernel: Pair = [9, 1];
  const changes = x.shape[2] !== channels;
  const stride: Pair = changes ? [2, 1] : ONE;
  const shortcut = changes ? convNorm(g, x, { name: 'shortcut', channels, stride }) : x;
  let y = convNorm(g, x, { channels, kernel, stride, padding: samePadding(x.shape, kernel, stride) });
  y = convNorm(g, y, { channels, kernel, activation: 'none' });
  return g.relu(g.add(y, shortcut, { name: 'residual' }));
}

/** TC-ResNet on `[T, F, maps]`; bands and maps become channels. */
export function buildTcResNet(
  name: string,
  { channels, width }: TcResNetConfig,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  const [frames, bands, maps] = input;
  let x = g.reshape(g.input('features', input), [frames, 1, bands * maps], { name: 'bands-as-channels' });
  x = convNorm(g, x, { name: 'stem', channels: Math.floor(16 * width), kernel: [3, 1] });
  channels.forEach((own, i) => {
    x = g.scope(`block${i}`, () => temporalBlock(g, x, Math.floor(own * width)));
  });
  return g.build({ outputs: [classify(g, x, { labels, dropout: 0.5 })] });
}

const EIGHT = [24, 32, 48];
const FOURTEEN = [24, 24, 32, 32, 48, 48];

type Row = readonly [name: string, size: ModelEntry['size'], config: TcResNetConfig, parameters: number];

const VARIANTS: readonly Row[] = [
  ['tc-resnet-8', 'small', { channels: EIGHT, width: 1 }, 65_180],
  ['tc-resnet-8-1.5', 'small', { channels: EIGHT, width: 1.5 }, 144_276],
  ['tc-resnet-14', 'small', { channels: FOURTEEN, width: 1 }, 135_868],
  ['tc-resnet-14-1.5', 'base', { channels: FOURTEEN, width: 1.5 }, 303_012],
];

export const TC_RESNETS: readonly ModelEntry[] = VARIANTS.map(([name, size, config, parameters]) =>
  speechEntry({
    name,
    size,
    family: 'tc-resnet',
    source: 'Choi et al. 2019, arXiv 1904.03814; hyperconnect/TC-ResNet',
    parameters,
    build: (options) => buildTcResNet(name, config, options),
  }),
);
