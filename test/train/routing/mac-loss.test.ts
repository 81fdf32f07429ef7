import { describe, expect, it } from 'vitest';
import { macLoss } from '../../../src/train/routing/mac-loss.js';

const MACS = [40, 25, 10];

describe('macLoss', () => {
  it('is the part of the range between largest and smallest by which the mean is above the target', () => {
    // (2 · 40 + 25 + 10) / 4 = 28.75; (28.75 − 20) / 30 · 0.2
    const { loss } = macLoss(MACS, [2, 1, 1], { target: 20, weight: 0.2 });
    expect(loss).toBeCloseTo(0.0583333333, 9);
  });

  it('has the gradient of a gate that moves from one route to another', () => {
    const options = { target: 20, weight: 0.7 };
    const { loss, gradient } = macLoss(MACS, [2, 1, 1], options);
    // Counts may be parts of clips: a gate of one clip that goes 1e-6 of its way.
    const moved = macLoss(MACS, [2 - 1e-6, 1 + 1e-6, 1], options).loss;
    expect((moved - loss) / 1e-6).toBeCloseTo(gradient[1] - gradient[0], 6);
    expect(gradient[0]).toBeCloseTo((0.7 * 40) / 30 / 4, 12);
  });

  it('is nothing at or below the target, without a weight, or between routes of one cost', () => {
    const nothing = { loss: 0, gradient: [0, 0, 0] };
    expect(macLoss(MACS, [1, 1, 1], { target: 25, weight: 1 })).toEqual(nothing);
    expect(macLoss(MACS, [3, 0, 0], { target: 20, weight: 0 })).toEqual(nothing);
    expect(macLoss([5, 5, 5], [3, 0, 0], { target: 2, weight: 1 })).toEqual(nothing);
  });
});
