/**
 * DS-CNN: one convolution, then depthwise-separable ones, for keywords on microcontrollers.
 *
 * Paper: Zhang, Suda, Lai, Chandra, "Hello Edge: Keyword Spotting on Microcontrollers", 2017, arXiv 1711.07128. Reference
 * code: ARM-software/ML-KWS-for-MCU, models.py (Apache-2.0), read, not copied.
 * What differs: convolutions have no bias beside their norm (the code's cancels there), norms have a scale of their own.
 * The published input is ten MFCCs of 49 frames of 40 ms; any map will do.
 */
import { GraphBuilder } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { type BuildOptions, type ModelEntry, speechEntry } from './entry.js';
import { classify, convNorm, depthwiseNorm } from './layers.js';
import { samePadding } from './same-padding.js';

interface DsCnnConfig {
  readonly channels: number;
  /** Of the first convolution, 10 frames × 4 coefficients. */
  readonly stride: Pair;
  /** Of each separable convolution. */
  readonly strides: readonly Pair[];
}

const ONE: Pair = [1, 1];
const TWO: Pair = [2, 2];
const FIRST: Pair = [10, 4];
const SQUARE: Pair = [3, 3];

/** DS-CNN on `[T, F, maps]`. */
export function buildDsCnn(
  name: string,
  { channels, stride, strides }: DsCnnConfig,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const g = new GraphBuilder(name);
  const padding = samePadding(input, FIRST, stride);
  let x = g.input('features', input);
  x = convNorm(g, x, { name: 'stem', channels, kernel: FIRST, stride, padding });
  strides.forEach((own, i) => {
    x = g.scope(`layer${i}`, () => {
      const moved = depthwiseNorm(g, x, { stride: own, padding: samePadding(x.shape, SQUARE, own) });
      return convNorm(g, moved, { channels });
    });
  });
  return g.build({ outputs: [classify(g, x, { labels })] });
}

type Row = readonly [name: string, size: ModelEntry['size'], config: DsCnnConfig, parameters: number];

/** Table 8 of the paper's appendix and the code's README: network, parameters. The sizes are by hearken's budgets. */
const VARIANTS: readonly Row[] = [
  ['ds-cnn-s', 'tiny', { channels: 64, stride: TWO, strides: [ONE, ONE, ONE, ONE] }, 23_180],
  ['ds-cnn-m', 'small', { channels: 172, stride: [2, 1], strides: [TWO, ONE, ONE, ONE] }, 136_580],
  ['ds-cnn-l', 'base', { channels: 276, stride: [2, 1], strides: [TWO, ONE, ONE, ONE, ONE] }, 413_736],
];

export const DS_CNNS: readonly ModelEntry[] = VARIANTS.map(([name, size, config, parameters]) =>
  speechEntry({
    name,
    size,
    family: 'ds-cnn',
    source: 'Zhang et al. 2017, arXiv 1711.07128; ARM-software/ML-KWS-for-MCU',
    parameters,
    input: [49, 10, 1],
    build: (options) => buildDsCnn(name, config, options),
  }),
);
