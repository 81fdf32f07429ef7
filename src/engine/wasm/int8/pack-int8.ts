/** Whole-number weights as the kernels of quantised networks want them. */
import type { ChannelIntegers } from '../../../graph/quantization.js';
import type { KernelSet } from '../binaries.js';

/** Bytes of a whole number in memory: relaxed kernels multiply bytes, strict ones 16 bits. */
export function integerBytes(set: KernelSet): 1 | 2 {
  return set === 'relaxed' ? 1 : 2;
}

/** A product of matrices: K numbers of a patch by N outputs, `groups` of them side by side. */
export interface ProductSize {
  readonly patch: number;
  /** Outputs of all groups together, group-major. */
  readonly outputs: number;
  readonly groups: number;
}

/** Columns of one group, filled up to fours. */
export function groupWidth({ outputs, groups }: ProductSize): number {
  return Math.ceil(outputs / groups / 4) * 4;
}

/**
 * Weights `[patch, outputs]` in panels of 8 columns (a last of 4), group by group. A panel is a list of steps; a step holds, column
 * by column, the 4 / bytes weights that meet four bytes of a patch. The numbers' bytes are handed out as float32.
 */
export function packIntegers(weights: Int8Array, size: ProductSize, bytes: 1 | 2): Float32Array {
  const { patch, outputs, groups } = size;
  const steps = Math.ceil((patch * bytes) / 4);
  const perStep = 4 / bytes;
  const columns = outputs / groups;
  const packed = new Float32Array(groups * groupWidth(size) * steps);
  const to = bytes === 1 ? new Int8Array(packed.buffer) : new Int16Array(packed.buffer);
  let next = 0;
  for (let group = 0; group < groups; group++) {
    for (let column = 0; column < columns; column += 8) {
      const width = columns - column > 4 ? 8 : 4;
      for (let step = 0; step < steps; step++) {
        for (let lane = 0; lane < width; lane++) {
          for (let i = 0; i < perStep; i++) {
            const k = step * perStep + i;
            const there = column + lane < columns && k < patch;
            to[next++] = there ? weights[k * outputs + group * columns + column + lane] : 0;
          }
        }
      }
    }
  }
  return packed;
}

/** Numbers of every output channel, each group's filled up with zeros to a multiple of four. */
export function padGroups<T extends Float32Array | Int32Array>(values: T, size: ProductSize): T {
  const { outputs, groups } = size;
  const width = groupWidth(size);
  const columns = outputs / groups;
  const padded = new (values.constructor as new (length: number) => T)(groups * width + 4);
  for (let i = 0; i < outputs; i++) padded[Math.floor(i / columns) * width + (i % columns)] = values[i];
  return padded;
}

/** Where each output's sum starts: −zero · Σ of its weights, so that a map's zero counts nothing. */
export function startsOf({ integers, scales }: ChannelIntegers, zero: number): Int32Array {
  const starts = new Int32Array(scales.length);
  for (let i = 0; i < integers.length; i++) starts[i % scales.length] -= zero * integers[i];
  return starts;
}
