import { describe, expect, it } from 'vitest';
import { canonicalJson, digestOf, digestTensors } from '../../src/train/digest.js';

describe('digestOf', () => {
  it('does not depend on the order of keys, but on every value and the order of lists', () => {
    const digests = [
      digestOf({ a: 1, b: { c: [1, 2], d: null } }),
      digestOf({ b: { d: null, c: [1, 2] }, a: 1 }),
      digestOf({ a: 1, b: { c: [2, 1], d: null } }),
      digestOf({ a: 1, b: { c: [1, 2], d: 0 } }),
      digestOf({ a: '1', b: { c: [1, 2], d: null } }),
    ];
    expect(digests[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(digests[1]).toBe(digests[0]);
    expect(new Set(digests).size).toBe(4);
  });
});

describe('digestTensors', () => {
  it('depends on names and on the last bit of every number, not on the order of names', () => {
    const a = Float32Array.of(1, 2, 3);
    const b = Float32Array.of(4);
    const nudged = Float32Array.of(1, 2, 3.0000002);
    const digests = [
      { a, b },
      { b, a },
      { a: nudged, b },
      { b: a, a: b },
    ].map(digestTensors);
    expect(digests[1]).toBe(digests[0]);
    expect(new Set(digests).size).toBe(3);
  });
});

describe('canonicalJson', () => {
  it('sorts the keys of every object', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
  });
});
