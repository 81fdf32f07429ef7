/**
 * Safetensors files from anywhere; the reader refuses what the format leaves undefined.
 * Source: github.com/huggingface/safetensors, README "Format".
 */
import { ModelFileError } from '../errors.js';
import { JSON_LIMITS, parseBoundedJson } from './bounded-json.js';
import {
  ARRAYS,
  type Dtype,
  elementCount,
  LENGTH_BYTES,
  METADATA,
  type SafetensorsFile,
  type StoredTensor,
} from './stored-tensor.js';

/** The largest header that is read, in bytes: room for any graph, too little to hurt. */
export const MAX_HEADER_BYTES = JSON_LIMITS.maxCharacters;

/**
 * Reads a safetensors file from bytes that need not be trusted; the arrays are copies. Every length is checked
 * before memory is taken for it, and the tensors must fill the data part without a gap or an overlap.
 * `name` stands in errors. Both results have no prototype, so any name can be looked up in them.
 * @throws ModelFileError naming the tensor that is wrong.
 */
export function decodeSafetensors(bytes: Uint8Array, name = 'safetensors file'): SafetensorsFile {
  const headerBytes = headerLength(bytes, name);
  const dataStart = LENGTH_BYTES + headerBytes;
  const header = readHeader(bytes.subarray(LENGTH_BYTES, dataStart), name);
  // A plain view: the slice() of a Node Buffer would not copy.
  const data = new Uint8Array(bytes.buffer, bytes.byteOffset + dataStart, bytes.length - dataStart);
  const { [METADATA]: metadata = {}, ...entries } = header;
  const ranges = Object.entries(entries)
    .map(([tensor, entry]) => readEntry(tensor, entry, data.length, name))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkContiguous(ranges, data.length, name);
  const tensors: Record<string, StoredTensor> = Object.create(null);
  for (const { tensor, dtype, shape, begin, end } of ranges) {
    const { buffer } = data.slice(begin, end);
    tensors[tensor] = { dtype, shape, data: new ARRAYS[dtype](buffer) };
  }
  return { tensors, metadata: readMetadata(metadata, name) };
}

function headerLength(bytes: Uint8Array, name: string): number {
  if (bytes.length < LENGTH_BYTES) {
    throw fault('file-short', `Cannot read ${name}`, `at least ${LENGTH_BYTES} bytes`, `${bytes.length}`);
  }
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) {
    const wanted = `a safetensors file with a header of at most ${MAX_HEADER_BYTES} bytes`;
    throw fault('header-size', `Cannot read ${name}`, wanted, beginningOf(bytes) ?? `${length} bytes`);
  }
  if (length > bytes.length - LENGTH_BYTES) {
    const found = `a file cut short at ${bytes.length}`;
    throw fault('file-short', `Cannot read ${name}`, `a header of ${length} bytes`, found);
  }
  return length;
}

/** A text or a recording given for a model shows by its first letters. */
function beginningOf(bytes: Uint8Array): string | undefined {
  const [text] = /^[ -~]*/.exec(String.fromCharCode(...bytes.subarray(0, LENGTH_BYTES)))!;
  return text.length >= 4 ? `a file that begins ${JSON.stringify(text)}` : undefined;
}

function readHeader(bytes: Uint8Array, name: string): Record<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ModelFileError(
      'header-text',
      `Cannot read ${name}: expected a header in UTF-8, got other bytes`,
      {
        cause,
      },
    );
  }
  if (text[0] !== '{') {
    const found = JSON.stringify(text.slice(0, 8));
    throw fault('header-text', `Cannot read ${name}`, 'a header that begins with {', found);
  }
  return parseBoundedJson(text, `header of ${name}`) as Record<string, unknown>;
}

function readMetadata(metadata: unknown, name: string): Record<string, string> {
  const result: Record<string, string> = Object.create(null);
  if (!isRecord(metadata))
    throw fault('metadata', `Cannot read ${name}`, `${METADATA} of texts`, 'no object');
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw fault('metadata', `Cannot read ${METADATA} of ${name}`, `a text under ${key}`, typeof value);
    }
    result[key] = value;
  }
  return result;
}

interface Range {
  readonly tensor: string;
  readonly dtype: Dtype;
  readonly shape: number[];
  readonly begin: number;
  readonly end: number;
}

function readEntry(tensor: string, entry: unknown, dataBytes: number, name: string): Range {
  const refuse = (code: string, wanted: string, found: unknown): never => {
    throw fault(code, `Cannot read tensor ${tensor} of ${name}`, wanted, `${JSON.stringify(found)}`, tensor);
  };
  if (!isRecord(entry)) return refuse('tensor-entry', 'an object', entry);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAYS, dtype)) {
    return refuse('tensor-dtype', `one of ${Object.keys(ARRAYS).join(', ')}`, dtype);
  }
  if (!isNumbers(shape) || Number.isNaN(elementCount(shape))) {
    return refuse('tensor-shape', 'a shape of whole numbers', shape);
  }
  if (!isNumbers(offsets) || offsets.length !== 2 || !offsets.every(Number.isSafeInteger)) {
    return refuse('tensor-offsets', 'two offsets', offsets);
  }
  const [begin, end] = offsets;
  if (!(0 <= begin && begin <= end && end <= dataBytes)) {
    return refuse('tensor-offsets', `offsets in order within ${dataBytes} bytes of data`, offsets);
  }
  const size = elementCount(shape) * ARRAYS[dtype as Dtype].BYTES_PER_ELEMENT;
  if (size !== end - begin) refuse('tensor-size', `${size} bytes for ${dtype} [${shape}]`, end - begin);
  return { tensor, dtype: dtype as Dtype, shape, begin, end };
}

function checkContiguous(ranges: readonly Range[], dataBytes: number, name: string): void {
  let reached = 0;
  for (const { tensor, begin, end } of ranges) {
    if (begin !== reached) {
      const code = begin < reached ? 'tensor-overlap' : 'tensor-gap';
      throw fault(code, `Cannot read tensor ${tensor} of ${name}`, `it at ${reached}`, `${begin}`, tensor);
    }
    reached = end;
  }
  if (reached !== dataBytes) {
    throw fault('file-tail', `Cannot read ${name}`, `${reached} bytes of data`, `${dataBytes}`);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number');
}

function fault(code: string, doing: string, wanted: string, found: string, value?: unknown): ModelFileError {
  return new ModelFileError(code, `${doing}: expected ${wanted}, got ${found}`, { value });
}
