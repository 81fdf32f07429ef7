/**
 * Named tensors and text in one file of the safetensors format: eight bytes with the header's length, a JSON
 * header, the numbers. Written bytes depend on the contents alone: tensors by element size (large ones first, so
 * that each is aligned) and then by name, metadata by key, the header filled up to a multiple of 8 bytes.
 * Source: github.com/huggingface/safetensors, README "Format".
 */
import { ShapeError } from '../errors.js';
import { MAX_HEADER_BYTES } from './decode-safetensors.js';
import { ARRAYS, elementCount, LENGTH_BYTES, METADATA, type StoredTensor } from './stored-tensor.js';

export { decodeSafetensors, MAX_HEADER_BYTES } from './decode-safetensors.js';
export type { Dtype, SafetensorsFile, StoredTensor, TensorData } from './stored-tensor.js';

/**
 * Bytes of a safetensors file; equal contents give equal bytes.
 * @throws ShapeError if data and shape disagree, a name is reserved (`__metadata__`, `__proto__`), or no reader would
 *   take a header of that length.
 */
export function encodeSafetensors(
  tensors: Readonly<Record<string, StoredTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries = Object.entries(tensors).sort(byAlignmentThenName);
  const fields: string[] = [];
  if (Object.keys(metadata).length > 0) fields.push(`"${METADATA}":${encodeMetadata(metadata)}`);
  let end = 0;
  for (const [name, tensor] of entries) {
    checkStored(name, tensor);
    const begin = end;
    end += tensor.data.byteLength;
    const { dtype, shape } = tensor;
    fields.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(',')}}`);
  if (header.length > MAX_HEADER_BYTES - 8) {
    const wanted = `at most ${MAX_HEADER_BYTES - 8} bytes of names and texts`;
    throw new ShapeError('header-size', `Cannot store tensors: expected ${wanted}, got ${header.length}`);
  }
  return joinParts(header, entries, end);
}

function joinParts(header: Uint8Array, entries: readonly [string, StoredTensor][], dataBytes: number) {
  const dataStart = LENGTH_BYTES + Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(dataStart + dataBytes).fill(0x20, LENGTH_BYTES, dataStart);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - LENGTH_BYTES), true);
  bytes.set(header, LENGTH_BYTES);
  let at = dataStart;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function byAlignmentThenName(a: [string, StoredTensor], b: [string, StoredTensor]): number {
  const sizes = b[1].data.BYTES_PER_ELEMENT - a[1].data.BYTES_PER_ELEMENT;
  return sizes !== 0 ? sizes : a[0] < b[0] ? -1 : 1;
}

function encodeMetadata(metadata: Readonly<Record<string, string>>): string {
  const keys = Object.keys(metadata).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${JSON.stringify(metadata[key])}`).join(',')}}`;
}

function checkStored(name: string, { dtype, shape, data }: StoredTensor): void {
  const fits = data instanceof ARRAYS[dtype] && elementCount(shape) === data.length;
  if (fits && name !== METADATA && name !== '__proto__') return;
  throw new ShapeError(
    'tensor-shape',
    `Cannot store tensor ${name}: expected ${dtype} numbers of shape [${shape}] under a name that is free, got ${data.length} in ${data.constructor.name}`,
    { value: name },
  );
}
