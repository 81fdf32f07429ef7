/**
 * BC-ResNet: broadcasted residual networks for keyword spotting, the field's reference.
 *
 * Paper: Kim, Chang, Lee, Sung, "Broadcasted Residual Learning for Efficient Keyword Spotting", Interspeech 2021,
 * arXiv 2106.04140. Reference code: Qualcomm-AI-research/bcresnet (BSD 3-Clause Clear), read, not copied.
 * What differs: maps are time first; convolutions start from Kaiming normal by fan-out (reference: PyTorch's
 * default uniform); inputs of 64 bands get 4 sub-bands, because 8 rows do not divide by 5, and those of fewer than 33 a head
 * as high as what is left of them.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BuildOptions, type ModelEntry, SPEECH_INPUT, SPEECH_LABELS } from './entry.js';
import { classify, convNorm, subBandsOf } from './layers.js';

type Size = NonNullable<ModelEntry['size']>;

/** τ scales the base width c = ⌊8τ⌋. */
const VARIANTS: readonly (readonly [name: string, size: Size, tau: number, parameters: number])[] = [
  ['bc-resnet-1', 'tiny', 1, 9_232],
  ['bc-resnet-1.5', 'tiny', 1.5, 17_154],
  ['bc-resnet-2', 'tiny', 2, 27_284],
  ['bc-resnet-3', 'tiny', 3, 54_168],
  ['bc-resnet-6', 'small', 6, 187_812],
  ['bc-resnet-8', 'base', 8, 321_068],
];

/** Width as a multiple of c, blocks, stride of the first block; the dilation in time is 2 to the stage's index. */
const STAGES: readonly (readonly [width: number, blocks: number, stride: Pair])[] = [
  [1, 2, [1, 1]],
  [1.5, 2, [1, 2]],
  [2, 4, [1, 2]],
  [2.5, 4, [1, 1]],
];

interface BlockOptions {
  readonly channels: number;
  readonly stride: Pair;
  /** Dilation of the temporal convolution, in frames. */
  readonly dilation: number;
}

/**
 * One broadcasted residual block, `[T, F, C]` → `[T, F', channels]`: a map of features by a convolution along
 * frequency, plus what a convolution along time finds in its mean over frequency, broadcast back, plus the input
 * where the width stays. Source: equation 2 and figure 2 of the paper.
 */
function broadcastBlock(g: GraphBuilder, x: Value, options: BlockOptions): Value {
  const { channels, stride, dilation } = options;
  const transition = x.shape[2] !== channels;
  const wide = transition ? convNorm(g, x, { name: 'transition', channels }) : x;
  const along = g.depthwiseConv2d(wide, { name: 'along-frequency', kernel: [1, 3], stride });
  const map = g.batchNorm(along, { name: 'sub-spectral-norm', bands: subBandsOf(along.shape[1]) });

  const mean = g.mean(map, ['frequency']);
  const temporal = g.depthwiseConv2d(mean, { name: 'along-time', kernel: [3, 1], dilation: [dilation, 1] });
  const active = g.activation(g.batchNorm(temporal), 'silu');
  const mixed = g.dropout(g.conv2d(active, { name: 'mix', channels }), 0.1, { unit: 'channel' });

  const sum = g.add(map, mixed, { name: 'broadcast' });
  return g.relu(transition ? sum : g.add(sum, x, { name: 'residual' }));
}

/** BC-ResNet-τ on `[T, F, maps]`; F of 33 or more leaves the head its 5 rows, fewer give it what there is. Time is never strided. */
export function buildBcResNet(name: string, tau: number, options: BuildOptions = {}): Graph {
  const { labels = SPEECH_LABELS, input = SPEECH_INPUT } = options;
  const c = Math.floor(8 * tau);
  const g = new GraphBuilder(name);
  let x = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels: 2 * c, kernel: [5, 5], stride: [1, 2] });
  STAGES.forEach(([width, blocks, stride], stage) => {
    for (let block = 0; block < blocks; block++) {
      x = g.scope(`stage${stage}-block${block}`, () =>
        broadcastBlock(g, x, {
          channels: Math.floor(width * c),
          stride: block === 0 ? stride : [1, 1],
          dilation: 2 ** stage,
        }),
      );
    }
  });
  const padding = [
    [2, 2],
    [0, 0],
  ] as const;
  x = g.depthwiseConv2d(x, { name: 'head', kernel: [5, Math.min(5, x.shape[1])], padding });
  x = convNorm(g, x, { name: 'head-mix', channels: 4 * c });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

export const BC_RESNETS: readonly ModelEntry[] = VARIANTS.map(([name, size, tau, parameters]) => ({
  name,
  size,
  family: 'bc-resnet',
  domain: 'speech',
  input: SPEECH_INPUT,
  labels: SPEECH_LABELS,
  streamable: false,
  source: 'Kim et al. 2021, arXiv 2106.04140; Qualcomm-AI-research/bcresnet',
  parameters,
  build: (options) => buildBcResNet(name, tau, options),
}));
