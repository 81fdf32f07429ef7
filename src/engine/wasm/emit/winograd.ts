/** 3 × 3 convolutions of inference that take less than half the multiplications by Winograd's F(2 × 2, 3 × 3). */
import { Op } from '../../../../assembly/op.js';
import type { Conv2dNode } from '../../../graph/graph.js';
import type { Place } from '../assembler.js';
import type { Unit } from '../fuse.js';
import { packColumns } from './constants.js';
import { actArguments, type Context } from './context.js';

/** Tiles transformed at a time; assembly/kernels/winograd.ts has the same. */
const TILES = 30;
/** Fewer channels on either side do not pay for the transforms. */
const LEAST_CHANNELS = 8;

/** Whether a convolution is one of those. */
export function suitsWinograd(node: Conv2dNode, channels: number): boolean {
  const { kernel, stride, dilation, groups, shape } = node;
  return (
    groups === 1 &&
    kernel.every((size) => size === 3) &&
    [...stride, ...dilation].every((size) => size === 1) &&
    [channels, shape[2]].every((size) => size % 4 === 0 && size >= LEAST_CHANNELS)
  );
}

/** G g Gᵀ of every filter, as 16 matrices `[inputs, outputs]` in panels; `weight` is `[3, 3, inputs, outputs]`. */
export function winogradWeight(weight: Float32Array, inputs: number, outputs: number): Float32Array {
  const size = inputs * outputs;
  const matrices = Array.from({ length: 16 }, () => new Float32Array(size));
  for (let i = 0; i < size; i++) {
    const columns = [0, 1, 2].map((v) => spread([0, 1, 2].map((u) => weight[(3 * u + v) * size + i])));
    for (let r = 0; r < 4; r++) {
      spread(columns.map((column) => column[r])).forEach((value, c) => {
        matrices[4 * r + c][i] = value;
      });
    }
  }
  const packed = new Float32Array(16 * size);
  for (const [k, matrix] of matrices.entries()) {
    packColumns(matrix, packed.subarray(k * size), { k: inputs, n: outputs, row: outputs, from: 0 });
  }
  return packed;
}

/** G times three numbers. */
function spread([a, b, c]: readonly number[]): [number, number, number, number] {
  return [a, (a + b + c) / 2, (a - b + c) / 2, c];
}

/** Emits such a unit; `weight` as `winogradWeight` gives it. */
export function emitWinograd(context: Context, unit: Unit, weight: Place, bias: Place | undefined): void {
  const node = unit.node as Conv2dNode;
  const [T, F, C] = context.shape(node.inputs[0]);
  const [To, Fo, N] = node.shape;
  const { padding } = node;
  const x = context.map(node.inputs[0]);
  const zeros = context.assembler.zeros(N);
  const [kind, slope] = actArguments(unit.activation);
  const y = context.define(unit.output.name, false);
  const even = (size: number) => 2 * Math.ceil(size / 2) + 2;
  const frame = context.scratch('frame', even(To) * even(Fo) * C);
  const room = context.scratch('tiles', 16 * TILES * (C + N));
  const sizes = [T, F, C, To, Fo, N, padding[0][0], padding[1][0]] as const;
  context.call(Op.Winograd, x, weight, bias ?? zeros, y, frame, room, zeros, ...sizes, kind, slope);
}
