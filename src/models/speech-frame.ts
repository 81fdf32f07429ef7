/** The frame that the speech variants of the image families share: norm of each band, stem, the family's body, head. */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import type { BuildOptions } from './entry.js';
import {
  type ActivationChoice,
  classify,
  convNorm,
  frequencyAwareHead,
  inputNorm,
  SUB_BANDS,
} from './layers.js';

export interface SpeechFrame {
  /** Width of the 3 × 3 stem, which halves time and frequency. */
  readonly stem: number;
  /** Width of a 1 × 1 convolution before the head; default none. */
  readonly last?: number;
  /** After stem and last convolution; default `relu`. */
  readonly activation?: ActivationChoice;
  /** Default [2, 2]. */
  readonly stemStride?: Pair;
}

/**
 * A speech network on `[T, F, maps]`: `inputNorm`, stem with sub-spectral norm, `body`, 1 × 1 convolution, one weight a
 * frequency row and channel, mean over time, a tenth dropped, `logits`. Time is strided by the stem alone if `body`
 * leaves it alone. A body that ends in a vector has pooled for itself.
 */
export function buildFramed(
  name: string,
  frame: SpeechFrame,
  body: (g: GraphBuilder, x: Value) => Value,
  { labels, input }: Required<BuildOptions>,
): Graph {
  const { stem, last, activation, stemStride = [2, 2] } = frame;
  const g = new GraphBuilder(name);
  let x = inputNorm(g, g.input('features', input));
  x = convNorm(g, x, {
    name: 'stem',
    channels: stem,
    kernel: [3, 3],
    stride: stemStride,
    bands: SUB_BANDS,
    activation,
  });
  x = body(g, x);
  if (last) x = convNorm(g, x, { name: 'last', channels: last, activation });
  const isVector = x.shape[0] === 1 && x.shape[1] === 1;
  const pooled = isVector ? x : frequencyAwareHead(g, x);
  return g.build({ outputs: [classify(g, pooled, { labels, dropout: 0.1 })] });
}
