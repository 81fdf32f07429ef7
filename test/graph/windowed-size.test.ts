import { describe, expect, it } from 'vitest';
import { ShapeError } from '../../src/errors.js';
import type { Pair } from '../../src/graph/graph.js';
import { windowedSize } from '../../src/graph/windowed-size.js';

/** Counts the places where a dilated kernel fits on a padded axis, one by one. */
function placesOf(size: number, kernel: number, stride: number, dilation: number, padding: Pair): number {
  let places = 0;
  for (let start = -padding[0]; start + dilation * (kernel - 1) < size + padding[1]; start += stride)
    places++;
  return places;
}

describe('windowedSize', () => {
  it('counts the places where the kernel fits, for every small case', () => {
    for (const size of [1, 2, 5, 8, 9])
      for (const kernel of [1, 2, 3, 5])
        for (const stride of [1, 2, 3])
          for (const dilation of [1, 2, 4])
            for (const padding of [
              [0, 0],
              [1, 1],
              [4, 0],
              [0, 2],
            ] as const) {
              const window = {
                kernel: [kernel, 1],
                stride: [stride, 1],
                dilation: [dilation, 1],
                padding: [padding, [0, 0]],
              } as const;
              const places = placesOf(size, kernel, stride, dilation, padding);
              if (places === 0) expect(() => windowedSize([size, 1, 1], window, 'x')).toThrow(ShapeError);
              else expect(windowedSize([size, 1, 1], window, 'x')).toEqual([places, 1]);
            }
  });
});
