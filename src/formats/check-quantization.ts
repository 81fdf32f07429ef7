/** The checks that make a quantised model fit to be used. */
import { nodesByName } from '../graph/graph.js';
import { GRID_TOP, weightNames, weightsOf } from '../graph/quantization.js';
import type { Model, Refuse } from './model.js';

/** Products of so many numbers fit sums of 32 bits: 2¹⁶ · 127 · 127 < 2³¹. */
const MAX_PATCH = 2 ** 16;

/** @param refuse throws; it is told what was wanted and what was found. */
export function checkQuantization(model: Model, refuse: Refuse): void {
  const { quantization, graph } = model;
  if (quantization === undefined) return;
  const { weights, grids } = quantization;
  const names = weightNames(graph.nodes);
  const strange = Object.keys(weights).find((name) => !names.has(name));
  if (strange !== undefined) refuse('model-quantization', 'integers of weights alone', strange);
  for (const [name, outputs] of names) checkWeight(model, name, outputs, refuse);
  for (const [name, { role }] of Object.entries(graph.statistics)) {
    const plain = role === 'variance' ? 1 : 0;
    const found = model.statistics[name].find((value) => value !== plain);
    if (found !== undefined) refuse('model-quantization', `a ${role} of ${plain} in ${name}`, found);
  }
  const nodes = nodesByName(graph);
  for (const [name, grid] of Object.entries(grids)) {
    const node = nodes.get(name);
    if (node?.op !== 'conv2d' && node?.op !== 'dense') {
      refuse('model-quantization', 'a grid for conv2d and dense nodes alone', name);
    }
    const { scale, zero } = grid ?? {};
    const sound =
      Math.fround(scale) > 0 && Math.fround(1 / scale) > 0 && scale < Infinity && 1 / scale < 3e38;
    if (!sound || !Number.isInteger(zero) || zero < 0 || zero > GRID_TOP) {
      refuse('model-quantization', `a scale above 0 and a zero of 0 to ${GRID_TOP} for ${name}`, grid);
    }
    const patch = graph.parameters[node.weight].shape.slice(0, -1).reduce((product, n) => product * n, 1);
    if (patch > MAX_PATCH)
      refuse('model-quantization', `at most ${MAX_PATCH} products a sum in ${name}`, patch);
  }
}

function checkWeight(model: Model, name: string, outputs: number, refuse: Refuse): void {
  const found = Object.hasOwn(model.quantization!.weights, name)
    ? model.quantization!.weights[name]
    : undefined;
  const parameter = model.parameters[name];
  if (found?.integers.length !== parameter.length || found.scales.length !== outputs) {
    refuse('model-quantization', `${parameter.length} integers and ${outputs} scales of ${name}`, {
      integers: found?.integers.length,
      scales: found?.scales.length,
    });
  }
  if (!found.scales.every((scale) => scale > 0 && scale < Infinity)) {
    refuse('model-quantization', `finite scales above 0 of ${name}`, Array.from(found.scales));
  }
  if (found.integers.includes(-128)) refuse('model-quantization', `integers from −127 of ${name}`, -128);
  const meant = weightsOf(found);
  const wrong = meant.findIndex((value, i) => value !== parameter[i]);
  if (wrong >= 0) {
    refuse(
      'model-quantization',
      `${name} to be what its integers stand for, ${meant[wrong]}`,
      parameter[wrong],
    );
  }
}
