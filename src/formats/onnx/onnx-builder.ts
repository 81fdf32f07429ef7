/** Collects the nodes and constants of an ONNX graph and keeps their names apart. */
import { type Attribute, encodeOnnx, type OnnxConstant, type OnnxDoor, type OnnxNode } from './onnx-file.js';

export type Attributes = Readonly<Record<string, Attribute>>;

/** Values are known by name; a method that adds one returns its name. */
export class OnnxBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #constants: OnnxConstant[] = [];
  readonly #inputs: OnnxDoor[] = [];
  readonly #outputs: OnnxDoor[] = [];
  readonly #taken: Set<string>;

  /** `doors`: names of inputs and outputs, which nothing else may take. */
  constructor(doors: readonly string[]) {
    this.#taken = new Set(doors);
  }

  input(name: string, dims: OnnxDoor['dims']): string {
    this.#inputs.push({ name, dims });
    return name;
  }

  /** A node with one output, which is called `name` or, where that is taken, `name_2` and so on. */
  node(op: string, name: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#append(op, this.#unique(name), inputs, attributes);
  }

  /** A node whose output is an output of the graph under exactly that name. */
  output(op: string, door: OnnxDoor, inputs: readonly string[], attributes: Attributes = {}): string {
    this.#outputs.push(door);
    return this.#append(op, door.name, inputs, attributes);
  }

  floats(name: string, data: Float32Array, dims: readonly number[]): string {
    return this.#constant({ name, type: 'float', dims, data });
  }

  doubles(name: string, data: Float64Array, dims: readonly number[]): string {
    return this.#constant({ name, type: 'double', dims, data });
  }

  /** A list of whole numbers unless `dims` say otherwise. */
  integers(name: string, values: readonly number[], dims: readonly number[] = [values.length]): string {
    return this.#constant({ name, type: 'int64', dims, data: BigInt64Array.from(values, BigInt) });
  }

  /** The bytes of the file. */
  encode(name: string, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
    const [nodes, constants, inputs, outputs] = [this.#nodes, this.#constants, this.#inputs, this.#outputs];
    return encodeOnnx({ name, nodes, constants, inputs, outputs, metadata });
  }

  #append(op: string, name: string, inputs: readonly string[], attributes: Attributes): string {
    this.#nodes.push({ op, name, inputs, outputs: [name], attributes });
    return name;
  }

  #constant(constant: OnnxConstant): string {
    const name = this.#unique(constant.name);
    this.#constants.push({ ...constant, name });
    return name;
  }

  #unique(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }
}
