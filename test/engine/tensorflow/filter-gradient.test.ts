import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { convolveByTaps, wantsTaps } from '../../../src/engine/tensorflow/filter-gradient.js';
import type { Tensor4D } from '../../../src/engine/tensorflow/tensorflow.js';
import { hashText, Random } from '../../../src/numerics/random.js';
import { expectAllClose } from '../../support/all-close.js';
import { normals } from '../../support/case-data.js';

tf.enableProdMode();
beforeAll(async () => {
  await tf.setBackend('cpu');
});

function draw(name: string, shape: [number, number, number, number]): Tensor4D {
  return tf.tensor4d(normals(new Random(3, hashText(name)), tf.util.sizeFromShape(shape)), shape);
}

describe('convolveByTaps', () => {
  it.each([
    { kernel: [1, 1], stride: [1, 1] },
    { kernel: [3, 3], stride: [1, 1] },
    { kernel: [3, 2], stride: [2, 2] },
    { kernel: [1, 3], stride: [1, 2] },
    // The last rows and columns are read by no window.
    { kernel: [2, 2], stride: [3, 4] },
    { kernel: [1, 1], stride: [2, 3] },
  ] as const)('has the value and gradients of tf.conv2d: $kernel by $stride', ({ kernel, stride }) => {
    const x = draw('x', [2, 9, 8, 3]);
    const weight = draw('weight', [...kernel, 3, 5]);
    const stock = (map: Tensor4D, filter: Tensor4D) => tf.conv2d(map, filter, [...stride], 'valid');
    const y = stock(x, weight);
    const seed = draw('seed', y.shape);
    const gradientsOf = (convolve: typeof stock) =>
      tf.grads((map, filter) => tf.mul(convolve(map as Tensor4D, filter as Tensor4D), seed))([x, weight]);
    const taps = (map: Tensor4D, filter: Tensor4D) => convolveByTaps(tf, map, filter, stride);
    expect(taps(x, weight).dataSync()).toEqual(y.dataSync());
    const found = gradientsOf(taps);
    gradientsOf(stock).forEach((expected, i) => {
      expect(found[i].shape).toEqual(expected.shape);
      // Sums of up to a hundred products in another order.
      expectAllClose(found[i].dataSync(), expected.dataSync(), { relative: 1e-5 });
    });
  });
});

describe('wantsTaps', () => {
  it('asks the kernel registry of the backend in use', () => {
    const withKernel = (backend: string, kernel: unknown) =>
      wantsTaps({ getBackend: () => backend, getKernel: () => kernel } as never);
    expect(withKernel('webgl', {})).toBe(false);
    expect(withKernel('wasm', undefined)).toBe(true);
    expect(wantsTaps(tf)).toBe(true);
  });
});
