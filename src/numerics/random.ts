/**
 * Random numbers by counter: the n-th draw of a stream depends on (key, n) alone, so that the same
 * seed gives the same numbers on any machine and at any number of threads.
 */
import { cos, exp, log } from './elementary.js';

/** Mixes one 32-bit word so that every input bit reaches every output bit. Source: Mueller's "lowbias32" constants (Wellons, 2018). */
export function mix32(value: number): number {
  let x = value | 0;
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
}

/** A 32-bit key of a list of integers: order matters, `hashKey(1, 2) !== hashKey(2, 1)`. */
export function hashKey(...words: number[]): number {
  let h = 0x9e3779b9;
  for (const word of words) h = mix32((h + 0x6d2b79f5) ^ mix32((word + 0x85ebca6b) | 0));
  return h >>> 0;
}

/** A 32-bit key of a text (FNV-1a over UTF-16 units, mixed). */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return mix32(h);
}

/** A stream of random numbers with visible state: `key` names it, `counter` says how many were drawn. */
export class Random {
  readonly key: number;
  counter = 0;

  constructor(...words: number[]) {
    this.key = hashKey(...words);
  }

  /** An integer in 0 … 2^32 − 1. */
  uint32(): number {
    return mix32(mix32((this.key + Math.imul(this.counter++, 0x9e3779b9)) | 0) ^ this.key);
  }

  /** A number in [0, 1) with 32 random bits. */
  uniform(): number {
    return this.uint32() / 4294967296;
  }

  /** A number in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** An integer in 0 … count − 1. */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** A standard normal number (Box and Muller, 1958; one of the pair is thrown away). */
  normal(): number {
    const radius = Math.sqrt(-2 * log((this.uint32() + 1) / 4294967296));
    return radius * cos(2 * Math.PI * this.uniform());
  }

  /** A Beta(a, a) number for mixup, by Jöhnk's method (1964); a in (0, 1]. */
  beta(a: number): number {
    for (;;) {
      const x = power(this.uniform(), 1 / a);
      const y = power(this.uniform(), 1 / a);
      if (x + y > 0 && x + y <= 1) return x / (x + y);
    }
  }

  /** Shuffles a list in place (Fisher and Yates) and returns it. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const held = items[i];
      items[i] = items[j];
      items[j] = held;
    }
    return items;
  }
}

function power(base: number, exponent: number): number {
  return base <= 0 ? 0 : exp(exponent * log(base));
}
