import { describe, expect, it } from 'vitest';
import { costsOf } from '../../src/graph/costs.js';
import { sizeOf } from '../../src/graph/graph.js';
import { buildModel } from '../../src/models/models.js';

describe('ds-cnn', () => {
  /** Table 5 of the paper: kilobytes of 8-bit weights, norms folded into biases, and the two largest maps; operations. */
  it.each([
    ['ds-cnn-s', 38.6, 5.4],
    ['ds-cnn-m', 189.2, 19.8],
    ['ds-cnn-l', 497.6, 56.9],
  ])(
    '%s has the memory of %d kB and the %d million operations of its paper',
    (name, kilobytes, operations) => {
      const graph = buildModel(name);
      const { parameters, macs } = costsOf(graph);
      const norms = graph.nodes.filter(({ op }) => op === 'batchNorm');
      const folded = parameters - norms.reduce((sum, { shape }) => sum + shape[2], 0);
      const convolved = graph.nodes.filter(({ op }) => op === 'conv2d' || op === 'depthwiseConv2d');
      const pairs = convolved.slice(1).map(({ shape }, i) => sizeOf(shape) + sizeOf(convolved[i].shape));
      expect(((folded + Math.max(...pairs)) / 1000).toFixed(1)).toBe(kilobytes.toFixed(1));
      // The paper counts biases and the like too: within two hundredths.
      expect(Math.abs((2 * macs) / 1e6 / operations - 1)).toBeLessThan(0.02);
    },
  );

  it('takes maps of another size', () => {
    const graph = buildModel('ds-cnn-s', { labels: 3, input: [98, 40, 1] });
    expect(graph.nodes.find(({ name }) => name === 'stem')!.shape).toEqual([49, 20, 64]);
  });
});
