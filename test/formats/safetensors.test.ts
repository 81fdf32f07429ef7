import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ModelFileError, ShapeError } from '../../src/errors.js';
import { decodeSafetensors, encodeSafetensors, MAX_HEADER_BYTES } from '../../src/formats/safetensors.js';

/** A file by hand, after the published format: u64 length, header text, data. */
function fileOf(header: unknown, data: Uint8Array | number[] = []): Uint8Array {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
}

function failureOf(bytes: Uint8Array): ModelFileError {
  try {
    decodeSafetensors(bytes, 'm.safetensors');
  } catch (error) {
    expect(error).toBeInstanceOf(ModelFileError);
    return error as ModelFileError;
  }
  return expect.fail('decodeSafetensors read a bad file');
}

const u8 = (begin: number, end: number) => ({
  dtype: 'U8',
  shape: [end - begin],
  data_offsets: [begin, end],
});
const golden = new URL('../fixtures/safetensors-golden.safetensors', import.meta.url);

describe('decodeSafetensors', () => {
  it('reads what the Python package writes', () => {
    const { tensors, metadata } = decodeSafetensors(readFileSync(golden));
    expect({ ...metadata }).toEqual({ format: 'np', note: 'naïve "quotes" ✓' });
    expect(Object.keys(tensors).sort()).toEqual(
      ['bytes', 'conv/weight', 'counts', 'half', 'levels', 'none', 'pcm', 'scalar'].sort(),
    );
    const weight = Float32Array.from({ length: 12 }, (_, i) => i / 4 - 1);
    expect(tensors['conv/weight']).toEqual({ dtype: 'F32', shape: [2, 2, 3], data: weight });
    expect(tensors.half.data).toEqual(Uint16Array.of(0, 0x3c00, 0xc000, 0x7bff));
    expect(tensors.pcm.data).toEqual(Int16Array.of(-32768, -1, 0, 1, 32767));
    expect(tensors.levels).toEqual({ dtype: 'I8', shape: [2, 1], data: Int8Array.of(-128, 127) });
    expect(tensors.counts.data).toEqual(Int32Array.of(2147483647, -5));
    expect(tensors.bytes.data).toEqual(Uint8Array.of(0, 255));
    expect(tensors.none).toEqual({ dtype: 'F32', shape: [0, 4], data: new Float32Array(0) });
    expect(tensors.scalar).toEqual({ dtype: 'F64', shape: [], data: Float64Array.of(0.1) });
  });

  it('reads a file made by hand, from any alignment, into arrays of its own', () => {
    const file = fileOf({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, [0, 0, 0x80, 0x3f]);
    const holder = Buffer.alloc(file.length + 3);
    holder.set(file, 3);
    const { tensors } = decodeSafetensors(holder.subarray(3));
    holder.fill(0);
    expect(tensors.a.data).toEqual(Float32Array.of(1));
  });

  it('keeps names that objects inherit apart from tensors', () => {
    const { tensors, metadata } = decodeSafetensors(fileOf({ constructor: u8(0, 1) }, [7]));
    expect(tensors.constructor).toEqual({ dtype: 'U8', shape: [1], data: Uint8Array.of(7) });
    expect(tensors.toString).toBeUndefined();
    expect(metadata.valueOf).toBeUndefined();
  });

  const huge = new Uint8Array(16);
  new DataView(huge.buffer).setBigUint64(0, 2n ** 63n, true);
  const long = fileOf('{}');
  new DataView(long.buffer).setUint32(0, 4096, true);
  const deep = `{"a":${'['.repeat(100)}${']'.repeat(100)}}`;
  const many = `{"a":[${'0,'.repeat(1_000_001)}0]}`;
  const cases: [string, Uint8Array, string, RegExp][] = [
    ['no bytes', new Uint8Array(0), 'file-short', /expected at least 8 bytes, got 0/],
    ['a header longer than the limit', huge, 'header-size', new RegExp(`at most ${MAX_HEADER_BYTES} bytes`)],
    [
      'a text that is no model file',
      new TextEncoder().encode('import { x } from "y"'),
      'header-size',
      /expected a safetensors file .*, got a file that begins "import {"$/,
    ],
    ['a header longer than the file', long, 'file-short', /header of 4096 bytes, got a file cut short at 10/],
    ['a header that is no object', fileOf('[]'), 'header-text', /begins with \{/],
    ['a byte order mark', fileOf('\ufeff{}'), 'header-text', /begins with \{/],
    ['a header that is no JSON', fileOf('{"a":'), 'json-syntax', /header of m.safetensors: expected JSON/],
    [
      'a header that is not UTF-8',
      fileOf('{"a"}').with(9, 0xff),
      'header-text',
      /expected a header in UTF-8/,
    ],
    ['brackets without end', fileOf(deep), 'json-depth', /at most 64 deep/],
    ['values without end', fileOf(many), 'json-size', /at most 1000000 values/],
    ['a name given twice', fileOf('{"a":1,"a" \n:2}'), 'json-duplicate', /the key a once, got twice/],
    ['a name given twice, once escaped', fileOf('{"a":1,"\\u0061":2}'), 'json-duplicate', /the key a once/],
    ['__proto__', fileOf('{"__proto__":{}}'), 'json-key', /__proto__/],
    ['an entry that is no object', fileOf({ a: 1 }), 'tensor-entry', /tensor a of m.safetensors/],
    [
      'an unknown dtype',
      fileOf({ a: { ...u8(0, 1), dtype: 'F8' } }, [0]),
      'tensor-dtype',
      /tensor a .*got "F8"/,
    ],
    [
      'an inherited dtype',
      fileOf({ a: { ...u8(0, 1), dtype: 'toString' } }, [0]),
      'tensor-dtype',
      /tensor a/,
    ],
    [
      'a negative size',
      fileOf({ a: { ...u8(0, 1), shape: [-1, -1] } }, [0]),
      'tensor-shape',
      /tensor a .*\[-1,-1\]/,
    ],
    [
      'a shape too large to count',
      fileOf({ a: { ...u8(0, 1), shape: [2 ** 40, 2 ** 40] } }, [0]),
      'tensor-shape',
      /tensor a/,
    ],
    ['a shape that is a text', fileOf({ a: { ...u8(0, 1), shape: '1' } }, [0]), 'tensor-shape', /tensor a/],
    [
      'offsets past the end',
      fileOf({ a: u8(0, 9) }, [0]),
      'tensor-offsets',
      /tensor a .*within 1 bytes.*\[0,9\]/,
    ],
    [
      'offsets the wrong way',
      fileOf({ a: { ...u8(0, 1), data_offsets: [1, 0] } }, [0]),
      'tensor-offsets',
      /tensor a/,
    ],
    [
      'half offsets',
      fileOf({ a: { ...u8(0, 1), data_offsets: [0, 0.5] } }, [0]),
      'tensor-offsets',
      /tensor a/,
    ],
    [
      'a size that is not its shape',
      fileOf({ a: { ...u8(0, 2), shape: [3] } }, [0, 0]),
      'tensor-size',
      /tensor a .*expected 3 bytes .*got 2/,
    ],
    [
      'tensors that overlap',
      fileOf({ a: u8(0, 2), b: u8(1, 3) }, [0, 0, 0]),
      'tensor-overlap',
      /tensor b .*at 2, got 1/,
    ],
    ['a gap', fileOf({ a: u8(0, 1), b: u8(2, 3) }, [0, 0, 0]), 'tensor-gap', /tensor b .*at 1, got 2/],
    [
      'bytes after the last tensor',
      fileOf({ a: u8(0, 1) }, [0, 0]),
      'file-tail',
      /expected 1 bytes of data, got 2/,
    ],
    [
      'metadata that is no text',
      fileOf({ __metadata__: { a: 1 } }),
      'metadata',
      /a text under a, got number/,
    ],
    ['metadata that is a list', fileOf({ __metadata__: ['a'] }), 'metadata', /__metadata__ of texts/],
  ];
  it.each(cases)('refuses %s', (_, bytes, code, message) => {
    const error = failureOf(bytes);
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('names the tensor in the error’s value', () => {
    expect(failureOf(fileOf({ a: u8(0, 1), b: u8(2, 3) }, [0, 0, 0])).value).toBe('b');
  });

  it('refuses a file cut short at any byte with an error of ours', () => {
    const bytes = new Uint8Array(readFileSync(golden));
    for (let end = 0; end < bytes.length; end++) failureOf(bytes.slice(0, end));
  });

  it('answers any change of a byte with tensors or with an error of ours', () => {
    const bytes = new Uint8Array(readFileSync(golden));
    const change = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(change, (edits) => {
        const copy = bytes.slice();
        for (const [at, value] of edits) copy[at] = value;
        try {
          decodeSafetensors(copy);
        } catch (error) {
          expect(error).toBeInstanceOf(ModelFileError);
        }
      }),
      { numRuns: 500, seed: 1 },
    );
  });
});

describe('encodeSafetensors', () => {
  const tensors = {
    pcm: { dtype: 'I16', shape: [3], data: Int16Array.of(1, 2, 3) },
    b: { dtype: 'F32', shape: [2, 1], data: Float32Array.of(1, -2) },
    a: { dtype: 'F32', shape: [], data: Float32Array.of(0.5) },
  } as const;

  it('lays tensors out by element size, then name, after a header of 8n bytes', () => {
    const bytes = encodeSafetensors(tensors, { z: '1', a: 'é' });
    const header = new DataView(bytes.buffer).getUint32(0, true);
    expect(header % 8).toBe(0);
    expect(new TextDecoder().decode(bytes.subarray(8, 8 + header)).trimEnd()).toBe(
      '{"__metadata__":{"a":"é","z":"1"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
        '"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},' +
        '"pcm":{"dtype":"I16","shape":[3],"data_offsets":[12,18]}}',
    );
    expect(bytes.subarray(8 + header)).toEqual(
      new Uint8Array(Uint8Array.of(0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 1, 0, 2, 0, 3, 0)),
    );
  });

  it('gives the same bytes whatever the order of names', () => {
    const turned = Object.fromEntries(Object.entries(tensors).reverse());
    expect(encodeSafetensors(turned, { b: '2', a: '1' })).toEqual(
      encodeSafetensors(tensors, { a: '1', b: '2' }),
    );
  });

  it('is undone by decodeSafetensors, names and texts of any letters included', () => {
    const names = fc.uniqueArray(
      fc.string({ unit: 'grapheme' }).filter((name) => name !== '__proto__' && name !== '__metadata__'),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(
        names,
        fc.float32Array({ maxLength: 5 }),
        fc.string({ unit: 'grapheme' }),
        (keys, data, text) => {
          const stored = Object.fromEntries(
            keys.map((key) => [key, { dtype: 'F32' as const, shape: [data.length], data }]),
          );
          const back = decodeSafetensors(encodeSafetensors(stored, { text }));
          expect({ ...back.tensors }).toEqual(stored);
          expect(back.metadata.text).toBe(text);
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });

  it('writes only the part of the buffer that an array views', () => {
    const data = Float32Array.of(1, 2, 3).subarray(1, 2);
    const back = decodeSafetensors(encodeSafetensors({ a: { dtype: 'F32', shape: [1], data } }));
    expect(back.tensors.a.data).toEqual(Float32Array.of(2));
  });

  it.each([
    ['a', { dtype: 'F32', shape: [2], data: new Float32Array(3) }],
    ['a', { dtype: 'I16', shape: [3], data: new Float32Array(3) }],
    ['__metadata__', { dtype: 'F32', shape: [3], data: new Float32Array(3) }],
    ['__proto__', { dtype: 'F32', shape: [3], data: new Float32Array(3) }],
  ] as const)('refuses tensor %s %o', (name, tensor) => {
    const tensors = Object.fromEntries([[name, tensor]]);
    expect(() => encodeSafetensors(tensors)).toThrow(ShapeError);
    expect(() => encodeSafetensors(tensors)).toThrow(`Cannot store tensor ${name}: expected`);
  });

  it('refuses texts that would make a file too large to read', () => {
    const text = 'x'.repeat(MAX_HEADER_BYTES);
    expect(() => encodeSafetensors({}, { text })).toThrow(ShapeError);
    expect(() => encodeSafetensors({}, { text })).toThrow(
      /^Cannot store tensors: expected at most 16777208 bytes/,
    );
  });
});
