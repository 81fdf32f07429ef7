/**
 * The small network that looks at one small map and says at which resolution the large one should look.
 *
 * Paper: Zhu et al., "Dynamic Resolution Network", NeurIPS 2021, arXiv 2106.02898, section 3.1 and appendix.
 * Reference code: mindspore-ai/models, research/cv/DRNet (Apache-2.0), read, not copied.
 */
import { GraphBuilder, type Value } from '../graph/builder.js';
import type { Graph, Pair } from '../graph/graph.js';
import { classify, convNorm, imageStem, inputNorm } from './layers.js';
import { basicBlock, separableBlock } from './residual-blocks.js';

/**
 * image: the paper's, a ResNet of four basic blocks for photographs. residual: the same plan an eighth as wide and without
 * max pooling, for log-mel maps. separable: that with depthwise-separable blocks, a fifth of its size.
 */
export type PredictorKind = 'image' | 'residual' | 'separable';

const KINDS = {
  image: { block: basicBlock({ shortcut: 'conv' }), stem: 64, widths: [64, 128, 256, 512] },
  residual: { block: basicBlock({ shortcut: 'conv' }), stem: 8, widths: [8, 16, 24, 32] },
  separable: { block: separableBlock({ shortcut: 'conv' }), stem: 8, widths: [8, 16, 24, 32] },
} as const;

export const PREDICTOR_KINDS = Object.keys(KINDS) as readonly PredictorKind[];

/** `[T, F, maps]` → one logit a resolution, `[1, 1, routes]`; stages after the first halve time and frequency. */
export function predictResolution(
  g: GraphBuilder,
  x: Value,
  { kind, routes }: { readonly kind: PredictorKind; readonly routes: number },
): Value {
  const { block, stem, widths } = KINDS[kind];
  return g.scope('predictor', () => {
    let y =
      kind === 'image'
        ? imageStem(g, x, stem)
        : convNorm(g, inputNorm(g, x), { name: 'stem', channels: stem, kernel: [3, 3], stride: [2, 2] });
    widths.forEach((channels, i) => {
      const stride: Pair = i === 0 ? [1, 1] : [2, 2];
      y = g.scope(`block${i}`, () => block(g, y, { channels, stride }));
    });
    return classify(g, y, { labels: routes });
  });
}

/**
 * What makes a network for words a predictor, as a graph from its logits to one logit a resolution: the largest probability,
 * normalised, and a dense layer. Ours, not the paper's: what was trained on the words knows which clips are hard, and few numbers
 * have to learn what to spend on them. They start from "the less sure, the larger": from a slope of the wrong sign, Gumbel's draws
 * may not find back in a short training.
 */
export function routeBySureness(labels: number, routes: number): Graph {
  const g = new GraphBuilder('sureness');
  const sureness = g.maxout(g.softmax(g.input('words', [1, 1, labels])), labels, { name: 'sureness' });
  const graph = g.build({ outputs: [g.dense(g.batchNorm(sureness), { name: 'route', channels: routes })] });
  const slopes = Array.from({ length: routes }, (_, route) => (2 * route) / (routes - 1) - 1);
  const weight = { ...graph.parameters['route/weight'], init: { kind: 'values', values: slopes } } as const;
  const bias = { ...graph.parameters['route/bias'], init: { kind: 'constant', value: 0 } } as const;
  return { ...graph, parameters: { ...graph.parameters, 'route/weight': weight, 'route/bias': bias } };
}
