import { describe, expect, it } from 'vitest';
import { costsOf } from '../../src/graph/costs.js';
import { stagesOf } from '../../src/graph/stages.js';
import { buildModel, MODELS } from '../../src/models/models.js';
import { routedToy } from '../support/toy-routes.js';

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

  it('draws a network that chooses part by part: predictor, each branch at its resolution, choice', () => {
    const stages = stagesOf(routedToy());
    const sums = (key: 'parameters' | 'macs') => {
      const parts = [...new Set(stages.map(({ part }) => part))];
      const of = (part?: string) => stages.filter((stage) => stage.part === part);
      return Object.fromEntries(parts.map((part) => [part, of(part).reduce((sum, s) => sum + s[key], 0)]));
    };
    // A branch: 3 × 3 convolution of 3 maps to 6 at its size, then 6 means to 3 labels.
    const branchMacs = (positions: number) => positions * 6 * 27 + 6 * 3;
    const [macs, parameters] = [sums('macs'), sums('parameters')];
    expect(Object.keys(macs)).toEqual(['predictor', '4 × 2', '3 × 2', '2 × 1', 'choice']);
    expect([macs['4 × 2'], macs['3 × 2'], macs['2 × 1'], macs.choice]).toEqual([
      branchMacs(8),
      branchMacs(6),
      branchMacs(2),
      0,
    ]);
    // The kernel and the head are the first branch's; γ and β of six channels are each one's own.
    const shared = 9 * 3 * 6 + 6 * 3 + 3;
    expect(parameters).toMatchObject({ '4 × 2': shared + 12, '3 × 2': 12, '2 × 1': 12, choice: 0 });
    const { part, shape } = stages.find(({ name }) => name === 'r1.stem')!;
    expect([part, shape]).toEqual(['3 × 2', [3, 2, 6]]);
    expect(stages.filter((stage) => stage.part === 'predictor').map(({ name }) => name)).toEqual([
      'features',
      'predictor-input',
      'predictor',
    ]);
    expect(stagesOf(routedToy({ predictorInput: 'candidates' }))[0].part).toBe('predictor');
  });

  it('names no part of a network that does not choose', () => {
    expect(stagesOf(buildModel('bc-resnet-1')).filter((stage) => 'part' in stage)).toEqual([]);
  });
});
