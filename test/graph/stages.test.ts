import { describe, expect, it } from 'vitest';
import { costsOf } from '../../src/graph/costs.js';
import { stagesOf } from '../../src/graph/stages.js';
import { buildModel, MODELS } from '../../src/models/models.js';

describe('stagesOf', () => {
  it.each(Object.keys(MODELS).filter((name) => MODELS[name].size || name === 'bc-resnet-1'))(
    'adds up to the cost of %s',
    (name) => {
      const graph = buildModel(name);
      const stages = stagesOf(graph);
      const total = (key: 'parameters' | 'macs' | 'activationBytes') =>
        stages.reduce((sum, stage) => sum + stage[key], 0);
      expect({
        parameters: total('parameters'),
        macs: total('macs'),
        activationBytes: total('activationBytes'),
      }).toEqual(costsOf(graph));
      expect(stages.reduce((sum, { ops }) => sum + Object.values(ops).reduce((a, b) => a + b), 0)).toBe(
        graph.nodes.length,
      );
    },
  );

  it('names scopes and the kernels outside them', () => {
    const stages = stagesOf(buildModel('ghostnet-tiny'));
    expect(stages.map(({ name }) => name).slice(0, 4)).toEqual(['features', 'stem', 'block0', 'block1']);
    expect(stages[1]).toMatchObject({ ops: { conv2d: 1, batchNorm: 1, activation: 1 } });
    expect(stages.at(-1)).toMatchObject({ name: 'logits', shape: [1, 1, 12] });
  });
});
