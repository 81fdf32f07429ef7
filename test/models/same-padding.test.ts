import { describe, expect, it } from 'vitest';
import type { Pair } from '../../src/graph/graph.js';
import { samePadding } from '../../src/models/same-padding.js';

describe('samePadding', () => {
  it.each([
    // Size, kernel, stride; before and behind as TensorFlow's documentation works them out.
    [13, 6, 5, [1, 2]],
    [49, 10, 2, [4, 5]],
    [10, 4, 2, [1, 1]],
    [10, 4, 1, [1, 2]],
    [98, 9, 2, [3, 4]],
    [5, 1, 2, [0, 0]],
    [7, 3, 1, [1, 1]],
  ] as const)(
    'pads %i positions for a kernel of %i and a stride of %i by %j',
    (size, kernel, stride, sides) => {
      const pair = (n: number): Pair => [n, 1];
      expect(samePadding([size, 1, 4], pair(kernel), pair(stride))).toEqual([sides, [0, 0]]);
    },
  );
});
