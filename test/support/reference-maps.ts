/** What the naive ops of the oracle share: maps, their elements, what an op knows of its run. */
import type { Shape } from '../../src/graph/graph.js';
import { sizeOf } from '../../src/graph/graph.js';

export type Numbers = Record<string, ArrayLike<number>>;

/** A batch of maps, `[count, time, frequency, channels]`. */
export interface Maps {
  readonly data: Float64Array;
  readonly shape: Shape;
}

export interface OpContext {
  readonly count: number;
  readonly training: boolean;
  readonly normShard: number;
  readonly seed: number;
  readonly parameters: Numbers;
  readonly statistics: Numbers;
  /** Maps of an undisturbed run: what no gradient passes through is held to them (finite differences). */
  readonly held?: ReadonlyMap<string, Maps>;
  /** Soft samples of the undisturbed run by Gumbel node; filled by that run. */
  readonly soft: Map<string, Float64Array>;
  /** Batch moments by statistic name; filled by a training run. */
  readonly moments: Record<string, Float64Array>;
}

export type Position = (clip: number, t: number, f: number, c: number) => number;

export function at(maps: Maps, clip: number, t: number, f: number, c: number): number {
  const { data, shape } = maps;
  return data[((clip * shape[0] + t) * shape[1] + f) * shape[2] + c];
}

export function fill(count: number, shape: Shape, value: Position): Float64Array {
  const data = new Float64Array(count * sizeOf(shape));
  let next = 0;
  for (let clip = 0; clip < count; clip++)
    for (let t = 0; t < shape[0]; t++)
      for (let f = 0; f < shape[1]; f++)
        for (let c = 0; c < shape[2]; c++) data[next++] = value(clip, t, f, c);
  return data;
}

/** The element of a map whose axes of size 1 are repeated. */
export function repeated(maps: Maps, clip: number, t: number, f: number, c: number): number {
  const { shape } = maps;
  return at(maps, clip, shape[0] === 1 ? 0 : t, shape[1] === 1 ? 0 : f, shape[2] === 1 ? 0 : c);
}
