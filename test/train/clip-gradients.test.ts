import { describe, expect, it } from 'vitest';
import { clipGradients, globalNorm } from '../../src/train/clip-gradients.js';

const gradients = () => ({ a: Float32Array.of(3, 0), b: Float32Array.of(4), other: Float32Array.of(100) });

describe('clipGradients', () => {
  it('scales all named gradients by one factor down to the norm asked for', () => {
    const clipped = gradients();
    expect(clipGradients(clipped, ['a', 'b'], 2.5)).toBe(5);
    expect([...clipped.a, ...clipped.b]).toEqual([1.5, 0, 2]);
    expect(globalNorm(clipped, ['a', 'b'])).toBe(2.5);
    expect(clipped.other[0]).toBe(100);
  });

  it('leaves shorter gradients alone', () => {
    const kept = gradients();
    expect(clipGradients(kept, ['a', 'b'], 5)).toBe(5);
    expect(kept).toEqual(gradients());
  });

  it('reports a norm that is no number without spreading it', () => {
    const broken = { a: Float32Array.of(1, Number.NaN), b: Float32Array.of(7) };
    expect(clipGradients(broken, ['a', 'b'], 1)).toBeNaN();
    expect(broken.b[0]).toBe(7);
  });
});
