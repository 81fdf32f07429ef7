import { describe, expect, it } from 'vitest';
import { copyTensors, emaDecayAt, updateEma } from '../../src/train/ema.js';

describe('updateEma', () => {
  it('moves towards the values by 1 − decay', () => {
    const average = { w: Float32Array.of(0, 8) };
    updateEma(average, { w: Float32Array.of(4, 4), more: Float32Array.of(1) }, 0.75);
    expect([...average.w]).toEqual([1, 7]);
    updateEma(average, { w: Float32Array.of(4, 4) }, 0.75);
    expect([...average.w]).toEqual([1.75, 6.25]);
    expect(Object.keys(average)).toEqual(['w']);
  });
});

describe('emaDecayAt', () => {
  it('starts at a tenth and reaches the decay asked for', () => {
    expect(emaDecayAt(0.999, 0)).toBe(0.1);
    expect(emaDecayAt(0.999, 90)).toBe(0.91);
    expect(emaDecayAt(0.999, 1e5)).toBe(0.999);
  });
});

describe('copyTensors', () => {
  it('copies the arrays', () => {
    const original = { w: Float32Array.of(1) };
    const copy = copyTensors(original);
    original.w[0] = 2;
    expect(copy.w[0]).toBe(1);
  });
});
