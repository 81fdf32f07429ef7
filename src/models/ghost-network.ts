/**
 * The frame of every GhostNet: stem, bottlenecks, 1 × 1 convolution, pool, dense layer, classifier.
 *
 * Paper: Han et al., CVPR 2020, arXiv 1911.11907. Reference code: huawei-noah/Efficient-AI-Backbones,
 * ghostnet_pytorch (Apache-2.0), read, not copied.
 */
import { GraphBuilder } from '../graph/builder.js';
import type { Graph, Pair, Shape } from '../graph/graph.js';
import { ghostBottleneck } from './ghost-blocks.js';
import { classify, convNorm, frequencyAwareHead, inputNorm, makeDivisible } from './layers.js';

export const GHOSTNET_SOURCE = 'Han et al. 2020, arXiv 1911.11907; huawei-noah/Efficient-AI-Backbones';

/** One bottleneck: kernel of its strided depthwise convolution, expanded width, width, squeeze share, stride. */
export type GhostRow = readonly [
  kernel: number,
  expanded: number,
  channels: number,
  squeeze: number,
  stride: Pair,
];

/** What makes a GhostNet; widths in `rows` and of stem and last convolution are multiplied by `width`. */
export interface GhostNetConfig {
  readonly rows: readonly GhostRow[];
  readonly width: number;
  readonly stemStride: Pair;
  /** Width of the stem, before `width`; default 16. */
  readonly stem?: number;
  /** Width of the last 1 × 1 convolution, before `width`. */
  readonly last: number;
  /** Width of the dense layer after the pool; not multiplied. 0: none, the pooled map is classified. */
  readonly hidden: number;
  readonly dropout: number;
  /** Of the Ghost modules' depthwise convolutions; default 3 × 3. */
  readonly cheapKernel?: Pair;
  /** Sub-spectral normalisation after depthwise convolutions; 1: BatchNorm. */
  readonly bands?: number;
  /** Whether each frequency band is normalised before the stem. */
  readonly inputNorm?: boolean;
  /** One weight a frequency row and channel instead of the mean over frequency. */
  readonly frequencyHead?: boolean;
}

/** GhostNet as `config` says on `[T, F, maps]`. */
export function buildGhostNet(
  name: string,
  config: GhostNetConfig,
  options: { readonly labels: number; readonly input: Shape },
): Graph {
  const scaled = (width: number) => makeDivisible(width * config.width);
  const { bands, cheapKernel } = config;
  const g = new GraphBuilder(name);
  let x = g.input('features', options.input);
  if (config.inputNorm) x = inputNorm(g, x);
  x = convNorm(g, x, {
    name: 'stem',
    channels: scaled(config.stem ?? 16),
    kernel: [3, 3],
    stride: config.stemStride,
    bands,
  });
  config.rows.forEach(([kernel, expanded, channels, squeeze, stride], i) => {
    x = g.scope(`block${i}`, () =>
      ghostBottleneck(g, x, {
        expanded: scaled(expanded),
        channels: scaled(channels),
        kernel: [kernel, kernel],
        stride,
        squeeze,
        cheapKernel,
        bands,
      }),
    );
  });
  x = convNorm(g, x, { name: 'last', channels: scaled(config.last) });
  if (config.frequencyHead) x = frequencyAwareHead(g, x);
  x = g.globalAvgPool(x);
  if (config.hidden > 0) x = g.relu(g.dense(x, { name: 'hidden', channels: config.hidden }));
  return g.build({ outputs: [classify(g, x, { labels: options.labels, dropout: config.dropout })] });
}
