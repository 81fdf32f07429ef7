/** 3 × 3 convolutions that take less than half the multiplications by Winograd's F(5 × 3, 3 × 3). */
import { Op } from '../../../../assembly/op.js';
import type { Conv2dNode, Shape } from '../../../graph/graph.js';
import type { Place } from '../assembler.js';
import type { Unit } from '../fuse.js';
import { packColumns } from './constants.js';
import { actArguments, type Context } from './context.js';

/** Where the polynomials are multiplied, beside ∞: five outputs along time, three along frequency. */
const POINTS = [
  [0, 1, -1, 2, -2, 0.5],
  [0, 1, -1, 2],
] as const;
/** Products of a tile of outputs. */
const PRODUCTS = 35;
/** Fewer channels on either side do not pay for the transforms. */
const LEAST_CHANNELS = 8;
/** A product of fewer rows takes as long as one of so many: it waits for its sums, or for the weights. */
const LEAST_TILES = 3;
/** Tiles transformed at a time, and numbers that they should not exceed on both sides together, so as to stay in cache. */
const MOST_TILES = 30;
const MOST_FLOATS = 2 ** 16;

/** Lines and columns of tiles that cover a map of outputs. */
function tilesOf([To, Fo]: readonly number[]): [number, number] {
  return [Math.ceil(To / 5), Math.ceil(Fo / 3)];
}

/** Whether a convolution is one of those. */
export function suitsWinograd(node: Conv2dNode, channels: number): boolean {
  return isThreeByThree(node, channels) && paysFor(node.shape);
}

/** Whether the gradient of its map is, which is a convolution of the gradient of its result. */
export function suitsWinogradBack(node: Conv2dNode, shape: Shape): boolean {
  const padding = node.padding.flat();
  return isThreeByThree(node, shape[2]) && padding.every((size) => size <= 2) && paysFor(shape);
}

function isThreeByThree({ kernel, stride, dilation, groups, shape }: Conv2dNode, channels: number): boolean {
  return (
    groups === 1 &&
    kernel.every((size) => size === 3) &&
    [...stride, ...dilation].every((size) => size === 1) &&
    [channels, shape[2]].every((size) => size % 4 === 0 && size >= LEAST_CHANNELS)
  );
}

/** Whether a map of results has so many positions that tiles are worth it. */
function paysFor(shape: Shape): boolean {
  const [down, across] = tilesOf(shape);
  return 2 * PRODUCTS * Math.max(LEAST_TILES, down * across) < 9 * shape[0] * shape[1];
}

/** Numbers of the transformed weights. */
export function winogradFloats(inputs: number, outputs: number): number {
  return PRODUCTS * inputs * outputs;
}

/** G g Gᵀ of every filter, as 35 matrices `[inputs, outputs]` in panels; `weight` is `[3, 3, inputs, outputs]`. */
export function winogradWeight(weight: Float32Array, inputs: number, outputs: number): Float32Array {
  const size = inputs * outputs;
  const matrices = Array.from({ length: PRODUCTS }, () => new Float32Array(size));
  for (let i = 0; i < size; i++) {
    const columns = [0, 1, 2].map((v) =>
      spread(
        [0, 1, 2].map((u) => weight[(3 * u + v) * size + i]),
        POINTS[0],
      ),
    );
    for (let r = 0, k = 0; r <= POINTS[0].length; r++) {
      for (const value of spread(
        columns.map((column) => column[r]),
        POINTS[1],
      ))
        matrices[k++][i] = value;
    }
  }
  const packed = new Float32Array(PRODUCTS * size);
  for (const [k, matrix] of matrices.entries()) {
    packColumns(matrix, packed.subarray(k * size), { k: inputs, n: outputs, row: outputs, from: 0 });
  }
  return packed;
}

/** G times three numbers: their polynomial at each point over the product of the point's distances from the others, then at ∞. */
function spread([a, b, c]: readonly number[], points: readonly number[]): number[] {
  const values = points.map((p) => {
    const distances = points.reduce((product, q) => (q === p ? product : product * (p - q)), 1);
    return (a + p * (b + p * c)) / distances;
  });
  return [...values, c];
}

/** Lines of tiles in a block: as even as can be, so that no block is small. */
function blockLines(down: number, across: number, floatsPerTile: number): number {
  const tiles = Math.min(MOST_TILES, MOST_FLOATS / floatsPerTile);
  const most = Math.max(1, Math.floor(tiles / across));
  return Math.ceil(down / Math.ceil(down / most));
}

/** Emits a unit of inference; `weight` as `winogradWeight` gives it. */
export function emitWinograd(context: Context, unit: Unit, weight: Place, bias: Place | undefined): void {
  const node = unit.node as Conv2dNode;
  const y = context.define(unit.output.name, false);
  const maps = { x: context.map(node.inputs[0]), weight, bias, y };
  const shapes = { input: context.shape(node.inputs[0]), output: node.shape };
  emitTiles(context, maps, { ...shapes, before: beforeOf(node) }, actArguments(unit.activation), 0);
}

/** Emits the forward pass of training; weights are transformed on each shard. */
export function emitTrainedWinograd(context: Context, unit: Unit, needsGradient: boolean): void {
  const node = unit.node as Conv2dNode;
  const input = context.shape(node.inputs[0]);
  const weight = transform(context, node, input[2], false);
  const bias = node.bias ? context.parameter(node.bias) : undefined;
  const y = context.define(unit.output.name, needsGradient);
  const sizes = { input, output: node.shape, before: beforeOf(node) };
  emitTiles(
    context,
    { x: context.map(node.inputs[0]), weight, bias, y },
    sizes,
    actArguments(unit.activation),
    0,
  );
}

/** Emits the gradient of its map: the gradient of its result convolved with the filters turned round. */
export function emitWinogradBack(context: Context, node: Conv2dNode, dy: Place): void {
  const target = context.gradientTarget(node.inputs[0]);
  if (!target) return;
  const output = context.shape(node.inputs[0]);
  const weight = transform(context, node, output[2], true);
  const before = beforeOf(node).map((size) => 2 - size) as [number, number];
  const sizes = { input: node.shape, output, before };
  const maps = { x: dy, weight, bias: undefined, y: target.place };
  emitTiles(context, maps, sizes, actArguments(undefined), target.accumulate);
}

/** Emits the gradient of its weights, added to theirs. */
export function emitWinogradWeightGradient(context: Context, node: Conv2dNode, dy: Place): void {
  const [T, F, C] = context.shape(node.inputs[0]);
  const [To, Fo, N] = node.shape;
  const sums = context.scratch(`sums ${node.weight}`, winogradFloats(C, N));
  const zeros = context.assembler.zeros(Math.max(F * C, Fo * N));
  const { strip, room, lines, across } = workingRoom(context, node.shape, C);
  const lifted = context.scratch('lifted', 7 * 3 * across * N);
  const maps = [context.map(node.inputs[0]), sums, dy, context.parameterGradient(node.weight)] as const;
  const sizes = [T, F, C, To, Fo, N, ...beforeOf(node)] as const;
  context.call(Op.WinogradWeightGradient, ...maps, strip, room, zeros, ...sizes, lines, lifted);
}

/** Memory for lines and tiles, how many lines of tiles a block has and how many tiles a line. */
function workingRoom(context: Context, output: Shape, inputs: number) {
  const outputs = output[2];
  const [down, across] = tilesOf(output);
  const lines = blockLines(down, across, PRODUCTS * (inputs + outputs));
  const strip = context.scratch('strip', 7 * (3 * across + 2) * inputs);
  const room = context.scratch('tiles', PRODUCTS * lines * across * (inputs + outputs));
  return { strip, room, lines, across };
}

function beforeOf({ padding }: Conv2dNode): [number, number] {
  return [padding[0][0], padding[1][0]];
}

/** Room for transformed weights, and what fills it. */
function transform(context: Context, node: Conv2dNode, channels: number, turned: boolean): Place {
  const N = node.shape[2];
  const label = turned ? 'turned' : 'winograd';
  const packed = context.scratch(`${label} ${node.weight}`, winogradFloats(channels, N));
  context.call(Op.WinogradWeights, context.parameter(node.weight), packed, channels, N, turned ? 1 : 0);
  return packed;
}

interface TileMaps {
  readonly x: Place;
  readonly weight: Place;
  readonly bias: Place | undefined;
  readonly y: Place;
}

interface TileSizes {
  readonly input: Shape;
  readonly output: Shape;
  /** Zeros before the map, along time and frequency. */
  readonly before: readonly [number, number];
}

function emitTiles(
  context: Context,
  { x, weight, bias, y }: TileMaps,
  { input: [T, F, C], output, before }: TileSizes,
  act: ReturnType<typeof actArguments>,
  accumulate: number,
): void {
  const [To, Fo, N] = output;
  const zeros = context.assembler.zeros(Math.max(N, F * C));
  const { strip, room, lines } = workingRoom(context, output, C);
  const sizes = [T, F, C, To, Fo, N, ...before] as const;
  context.call(
    Op.Winograd,
    x,
    weight,
    bias ?? zeros,
    y,
    strip,
    room,
    zeros,
    ...sizes,
    ...act,
    lines,
    accumulate,
  );
}
