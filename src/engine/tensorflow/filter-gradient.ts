/** Convolutions on backends whose gradient of the filter is missing (wasm) or a loop without optimisation (cpu). */
import type { Pair } from '../../graph/graph.js';
import type { Tensor, Tensor4D, TensorFlow } from './tensorflow.js';

/** Whether `tf.conv2d` is better off with the gradient of `convolveByTaps`. */
export function wantsTaps(tf: TensorFlow): boolean {
  const backend = tf.getBackend();
  // The cpu backend reads each factor through a method call: a hundred times the time of a matrix product.
  return backend === 'cpu' || !tf.getKernel('Conv2DBackpropFilter', backend);
}

/**
 * `tf.conv2d` without padding or dilation whose filter gradient is a matrix product a tap: `[N, inputs]ᵀ · [N, outputs]`
 * over the N positions that the tap reads. `x` `[B, T, F, inputs]`, `weight` `[kernel T, kernel F, inputs, outputs]`.
 */
export function convolveByTaps(tf: TensorFlow, x: Tensor4D, weight: Tensor4D, stride: Pair): Tensor4D {
  const convolution = tf.customGrad((...given) => {
    const save = given.pop() as (tensors: Tensor[]) => void;
    const [map, filter] = given as Tensor4D[];
    save([map, filter]);
    const gradFunc = (dy: Tensor, saved: Tensor[]) => {
      const [savedMap, savedFilter] = saved as Tensor4D[];
      const steps: [number, number] = [...stride];
      return [
        tf.conv2dTranspose(dy as Tensor4D, savedFilter, savedMap.shape, steps, 'valid'),
        filterGradient(tf, savedMap, dy as Tensor4D, savedFilter.shape, stride),
      ];
    };
    return { value: tf.conv2d(map, filter, [...stride], 'valid'), gradFunc };
  });
  return convolution(x, weight) as Tensor4D;
}

function filterGradient(
  tf: TensorFlow,
  x: Tensor4D,
  dy: Tensor4D,
  shape: Tensor4D['shape'],
  stride: Pair,
): Tensor4D {
  const [kernelT, kernelF, inputs, outputs] = shape;
  const [clips, times, bands] = dy.shape;
  const errors = tf.reshape(dy, [clips * times * bands, outputs]);
  const taps: Tensor[] = [];
  for (let i = 0; i < kernelT; i++)
    for (let j = 0; j < kernelF; j++) {
      const end = [clips, i + (times - 1) * stride[0] + 1, j + (bands - 1) * stride[1] + 1, inputs];
      const read = tf.stridedSlice(x, [0, i, j, 0], end, [1, ...stride, 1]);
      taps.push(tf.matMul(tf.reshape(read, [errors.shape[0], inputs]), errors, true));
    }
  return tf.reshape(tf.concat(taps, 0), shape);
}
