/** Models written and read. */
import { expect } from 'vitest';
import type { Model } from '../../src/formats/model.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import type { Tensors } from '../../src/graph/graph.js';

/** What is read from a model's file: the same graph, the same bits in each tensor, the same bytes when written again. */
export function saveAndLoad(model: Model): Model {
  const bytes = encodeModel(model);
  const loaded = decodeModel(bytes);
  expect(plain(loaded.graph)).toEqual(plain(model.graph));
  const { name, labels, frontEnd, clipMs } = loaded;
  expect(model).toMatchObject({ name, labels, frontEnd, clipMs });
  expectSameBits(loaded.parameters, model.parameters);
  expectSameBits(loaded.statistics, model.statistics);
  expect(Buffer.compare(encodeModel(loaded), bytes), 'bytes of a second file').toBe(0);
  return loaded;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function expectSameBits(found: Tensors, expected: Tensors): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(expected))
    expect(Buffer.compare(bytesOf(found[name]), bytesOf(values)), name).toBe(0);
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
