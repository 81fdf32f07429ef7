/** What the emitters of a graph's units share: values with their gradients, parameters, constants. */
import { Act, Op } from '../../../../assembly/op.js';
import { EngineError } from '../../../errors.js';
import type { ActivationNode, Graph, Shape, Tensors } from '../../../graph/graph.js';
import { sizeOf } from '../../../graph/graph.js';
import { type Argument, Assembler, at, type Place, type Region, real } from '../assembler.js';
import { type Join, joinsOf } from './joins.js';

/** A map while the program runs. Reshaped maps share one. */
export interface Value {
  readonly region: Region;
  /** Where its channels begin among those of the map that it is part of, and how many those are; inference only. */
  readonly part?: { readonly channel: number; readonly of: number };
  readonly needsGradient: boolean;
  gradient?: Region;
  /** Whether something has been written to the gradient yet: the first writer stores, later ones add. */
  gradientWritten: boolean;
}

/** Numbers that depend on parameters alone, computed when parameters are assigned. */
export interface Constant {
  readonly region: Region;
  readonly compute: (tensors: Tensors) => Float32Array;
}

export class Context {
  readonly assembler = new Assembler();
  readonly constants: Constant[] = [];
  readonly graph: Graph;
  readonly training: boolean;
  /** Whether all kernels are there, and take maps that are parts of others: in inference without integers. */
  readonly direct: boolean;
  readonly #joins: ReadonlyMap<string, Join>;
  readonly #values = new Map<string, Value>();
  readonly #shapes: Map<string, Shape>;
  /** Parameters, their gradients and batch moments: one region each, tensors one after the other. */
  readonly parameters: Region;
  readonly gradients: Region;
  readonly moments: Region;
  readonly parameterOffsets: Map<string, number>;
  readonly momentOffsets: Map<string, number>;

  constructor(graph: Graph, training: boolean, { quantized = false } = {}) {
    this.graph = graph;
    this.training = training;
    this.direct = !training && !quantized;
    this.#joins = this.direct ? joinsOf(graph) : new Map();
    this.#shapes = new Map(graph.nodes.map((node) => [node.name, node.shape]));
    const parameters = packTensors(graph.parameters);
    const moments = packTensors(graph.statistics);
    this.parameterOffsets = parameters.offsets;
    this.momentOffsets = moments.offsets;
    const fixed = { perClip: false } as const;
    this.parameters = this.assembler.region('parameters', training ? parameters.floats : 0, {
      ...fixed,
      keep: 'shared',
    });
    this.gradients = this.assembler.region('gradients', training ? parameters.floats : 0, {
      ...fixed,
      keep: 'thread',
    });
    this.moments = this.assembler.region('moments', training ? moments.floats : 0, {
      ...fixed,
      keep: 'thread',
    });
  }

  call(op: Op, ...args: Argument[]): void {
    this.assembler.call(op, ...args);
  }

  shape(name: string): Shape {
    return this.#shapes.get(name)!;
  }

  value(name: string): Value {
    const value = this.#values.get(name);
    if (!value)
      throw new EngineError('graph-order', `Cannot compile graph: expected a value of ${name}, got none`);
    return value;
  }

  /** Where a node's map is. */
  map(name: string): Place {
    const { region, part } = this.value(name);
    return at(region, part?.channel);
  }

  /** Numbers from one position of a node's map to the next. */
  step(name: string): number {
    return this.value(name).part?.of ?? this.shape(name)[2];
  }

  /** A map for a node's result by a kernel that minds `step`: inside the concatenation that reads it, where that can be. */
  defineJoined(name: string): Place {
    const join = this.#joins.get(name);
    if (!join) return this.define(name, false);
    const { concat, channel } = join;
    const whole = this.#values.has(concat) ? this.map(concat) : this.define(concat, false);
    const part = { channel, of: this.shape(concat)[2] };
    this.#values.set(name, { region: whole.region, part, needsGradient: false, gradientWritten: false });
    return this.map(name);
  }

  /** The map of a concatenation's result, which may be there already. */
  defineConcat(name: string, needsGradient: boolean): Place {
    return this.#values.has(name) ? this.map(name) : this.define(name, needsGradient);
  }

  /** Whether a map was written into the concatenation that reads it. */
  isJoined(name: string): boolean {
    return this.value(name).part !== undefined;
  }

  /** A new map for a node's result. */
  define(name: string, needsGradient: boolean, keep: Region['keep'] = 'no'): Place {
    const region = this.assembler.region(name, sizeOf(this.shape(name)), { keep });
    this.#values.set(name, { region, needsGradient, gradientWritten: false });
    return at(region);
  }

  /** Makes a node's result the very map of another node; with `stop` no gradient passes. */
  alias(name: string, of: string, stop = false): void {
    const value = this.value(of);
    this.#values.set(
      name,
      stop ? { region: value.region, needsGradient: false, gradientWritten: false } : value,
    );
  }

  parameter(name: string): Place {
    return at(this.parameters, this.parameterOffsets.get(name));
  }

  parameterGradient(name: string): Place {
    return at(this.gradients, this.parameterOffsets.get(name));
  }

  /** Where the gradient of a node's result is, or undefined if nothing flows into it. */
  gradient(name: string): Place | undefined {
    const value = this.value(name);
    return value.gradient && value.gradientWritten ? at(value.gradient) : undefined;
  }

  /** Where to put a gradient that may be stored (`accumulate` 0) or must be added (1); undefined if none is wanted. */
  gradientTarget(name: string): { place: Place; accumulate: number } | undefined {
    const value = this.value(name);
    if (!value.needsGradient) return undefined;
    value.gradient ??= this.assembler.region(`d ${name}`, value.region.floats);
    const accumulate = value.gradientWritten ? 1 : 0;
    value.gradientWritten = true;
    return { place: at(value.gradient), accumulate };
  }

  /**
   * Makes the gradient of a result that of an input of the same size, in the same memory; false if the input wants none or has one.
   * For the last reader of the result's gradient: what is added to the input's later is written over it.
   */
  inheritGradient(input: string, result: string): boolean {
    const [heir, source] = [this.value(input), this.value(result)];
    const isNew = heir.needsGradient && !heir.gradientWritten && !heir.gradient;
    if (!isNew || heir.region.floats !== source.region.floats) return false;
    heir.gradient = source.gradient;
    heir.gradientWritten = true;
    return true;
  }

  /** Where to add a gradient; zeros are put there first if it is the first. */
  gradientSum(name: string): Place | undefined {
    const target = this.gradientTarget(name);
    if (!target) return undefined;
    if (target.accumulate === 0) this.call(Op.Fill, target.place, 0, 4 * target.place.region.floats);
    return target.place;
  }

  /** Fixed-size working memory. */
  scratch(label: string, floats: number): Place {
    return at(this.assembler.region(label, floats, { perClip: false }));
  }

  /** Numbers computed from parameters at `assign` (inference). */
  constant(label: string, floats: number, compute: (tensors: Tensors) => Float32Array): Place {
    const region = this.assembler.region(label, floats, { perClip: false, keep: 'shared' });
    this.constants.push({ region, compute });
    return at(region);
  }

  /** Numbers known at compile time. */
  data(label: string, data: Float32Array): Place {
    return at(this.assembler.region(label, data.length, { perClip: false, keep: 'shared', data }));
  }
}

/** Offsets of tensors laid one after the other, each on a multiple of four numbers. */
function packTensors(specs: Readonly<Record<string, { readonly shape: readonly number[] }>>) {
  const offsets = new Map<string, number>();
  let floats = 0;
  for (const [name, { shape }] of Object.entries(specs)) {
    offsets.set(name, floats);
    floats += Math.ceil(sizeOf(shape) / 4) * 4;
  }
  return { offsets, floats };
}

const ACTS: Readonly<Record<ActivationNode['kind'], Act>> = {
  relu: Act.Relu,
  relu6: Act.Relu6,
  leakyRelu: Act.LeakyRelu,
  elu: Act.Elu,
  silu: Act.Silu,
  softplus: Act.Softplus,
  hardSwish: Act.HardSwish,
  sigmoid: Act.Sigmoid,
  hardSigmoid: Act.HardSigmoid,
  mish: Act.Mish,
};

/** The two arguments that say which activation: kind and slope. */
export function actArguments(activation: ActivationNode | undefined): [number, Argument] {
  return activation ? [ACTS[activation.kind], real(activation.slope ?? 0)] : [Act.None, real(0)];
}
