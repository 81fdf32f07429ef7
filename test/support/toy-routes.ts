/** A network small enough for float64 loops that chooses between three resolutions. */
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph, Shape } from '../../src/graph/graph.js';
import { type DrNetConfig, wrapBackbone } from '../../src/models/drnet.js';
import type { BuildOptions } from '../../src/models/entry.js';
import { DEFAULT_RECIPE, type Recipe } from '../../src/train/recipe.js';
import { PAPER_ROUTING, type RoutingRecipe, routedRecipe } from '../../src/train/routing/routing-recipe.js';
import { TOY_LABELS, TOY_SHAPE } from './toy-clips.js';

/** Convolution, BatchNorm, mean, head. */
function buildBackbone({ labels = TOY_LABELS.length, input = TOY_SHAPE }: BuildOptions): Graph {
  const g = new GraphBuilder('toy-backbone');
  const x = g.conv2d(g.input('features', input), { name: 'stem', channels: 6, kernel: [3, 3] });
  const y = g.relu(g.batchNorm(x, { name: 'norm' }));
  return g.build({ outputs: [g.dense(g.globalAvgPool(y), { name: 'logits', channels: labels })] });
}

export const TOY_BACKBONE = { name: 'toy-backbone', build: buildBackbone };

/** `[4, 2, 3]` unless said, at its size, at `[3, 2]` and at `[2, 1]`. */
export function routedToy(config: DrNetConfig = {}, input: Shape = TOY_SHAPE): Graph {
  return wrapBackbone(
    'routed-toy',
    TOY_BACKBONE,
    { resolutions: [1, [3, 2], [2, 1]], predictor: 'separable', predictorSize: [3, 2], ...config },
    { labels: TOY_LABELS.length, input },
  );
}

/** The paper's stages, hard routes unless said, in batches of 16. */
export function routedToyRecipe(routing: Partial<RoutingRecipe> = {}, changes: Partial<Recipe> = {}): Recipe {
  const sizes = { epochs: 5, batchSize: 16, normShard: 8, ema: { decay: 0.9 } };
  return { ...routedRecipe(DEFAULT_RECIPE, { ...PAPER_ROUTING, ...routing }), ...sizes, ...changes };
}
