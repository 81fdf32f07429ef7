import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END, featureArray, featureShape, frameCount } from '../../src/audio/front-end.js';

describe('featureShape', () => {
  it('gives 98 frames of 40 bands for one second', () => {
    expect(featureShape(DEFAULT_FRONT_END, 16000)).toEqual([98, 40, 1]);
  });

  it('counts whole windows only', () => {
    expect([479, 480, 639, 640].map((n) => frameCount(DEFAULT_FRONT_END, n))).toEqual([0, 1, 1, 2]);
  });

  it('counts coefficients and maps where they are asked for', () => {
    const config = { ...DEFAULT_FRONT_END, mfcc: { coefficients: 13 }, deltas: { reachFrames: 2 } };
    expect(featureShape(config, 16000)).toEqual([98, 13, 3]);
  });

  it('refuses a clip shorter than a window', () => {
    expect(() => featureShape(DEFAULT_FRONT_END, 479)).toThrow(
      expect.objectContaining({
        name: 'ShapeError',
        code: 'clip-too-short',
        message: 'Cannot compute features: expected at least 480 samples, got 479',
      }),
    );
  });
});

describe('featureArray', () => {
  it('refuses an array that is too small', () => {
    expect(() => featureArray([2, 3, 1], new Float32Array(5))).toThrow(
      expect.objectContaining({
        name: 'ShapeError',
        code: 'features-too-small',
        message: 'Cannot compute features: expected room for 6 numbers, got 5',
      }),
    );
  });
});
