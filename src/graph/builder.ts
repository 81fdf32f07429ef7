/** Builds a Graph node by node; shapes are inferred, parameters declared and named on the way. */
import {
  type BatchNormOptions,
  type Conv2dOptions,
  type ConvOptions,
  halfPadding,
  type Named,
  NO_PADDING,
  type PoolOptions,
  type Value,
} from './builder-options.js';
import { checkPair, checkWeights } from './check-node.js';
import type { ActivationKind, DropoutNode, Initializer, MapAxis, Pair, PoolNode, Shape } from './graph.js';
import type { Unshaped } from './infer-shape.js';
import { GraphRecorder } from './recorder.js';

export * from './builder-options.js';

/** One method an op: takes values, gives the value of the new node. */
export class GraphBuilder extends GraphRecorder {
  conv2d(x: Value, options: Conv2dOptions): Value {
    const groups = options.groups ?? 1;
    const name = this.unique(options.name ?? 'conv');
    const window = windowOf(name, options);
    const { kernel } = window;
    const fanOut = (kernel[0] * kernel[1] * options.channels) / groups;
    const shape = [...kernel, x.shape[2] / groups, options.channels];
    const weight = this.parameter(`${name}/weight`, shape, 'kernel', { kind: 'kaimingNormal', fanOut });
    const bias = options.bias ? this.constant(`${name}/bias`, [options.channels], 'bias', 0) : undefined;
    return this.append(
      { op: 'conv2d', name, inputs: [x.name], ...window, groups, weight, ...(bias && { bias }) },
      [0, 0, options.channels],
    );
  }

  depthwiseConv2d(x: Value, options: ConvOptions & { readonly multiplier?: number }): Value {
    const multiplier = options.multiplier ?? 1;
    const name = this.unique(options.name ?? 'depthwise');
    const window = windowOf(name, { ...options, kernel: options.kernel ?? [3, 3] });
    const { kernel } = window;
    const channels = x.shape[2];
    const fanOut = kernel[0] * kernel[1] * multiplier;
    const shape = [...kernel, channels, multiplier];
    const weight = this.parameter(`${name}/weight`, shape, 'kernel', { kind: 'kaimingNormal', fanOut });
    const bias = options.bias ? this.constant(`${name}/bias`, [channels * multiplier], 'bias', 0) : undefined;
    return this.append(
      {
        op: 'depthwiseConv2d',
        name,
        inputs: [x.name],
        ...window,
        multiplier,
        weight,
        ...(bias && { bias }),
      },
      x.shape,
    );
  }

  /** A matrix over the channels, uniform ±1/√inputs at the start. */
  dense(x: Value, options: Named & { readonly channels: number; readonly bias?: boolean }): Value {
    const name = this.unique(options.name ?? 'dense');
    const init: Initializer = { kind: 'uniform', limit: 1 / Math.sqrt(x.shape[2]) };
    const weight = this.parameter(`${name}/weight`, [x.shape[2], options.channels], 'kernel', init);
    const bias =
      options.bias === false ? undefined : this.parameter(`${name}/bias`, [options.channels], 'bias', init);
    return this.append({ op: 'dense', name, inputs: [x.name], weight, ...(bias && { bias }) }, [
      1,
      1,
      options.channels,
    ]);
  }

  batchNorm(x: Value, options: BatchNormOptions = {}): Value {
    const bands = options.bands ?? 1;
    const name = this.unique(options.name ?? 'norm');
    const shape = bands > 1 ? [bands, x.shape[2]] : [x.shape[2]];
    return this.append(
      {
        op: 'batchNorm',
        name,
        inputs: [x.name],
        bands,
        epsilon: options.epsilon ?? 1e-5,
        gamma: this.constant(`${name}/gamma`, shape, 'gamma', options.gamma ?? 1),
        beta: this.constant(`${name}/beta`, shape, 'beta', 0),
        mean: this.statistic(`${name}/mean`, shape, 'mean'),
        variance: this.statistic(`${name}/variance`, shape, 'variance'),
      },
      x.shape,
    );
  }

  activation(x: Value, kind: ActivationKind, options: Named & { readonly slope?: number } = {}): Value {
    const slope = kind === 'leakyRelu' ? { slope: options.slope ?? 0.01 } : {};
    return this.#simple({ op: 'activation', kind, ...slope }, [x], options.name ?? kind);
  }

  relu(x: Value): Value {
    return this.activation(x, 'relu');
  }

  add(a: Value, b: Value, options: Named = {}): Value {
    return this.#simple({ op: 'add' }, [a, b], options.name ?? 'add');
  }

  multiply(a: Value, b: Value, options: Named = {}): Value {
    return this.#simple({ op: 'multiply' }, [a, b], options.name ?? 'multiply');
  }

  maximum(a: Value, b: Value, options: Named = {}): Value {
    return this.#simple({ op: 'maximum' }, [a, b], options.name ?? 'maximum');
  }

  /** Σ wᵢ xᵢ; with `learned` the weights are a parameter that starts at the numbers given. */
  weightedSum(
    xs: readonly Value[],
    options: Named & { readonly weights: readonly number[]; readonly learned?: boolean },
  ): Value {
    const name = this.unique(options.name ?? 'sum');
    const inputs = xs.map((x) => x.name);
    const declared: Shape = xs[0]?.shape ?? [0, 0, 0];
    checkWeights(name, options.weights, inputs.length);
    if (!options.learned)
      return this.append({ op: 'weightedSum', name, inputs, weights: options.weights }, declared);
    const init: Initializer = { kind: 'values', values: options.weights };
    const weight = this.parameter(`${name}/weight`, [options.weights.length], 'scalar', init);
    return this.append({ op: 'weightedSum', name, inputs, weight }, declared);
  }

  concat(xs: readonly Value[], options: Named = {}): Value {
    return this.#simple({ op: 'concat' }, xs, options.name ?? 'concat');
  }

  /** Channels `start … start + size − 1`. */
  slice(x: Value, start: number, size: number, options: Named = {}): Value {
    const shape: Shape = [x.shape[0], x.shape[1], size];
    return this.#simple({ op: 'slice', start: [0, 0, start] }, [x], options.name ?? 'slice', shape);
  }

  /** A box of time and frequency. */
  crop(x: Value, start: Pair, size: Pair, options: Named = {}): Value {
    const name = options.name ?? 'crop';
    checkPair(name, 'start', start);
    checkPair(name, 'size', size);
    return this.#simple({ op: 'slice', start: [...start, 0] }, [x], name, [...size, x.shape[2]]);
  }

  padChannels(x: Value, before: number, after: number, options: Named = {}): Value {
    const shape: Shape = [x.shape[0], x.shape[1], before + x.shape[2] + after];
    return this.#simple({ op: 'padChannels', before }, [x], options.name ?? 'pad', shape);
  }

  channelShuffle(x: Value, groups: number, options: Named = {}): Value {
    return this.#simple({ op: 'channelShuffle', groups }, [x], options.name ?? 'shuffle');
  }

  maxout(x: Value, pieces: number, options: Named = {}): Value {
    return this.#simple({ op: 'maxout', pieces }, [x], options.name ?? 'maxout');
  }

  reshape(x: Value, shape: Shape, options: Named = {}): Value {
    return this.#simple({ op: 'reshape' }, [x], options.name ?? 'reshape', shape);
  }

  maxPool(x: Value, options: PoolOptions): Value {
    return this.#pool('maxPool', x, options);
  }

  avgPool(x: Value, options: PoolOptions): Value {
    return this.#pool('avgPool', x, options);
  }

  resize(x: Value, size: Pair, mode: 'nearest' | 'bilinear', options: Named = {}): Value {
    const name = options.name ?? 'resize';
    checkPair(name, 'size', size);
    return this.#simple({ op: 'resize', mode }, [x], name, [...size, x.shape[2]]);
  }

  mean(x: Value, axes: readonly ('time' | 'frequency')[], options: Named = {}): Value {
    return this.#simple({ op: 'mean', axes }, [x], options.name ?? 'mean');
  }

  globalAvgPool(x: Value, options: Named = {}): Value {
    return this.mean(x, ['time', 'frequency'], { name: options.name ?? 'pool' });
  }

  dropout(x: Value, rate: number, options: Named & { readonly unit?: DropoutNode['unit'] } = {}): Value {
    return rate === 0
      ? x
      : this.#simple(
          { op: 'dropout', rate, unit: options.unit ?? 'element' },
          [x],
          options.name ?? 'dropout',
        );
  }

  softmax(x: Value, axis: MapAxis = 'channels', options: Named = {}): Value {
    return this.#simple({ op: 'softmax', axis }, [x], options.name ?? 'softmax');
  }

  gumbelSoftmax(x: Value, temperature = 1, options: Named = {}): Value {
    return this.#simple({ op: 'gumbelSoftmax', temperature }, [x], options.name ?? 'gumbel');
  }

  stopGradient(x: Value, options: Named = {}): Value {
    return this.#simple({ op: 'stopGradient' }, [x], options.name ?? 'stop');
  }

  softmaxCrossEntropy(
    logits: Value,
    targets: Value,
    options: Named & { readonly temperature?: number; readonly weight?: number } = {},
  ): Value {
    const { temperature = 1, weight = 1 } = options;
    return this.#simple(
      { op: 'softmaxCrossEntropy', temperature, weight },
      [logits, targets],
      options.name ?? 'loss',
      [1, 1, 1],
    );
  }

  #pool(op: PoolNode['op'], x: Value, options: PoolOptions): Value {
    const { kernel, stride = kernel, padding = NO_PADDING, countPadding = true } = options;
    return this.#simple({ op, kernel, stride, padding, countPadding }, [x], options.name ?? op);
  }

  #simple(
    fields: object,
    xs: readonly Value[],
    name: string,
    shape: Shape = xs[0]?.shape ?? [0, 0, 0],
  ): Value {
    const node = {
      ...fields,
      name: this.unique(name),
      inputs: xs.map((x) => x.name),
    } as unknown as Unshaped;
    return this.append(node, shape);
  }
}

function windowOf(node: string, options: ConvOptions) {
  const { kernel = [1, 1], stride = [1, 1], dilation = [1, 1] } = options;
  checkPair(node, 'kernel', kernel);
  checkPair(node, 'dilation', dilation);
  return { kernel, stride, dilation, padding: options.padding ?? halfPadding(kernel, dilation) };
}
