/**
 * MatchboxNet B × R × C: residual blocks of separable convolutions over time, B blocks of R layers of C channels.
 *
 * Paper: Majumdar, Ginsburg, "MatchboxNet: 1D Time-Channel Separable Convolutional Neural Network Architecture for Speech
 * Commands Recognition", Interspeech 2020, arXiv 2004.08531. Reference code: NVIDIA/NeMo, conf/matchboxnet (Apache-2.0),
 * read, not copied. What differs: nothing in the arithmetic; dropout is one of elements. The published input is 64 MFCCs
 * of 128 frames, its counts are those of 30 labels.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair, Shape } from '../graph/graph.js';
import { type BuildOptions, type ModelEntry, speechEntry } from './entry.js';
import { classify } from './layers.js';

/** ε of its norms, Jasper's. */
const EPSILON = 1e-3;

function normRelu(g: GraphBuilder, x: Value): Value {
  return g.relu(g.batchNorm(x, { epsilon: EPSILON }));
}

/** Depthwise over `frames`, then 1 × 1: no norm between the two. */
function separable(g: GraphBuilder, x: Value, channels: number, frames: number, dilation = 1): Value {
  const kernel: Pair = [frames, 1];
  return g.conv2d(g.depthwiseConv2d(x, { kernel, dilation: [dilation, 1] }), { channels });
}

/** R separable layers; the input, brought to their width, is added before the last ReLU. */
function residualBlock(
  g: GraphBuilder,
  x: Value,
  options: { readonly channels: number; readonly layers: number; readonly frames: number },
): Value {
  const { channels, layers, frames } = options;
  let y = x;
  for (let i = 0; i < layers; i++) {
    const normed = g.batchNorm(separable(g, y, channels, frames), { epsilon: EPSILON });
    y = i === layers - 1 ? normed : g.relu(normed);
  }
  const shortcut = g.batchNorm(g.conv2d(x, { name: 'shortcut', channels }), { epsilon: EPSILON });
  return g.relu(g.add(y, shortcut, { name: 'residual' }));
}

/** Frames that the kernels of the blocks reach over. */
const BLOCK_FRAMES = [13, 15, 17] as const;

/** MatchboxNet of three blocks on `[T, F, maps]`; bands and maps become channels. */
export function buildMatchboxNet(
  name: string,
  config: { readonly layers: number; readonly channels: number },
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  const [frames, bands, maps] = input;
  const flat: Shape = [frames, 1, bands * maps];
  let x = g.reshape(g.input('features', input), flat, { name: 'bands-as-channels' });
  x = g.scope('prologue', () => normRelu(g, separable(g, x, 128, 11)));
  BLOCK_FRAMES.forEach((own, i) => {
    x = g.scope(`block${i}`, () => residualBlock(g, x, { ...config, frames: own }));
  });
  x = g.scope('epilogue', () => {
    const y = normRelu(g, separable(g, x, 128, 29, 2));
    return normRelu(g, g.conv2d(y, { name: 'mix', channels: 128 }));
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

/** R, parameters; B is 3 and C 64. */
const VARIANTS = [
  ['matchboxnet-3x1x64', 1, 77_214],
  ['matchboxnet-3x2x64', 2, 92_766],
] as const;

export const MATCHBOXNETS: readonly ModelEntry[] = VARIANTS.map(([name, layers, parameters]) =>
  speechEntry({
    name,
    family: 'matchboxnet',
    size: 'small',
    source: 'Majumdar and Ginsburg 2020, arXiv 2004.08531; NVIDIA/NeMo',
    parameters,
    input: [128, 64, 1],
    labels: 30,
    build: (options) => buildMatchboxNet(name, { layers, channels: 64 }, options),
  }),
);
