import { describe, expect, it } from 'vitest';
import { buildModel, describeModel } from '../../src/models/models.js';

describe('honk-resnet', () => {
  /** Parameters as the paper tables them, to the last digit by its formula; our norms add γ and β. */
  it.each([
    ['res8', 110_307, 6 * 2 * 45],
    ['res8-narrow', 19_905, 6 * 2 * 19],
    ['res15', 237_882, 13 * 2 * 45],
    ['res15-narrow', 42_648, 13 * 2 * 19],
    ['res26', 438_357, 24 * 2 * 45],
  ])('%s counts the %i of its code and the γ and β of its norms', (name, published, norms) => {
    expect(describeModel(name).parameters - norms).toBe(published);
  });

  it('doubles the dilation every three layers of res15', () => {
    const { nodes } = buildModel('res15');
    const reaches = nodes.flatMap((node) => (node.op === 'conv2d' ? [node.dilation[0]] : []));
    expect(reaches).toEqual([1, 1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8, 16]);
    expect(nodes.filter(({ op }) => op === 'conv2d').every(({ shape }) => shape[0] === 98)).toBe(true);
  });

  it('adds every second layer to the sum before its norm', () => {
    const { nodes } = buildModel('res8');
    const sums = nodes.filter(({ op }) => op === 'add');
    expect(sums.map(({ inputs }) => inputs[1])).toEqual(['avgPool', 'layer2/residual', 'layer4/residual']);
  });
});
