/**
 * Random numbers inside a network (dropout, Gumbel noise), drawn by counter: a number depends on the step's seed, the
 * node, the clip and the element alone, so that every engine, at any number of threads, draws the same.
 *
 * All arithmetic is on unsigned 32-bit words: `key = mix32(seed ^ mix32(nodeKey + clip · 0x9e3779b9))`,
 * `bits = mix32(key ^ mix32(element + 0x85ebca6b))`. `clip` is the index in the whole batch; `element` the index within
 * the clip's map in memory order (channel dropout: the channel's index); `nodeKey` is `hashText` of the node's name.
 */
import { log } from '../numerics/elementary.js';
import { mix32 } from '../numerics/random.js';

const TWO_32 = 4294967296;

/** The key of one node's numbers for one clip. */
export function clipKey(seed: number, nodeKey: number, clip: number): number {
  return mix32(seed ^ mix32((nodeKey + Math.imul(clip, 0x9e3779b9)) | 0));
}

/** 32 random bits for one element, 0 … 2^32 − 1. */
export function noiseBits(key: number, element: number): number {
  return mix32(key ^ mix32((element + 0x85ebca6b) | 0));
}

/** A number in [0, 1). Dropout keeps an element where it is at least the rate. */
export function uniformNoise(key: number, element: number): number {
  return noiseBits(key, element) / TWO_32;
}

/** A standard Gumbel number, −log(−log((bits + ½) / 2^32)), in float64. */
export function gumbelNoise(key: number, element: number): number {
  return -log(-log((noiseBits(key, element) + 0.5) / TWO_32));
}
