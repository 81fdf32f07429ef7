/** An ONNX file from nodes, constants and doors. Source: github.com/onnx/onnx, onnx/onnx.proto (field numbers). */
import { Message } from './protobuf.js';

/** ONNX 1.12: read by every runtime of the last years. */
export const OPSET = 17;
const IR_VERSION = 8;

/** Element types by name, as `TensorProto.DataType` numbers them. */
export const ELEMENT_TYPES = { float: 1, int64: 7, double: 11 } as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** A whole number, a list of them or a text (INT, INTS, STRING); `{ float }` is a FLOAT. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface OnnxConstant {
  readonly name: string;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: Float32Array | Float64Array | BigInt64Array;
}

/** An input or an output; a text among the sizes names one that is free. */
export interface OnnxDoor {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

export interface OnnxFile {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxDoor[];
  readonly outputs: readonly OnnxDoor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The bytes of a ModelProto; equal contents give equal bytes. */
export function encodeOnnx(file: OnnxFile): Uint8Array {
  const model = new Message()
    .integer(1, IR_VERSION)
    .text(2, 'hearken')
    .message(7, graphMessage(file))
    .message(8, new Message().text(1, '').integer(2, OPSET));
  for (const [key, value] of Object.entries(file.metadata))
    model.message(14, new Message().text(1, key).text(2, value));
  return model.encode();
}

function graphMessage({ name, nodes, constants, inputs, outputs }: OnnxFile): Message {
  const graph = new Message();
  for (const node of nodes) graph.message(1, nodeMessage(node));
  graph.text(2, name);
  for (const constant of constants) graph.message(5, constantMessage(constant));
  for (const door of inputs) graph.message(11, doorMessage(door));
  for (const door of outputs) graph.message(12, doorMessage(door));
  return graph;
}

function nodeMessage({ op, name, inputs, outputs, attributes }: OnnxNode): Message {
  const node = new Message();
  for (const input of inputs) node.text(1, input);
  for (const output of outputs) node.text(2, output);
  node.text(3, name).text(4, op);
  for (const [key, value] of Object.entries(attributes)) node.message(5, attributeMessage(key, value));
  return node;
}

function attributeMessage(name: string, value: Attribute): Message {
  const attribute = new Message().text(1, name);
  if (typeof value === 'number') return attribute.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return attribute.text(4, value).integer(20, 3);
  if ('float' in value) return attribute.float(2, value.float).integer(20, 1);
  for (const item of value) attribute.integer(8, item);
  return attribute.integer(20, 7);
}

function constantMessage({ name, type, dims, data }: OnnxConstant): Message {
  const tensor = new Message();
  for (const size of dims) tensor.integer(1, size);
  tensor.integer(2, ELEMENT_TYPES[type]).text(8, name);
  return tensor.bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** All doors are float32. */
function doorMessage({ name, dims }: OnnxDoor): Message {
  const shape = new Message();
  for (const size of dims)
    shape.message(1, typeof size === 'number' ? new Message().integer(1, size) : new Message().text(2, size));
  const tensor = new Message().integer(1, ELEMENT_TYPES.float).message(2, shape);
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}
