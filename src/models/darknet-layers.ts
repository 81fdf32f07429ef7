/** What Darknet's cfg files are made of: convolution, norm and leaky ReLU of 0.1, and shortcuts without projections. */
import type { Conv2dOptions, GraphBuilder, Value } from '../graph/builder.js';

/** Slope of Darknet's leaky ReLU below zero. */
const LEAKY_SLOPE = 0.1;

/** Leaky ReLU of 0.1. */
export function leaky(g: GraphBuilder, x: Value): Value {
  return g.activation(x, 'leakyRelu', { name: 'leaky', slope: LEAKY_SLOPE });
}

/** Convolution without bias, norm, leaky ReLU unless `linear`: `[T, F, C]` → `[T', F', channels]`. */
export function darknetConv(
  g: GraphBuilder,
  x: Value,
  { linear = false, ...options }: Conv2dOptions & { readonly linear?: boolean },
): Value {
  const normed = g.batchNorm(g.conv2d(x, options));
  return linear ? normed : leaky(g, normed);
}

/**
 * Leaky ReLU of the path plus the input. Where the path has strided, every other position of the input, of an odd number the
 * first and the last too; where it is wider, the input counts in the first channels alone. Source: Darknet's shortcut layer.
 */
export function darknetShortcut(g: GraphBuilder, x: Value, path: Value): Value {
  const [t, f, channels] = path.shape;
  let y = x;
  if (y.shape[0] !== t || y.shape[1] !== f)
    y = g.maxPool(y, {
      name: 'subsample',
      kernel: [1, 1],
      stride: [Math.ceil(y.shape[0] / t), Math.ceil(y.shape[1] / f)],
    });
  if (y.shape[2] < channels) y = g.padChannels(y, 0, channels - y.shape[2]);
  return leaky(g, g.add(path, y, { name: 'residual' }));
}
