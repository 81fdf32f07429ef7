/** What a safetensors file holds. */

/** Element types and the arrays that hold them. F16 and BF16 are raw bits: JavaScript has no such array everywhere. */
export const ARRAYS = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

export type Dtype = keyof typeof ARRAYS;
export type TensorData =
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** An array of numbers with the shape they are to be read in; `data.length` is the product of `shape`. */
export interface StoredTensor {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface SafetensorsFile {
  readonly tensors: Record<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

/** The key of the header that holds texts instead of a tensor. */
export const METADATA = '__metadata__';

/** Bytes before the header: its length. */
export const LENGTH_BYTES = 8;

/** The number of elements of a shape, or NaN for a shape that is none. */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) count *= Number.isSafeInteger(size) && size >= 0 ? size : NaN;
  return Number.isSafeInteger(count) ? count : NaN;
}
