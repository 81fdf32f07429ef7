/** Builds a Graph node by node; shapes are inferred, parameters declared and named on the way. */
import { ConfigError } from '../errors.js';
import type {
  ActivationKind,
  DropoutNode,
  Graph,
  GraphNode,
  Initializer,
  MapAxis,
  Padding,
  Pair,
  ParameterRole,
  ParameterSpec,
  PoolNode,
  Shape,
  StatisticSpec,
} from './graph.js';
import { inferShape, type Unshaped } from './infer-shape.js';

/** What a builder method returns: a handle on a node's output. */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
}

interface Named {
  /** Defaults to the op's name, numbered where it is taken; prefixed by the current scope. */
  readonly name?: string;
}

export interface ConvOptions extends Named {
  readonly kernel?: Pair;
  readonly stride?: Pair;
  readonly dilation?: Pair;
  /** Default: symmetric, dilation × ⌊kernel / 2⌋ on each side. */
  readonly padding?: Padding;
  readonly bias?: boolean;
}

export interface Conv2dOptions extends ConvOptions {
  readonly channels: number;
  readonly groups?: number;
}

export interface BatchNormOptions extends Named {
  readonly bands?: number;
  readonly epsilon?: number;
  /** What γ starts at (1). */
  readonly gamma?: number;
}

export interface PoolOptions extends Named {
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly padding?: Padding;
  readonly countPadding?: boolean;
}

/** Symmetric padding of half a (dilated) kernel, as in the papers' PyTorch code. */
export function halfPadding(kernel: Pair, dilation: Pair = [1, 1]): Padding {
  const side = (axis: 0 | 1): Pair => {
    const half = dilation[axis] * Math.floor(kernel[axis] / 2);
    return [half, half];
  };
  return [side(0), side(1)];
}

export const NO_PADDING: Padding = [
  [0, 0],
  [0, 0],
];

export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: GraphNode[] = [];
  readonly #shapes = new Map<string, Shape>();
  readonly #parameters: Record<string, ParameterSpec> = {};
  readonly #statistics: Record<string, StatisticSpec> = {};
  #scope = '';

  constructor(name: string) {
    this.#name = name;
  }

  /** Runs `build` with `name/` before every name it gives; scopes nest. */
  scope<R>(name: string, build: () => R): R {
    const outer = this.#scope;
    this.#scope = this.#free(outer + name) + '/';
    this.#shapes.set(this.#scope.slice(0, -1), [0, 0, 0]);
    try {
      return build();
    } finally {
      this.#scope = outer;
    }
  }

  input(name: string, shape: Shape): Value {
    return this.#add({ op: 'input', name, inputs: [] }, shape);
  }

  conv2d(x: Value, options: Conv2dOptions): Value {
    const kernel = options.kernel ?? [1, 1];
    const groups = options.groups ?? 1;
    const name = this.#unique(options.name ?? 'conv');
    const fanOut = (kernel[0] * kernel[1] * options.channels) / groups;
    const shape = [...kernel, x.shape[2] / groups, options.channels];
    const weight = this.#parameter(`${name}/weight`, shape, 'kernel', { kind: 'kaimingNormal', fanOut });
    const bias = options.bias ? this.#constant(`${name}/bias`, [options.channels], 'bias', 0) : undefined;
    return this.#add(
      { op: 'conv2d', name, inputs: [x.name], ...windowOf(options), groups, weight, ...(bias && { bias }) },
      [0, 0, options.channels],
    );
  }

  depthwiseConv2d(x: Value, options: ConvOptions & { readonly multiplier?: number }): Value {
    const kernel = options.kernel ?? [3, 3];
    const multiplier = options.multiplier ?? 1;
    const name = this.#unique(options.name ?? 'depthwise');
    const channels = x.shape[2];
    const fanOut = kernel[0] * kernel[1] * multiplier;
    const shape = [...kernel, channels, multiplier];
    const weight = this.#parameter(`${name}/weight`, shape, 'kernel', { kind: 'kaimingNormal', fanOut });
    const bias = options.bias
      ? this.#constant(`${name}/bias`, [channels * multiplier], 'bias', 0)
      : undefined;
    return this.#add(
      {
        op: 'depthwiseConv2d',
        name,
        inputs: [x.name],
        ...windowOf({ ...options, kernel }),
        multiplier,
        weight,
        ...(bias && { bias }),
      },
      x.shape,
    );
  }

  /** A matrix over the channels, uniform ±1/√inputs at the start. */
  dense(x: Value, options: Named & { readonly channels: number; readonly bias?: boolean }): Value {
    const name = this.#unique(options.name ?? 'dense');
    const init: Initializer = { kind: 'uniform', limit: 1 / Math.sqrt(x.shape[2]) };
    const weight = this.#parameter(`${name}/weight`, [x.shape[2], options.channels], 'kernel', init);
    const bias =
      options.bias === false ? undefined : this.#parameter(`${name}/bias`, [options.channels], 'bias', init);
    return this.#add({ op: 'dense', name, inputs: [x.name], weight, ...(bias && { bias }) }, [
      1,
      1,
      options.channels,
    ]);
  }

  batchNorm(x: Value, options: BatchNormOptions = {}): Value {
    const bands = options.bands ?? 1;
    const name = this.#unique(options.name ?? 'norm');
    const shape = bands > 1 ? [bands, x.shape[2]] : [x.shape[2]];
    const statistic = (role: StatisticSpec['role']) => {
      this.#statistics[`${name}/${role}`] = { shape, role };
      return `${name}/${role}`;
    };
    return this.#add(
      {
        op: 'batchNorm',
        name,
        inputs: [x.name],
        bands,
        epsilon: options.epsilon ?? 1e-5,
        gamma: this.#constant(`${name}/gamma`, shape, 'gamma', options.gamma ?? 1),
        beta: this.#constant(`${name}/beta`, shape, 'beta', 0),
        mean: statistic('mean'),
        variance: statistic('variance'),
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
    const name = this.#unique(options.name ?? 'sum');
    const inputs = xs.map((x) => x.name);
    const declared: Shape = xs[0]?.shape ?? [0, 0, 0];
    if (!options.learned)
      return this.#add({ op: 'weightedSum', name, inputs, weights: options.weights }, declared);
    const init: Initializer = { kind: 'values', values: options.weights };
    const weight = this.#parameter(`${name}/weight`, [options.weights.length], 'scalar', init);
    return this.#add({ op: 'weightedSum', name, inputs, weight }, declared);
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
    return this.#simple({ op: 'slice', start: [...start, 0] }, [x], options.name ?? 'crop', [
      ...size,
      x.shape[2],
    ]);
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
    return this.#simple({ op: 'resize', mode }, [x], options.name ?? 'resize', [...size, x.shape[2]]);
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

  build(ends: { readonly outputs: readonly Value[]; readonly losses?: readonly Value[] }): Graph {
    return {
      name: this.#name,
      nodes: this.#nodes,
      inputs: this.#nodes.filter((node) => node.op === 'input').map((node) => node.name),
      outputs: ends.outputs.map((value) => value.name),
      losses: (ends.losses ?? []).map((value) => value.name),
      parameters: this.#parameters,
      statistics: this.#statistics,
    };
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
      name: this.#unique(name),
      inputs: xs.map((x) => x.name),
    } as unknown as Unshaped;
    return this.#add(node, shape);
  }

  #add(node: Unshaped, declared: Shape): Value {
    const inputs = node.inputs.map((input) => {
      const shape = this.#shapes.get(input);
      if (shape) return shape;
      throw new ConfigError(
        'graph-order',
        `Cannot build node ${node.name}: expected values of this builder, got ${input}`,
        { value: input },
      );
    });
    const shape = inferShape(node, inputs, declared);
    this.#shapes.set(node.name, shape);
    this.#nodes.push({ ...node, shape } as GraphNode);
    return { name: node.name, shape };
  }

  #unique(name: string): string {
    return this.#free(this.#scope + name);
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let n = 2; this.#shapes.has(name); n++) name = `${wanted}-${n}`;
    return name;
  }

  #constant(name: string, shape: readonly number[], role: ParameterRole, value: number): string {
    return this.#parameter(name, shape, role, { kind: 'constant', value });
  }

  #parameter(name: string, shape: readonly number[], role: ParameterRole, init: Initializer): string {
    this.#parameters[name] = { shape, role, init };
    return name;
  }
}

function windowOf(options: ConvOptions) {
  const { kernel = [1, 1], stride = [1, 1], dilation = [1, 1] } = options;
  return { kernel, stride, dilation, padding: options.padding ?? halfPadding(kernel, dilation) };
}
