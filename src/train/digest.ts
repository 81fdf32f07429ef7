/** Short names for long values, so that a checkpoint can say whether two things are the same. */
import type { Tensors } from '../graph/graph.js';
import { mix32 } from '../numerics/random.js';

/** JSON with the keys of every object in order, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** Sixteen hexadecimal digits of a JSON value's canonical text. Guards against mix-ups, not attacks. */
export function digestOf(value: unknown): string {
  const text = canonicalJson(value);
  const digest = new Digest();
  for (let i = 0; i < text.length; i++) digest.add(text.charCodeAt(i));
  return digest.toString();
}

/** Sixteen hexadecimal digits of named arrays, whatever their order. */
export function digestTensors(tensors: Tensors): string {
  const parts = Object.entries(tensors).map(([name, values]) => {
    const digest = new Digest();
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < bits.length; i++) digest.add(bits[i]);
    return [name, digest.toString()];
  });
  return digestOf(Object.fromEntries(parts));
}

/** Two running sums over 32-bit words, in the way of FNV-1a. */
export class Digest {
  #a = 0x811c9dc5;
  #b = 0x9e3779b9;

  add(word: number): void {
    this.#a = Math.imul(this.#a ^ word, 0x01000193);
    this.#b = Math.imul(this.#b ^ word, 0x85ebca6b) ^ (this.#b >>> 15);
  }

  toString(): string {
    return [this.#a, this.#b].map((sum) => mix32(sum).toString(16).padStart(8, '0')).join('');
  }
}
