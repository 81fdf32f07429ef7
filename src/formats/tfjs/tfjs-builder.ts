/**
 * Collects the nodes and weights of a TensorFlow.js GraphModel: a `model.json` (TensorFlow's GraphDef as JSON) and one
 * file of weights. Source: tensorflow/tfjs, tfjs-core/src/io/types.ts (ModelJSON), tensorflow/core/framework/*.proto.
 */
import { sizeOf } from '../../graph/graph.js';

/** A text, a flag, a whole number, a list of them, `{ float }` or the name of an element type. */
export type Attribute =
  | string
  | boolean
  | number
  | readonly number[]
  | { readonly float: number }
  | { readonly type: 'DT_FLOAT' | 'DT_INT32' };

export type Attributes = Readonly<Record<string, Attribute>>;

/** The files of a GraphModel by name. */
export interface TfjsFiles {
  readonly 'model.json': Uint8Array;
  readonly 'weights.bin': Uint8Array;
}

interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

const WEIGHTS_FILE = 'weights.bin';
/** TensorFlow takes few characters in names, and gives `:` and `^` a meaning. */
const FORBIDDEN = /[^A-Za-z0-9_./-]/g;
const DTYPES = { float32: 'DT_FLOAT', int32: 'DT_INT32' } as const;

/** Values are known by name; a method that adds one returns its name. */
export class TfjsBuilder {
  readonly #nodes: object[] = [];
  readonly #weights: Weight[] = [];
  readonly #data: (Float32Array | Int32Array)[] = [];
  readonly #inputs: Record<string, object> = {};
  readonly #outputs: Record<string, object> = {};
  readonly #taken: Set<string>;

  /** `doors`: names of inputs and outputs, which nothing else may take. */
  constructor(doors: readonly string[]) {
    this.#taken = new Set(doors);
  }

  /** An input of float32 with a free batch in front of `shape`. */
  input(name: string, shape: readonly number[]): string {
    const tensorShape = shapeOf([-1, ...shape]);
    this.#inputs[name] = { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape };
    const attr = { dtype: { type: 'DT_FLOAT' }, shape: { shape: tensorShape } };
    this.#nodes.push({ name, op: 'Placeholder', input: [], attr });
    return name;
  }

  /** A node, called `name` or, where that is taken, `name_2` and so on. Output i of many is `name:i`. */
  node(op: string, name: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#append(op, this.#unique(name), inputs, attributes);
  }

  /** A node whose value is an output of the model under exactly that name, with a free batch in front of `shape`. */
  output(
    op: string,
    name: string,
    shape: readonly number[],
    inputs: readonly string[],
    attributes: Attributes = {},
  ): string {
    this.#outputs[name] = { name: `${name}:0`, dtype: 'DT_FLOAT', tensorShape: shapeOf([-1, ...shape]) };
    return this.#append(op, name, inputs, attributes);
  }

  floats(name: string, values: Float32Array, shape: readonly number[]): string {
    return this.#constant({ name, shape, dtype: 'float32' }, values);
  }

  /** A list of whole numbers unless `shape` says otherwise. */
  integers(name: string, values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.#constant({ name, shape, dtype: 'int32' }, Int32Array.from(values));
  }

  /** The two files. `metadata` is kept under `userDefinedMetadata`. */
  encode(metadata: Readonly<Record<string, unknown>> = {}): TfjsFiles {
    const model = {
      format: 'graph-model',
      generatedBy: 'hearken',
      convertedBy: null,
      signature: { inputs: this.#inputs, outputs: this.#outputs },
      userDefinedMetadata: metadata,
      modelTopology: { node: this.#nodes, versions: { producer: 1395 } },
      weightsManifest: [{ paths: [WEIGHTS_FILE], weights: this.#weights }],
    };
    return {
      'model.json': new TextEncoder().encode(`${JSON.stringify(model)}\n`),
      [WEIGHTS_FILE]: this.#joinWeights(),
    };
  }

  #joinWeights(): Uint8Array {
    const bytes = new Uint8Array(this.#data.reduce((sum, { byteLength }) => sum + byteLength, 0));
    let at = 0;
    for (const { buffer, byteOffset, byteLength } of this.#data) {
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
      at += byteLength;
    }
    return bytes;
  }

  #append(op: string, name: string, inputs: readonly string[], attributes: Attributes): string {
    const attr = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, encoded(value)]));
    this.#nodes.push({ name, op, input: [...inputs], attr: { T: { type: 'DT_FLOAT' }, ...attr } });
    return name;
  }

  #constant(wanted: Weight, values: Float32Array | Int32Array): string {
    const weight = { ...wanted, name: this.#unique(wanted.name) };
    const { name, shape, dtype } = weight;
    if (values.length !== sizeOf(shape))
      throw new RangeError(`${name}: ${values.length} numbers for ${shape}`);
    const tensor = { dtype: DTYPES[dtype], tensorShape: shapeOf(shape) };
    const attr = { dtype: { type: DTYPES[dtype] }, value: { tensor } };
    this.#nodes.push({ name, op: 'Const', input: [], attr });
    this.#weights.push(weight);
    this.#data.push(values);
    return name;
  }

  #unique(text: string): string {
    const wanted = text.replace(FORBIDDEN, '_');
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }
}

function shapeOf(sizes: readonly number[]) {
  return { dim: sizes.map((size) => ({ size: `${size}` })) };
}

/** An AttrValue in the JSON form of Protocol Buffers: texts in base64, 64-bit numbers as texts. */
function encoded(value: Attribute): object {
  if (typeof value === 'string') return { s: btoa(value) };
  if (typeof value === 'boolean') return { b: value };
  if (typeof value === 'number') return { i: `${value}` };
  if ('float' in value) return { f: value.float };
  if ('type' in value) return { type: value.type };
  return { list: { i: value.map(String) } };
}
