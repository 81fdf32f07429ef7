/** A small quantised model: `tinyModel` with random integers, its convolution and dense layer multiplying them. */
import type { Model } from '../../src/formats/model.js';
import { parityClip } from '../../src/formats/parity-clip.js';
import type { GraphNode } from '../../src/graph/graph.js';
import { weightsOf } from '../../src/graph/quantization.js';
import { halfToNumber, numberToHalf } from '../../src/numerics/half.js';
import { randomQuantization } from './reference-int8.js';
import { tinyModel } from './tiny-model.js';

const toHalf = (value: number) => halfToNumber(numberToHalf(value));

export function quantizedModel(overrides: Partial<Model> = {}): Model {
  const plain = tinyModel();
  const { graph } = plain;
  const products: GraphNode[] = graph.nodes.filter(({ op }) => op === 'conv2d' || op === 'dense');
  const drawn = randomQuantization(graph, products, 3);
  const weights = Object.fromEntries(
    Object.entries(drawn.weights).map(([name, { integers, scales }]) => [
      name,
      { integers, scales: scales.map(toHalf) },
    ]),
  );
  const parameters = Object.fromEntries(
    Object.entries(plain.parameters).map(([name, values]) => [
      name,
      name in weights ? weightsOf(weights[name]) : values.map(toHalf),
    ]),
  );
  return {
    ...plain,
    parameters,
    quantization: { weights, grids: drawn.grids },
    parity: { samples: parityClip(800), scores: Float32Array.of(0.2, 0.5, 0.3) },
    ...overrides,
  };
}
