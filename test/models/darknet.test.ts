import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import { nodesByName, type Shape } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { darknetShortcut } from '../../src/models/darknet-layers.js';
import { buildModel, MODELS } from '../../src/models/models.js';
import { expectAllClose } from '../support/all-close.js';
import { runReference } from '../support/reference.js';

const SIDES = Array.from({ length: 97 }, (_, i) => 32 + i);

describe('the networks of Darknet', () => {
  it.each(['darknet-53', 'darknet-resnet-50', 'darknet-resnext-50'])(
    '%s takes images of any side from 32 to 128 with the parameters it has at 256',
    (name) => {
      for (const side of SIDES) {
        const graph = buildModel(name, { input: [side, side + 3, 3] });
        checkGraph(graph);
        expect(costsOf(graph).parameters).toBe(MODELS[name].parameters);
      }
    },
  );

  it.each([
    // Halved five times, rounded up but for the pool behind the stem: 75 → 38 → 19 → 10 → 5 → 3.
    [75, 3],
    [128, 4],
    [33, 1],
  ])('darknet-resnet-50 makes of a side of %i one of %i', (side, last) => {
    const graph = buildModel('darknet-resnet-50', { input: [side, side, 3] });
    expect(nodesByName(graph).get('stage3-block2/residual')!.shape).toEqual([last, last, 2048]);
  });
});

describe('darknetShortcut', () => {
  it('takes every other position of an odd number, the first and the last too', () => {
    const g = new GraphBuilder('shortcut');
    const [input, half]: Shape[] = [
      [5, 2, 1],
      [3, 1, 1],
    ];
    const graph = g.build({ outputs: [darknetShortcut(g, g.input('x', input), g.input('path', half))] });
    const x = [1, 0, 2, 0, 3, 0, 4, 0, 5, 0];
    const run = {
      inputs: { x, path: [10, 10, 10] },
      parameters: {},
      statistics: {},
      count: 1,
      training: false,
    };
    expectAllClose(runReference(graph, run).maps.get(graph.outputs[0])!.data, [11, 13, 15], { absolute: 0 });
  });
});
