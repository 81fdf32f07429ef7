/**
 * Products of whole numbers instead of float32 where a quantised network says so; all else as in any network. A product whose
 * result only products of one grid read puts it there at once.
 */
import { Op } from '../../../../assembly/op.js';
import { EngineError } from '../../../errors.js';
import type { Conv2dNode, DenseNode } from '../../../graph/graph.js';
import { sizeOf } from '../../../graph/graph.js';
import type { Grid, Quantization } from '../../../graph/quantization.js';
import { at, type Place, real } from '../assembler.js';
import { foldedBias, normScale } from '../emit/constants.js';
import { actArguments, type Context } from '../emit/context.js';
import { emitForward } from '../emit/emit.js';
import type { Unit } from '../fuse.js';
import { type ProductSize, packIntegers, padGroups, startsOf } from './pack-int8.js';

/** Emits the forward pass of all units; those of `quantization.grids` multiply whole numbers of `bytes` bytes. */
export function emitQuantized(
  context: Context,
  units: readonly Unit[],
  quantization: Quantization,
  bytes: 1 | 2,
): void {
  const emitter = new Int8Emitter(context, quantization, bytes);
  for (const unit of units) {
    const grid = quantization.grids[unit.node.name];
    if (grid) emitter.emit(unit, grid);
    else emitForward(context, [unit]);
  }
}

class Int8Emitter {
  /** Maps on a grid, by grid and map. */
  readonly #maps = new Map<string, Place>();
  readonly #context: Context;
  readonly #quantization: Quantization;
  readonly #bytes: 1 | 2;

  constructor(context: Context, quantization: Quantization, bytes: 1 | 2) {
    this.#context = context;
    this.#quantization = quantization;
    this.#bytes = bytes;
  }

  emit(unit: Unit, grid: Grid): void {
    const context = this.#context;
    const node = unit.node as Conv2dNode | DenseNode;
    const name = unit.output.name;
    context.assembler.node = name;
    const x = this.#onGrid(node.inputs[0], grid);
    const size = productSize(context, node);
    const constants = this.#constants(unit, node, size, grid);
    const rows = Math.max(12, Math.min(96, Math.floor(8192 / size.patch / 4) * 4));
    const next = this.#nextGrid(name);
    const y = next ? this.#gridMap(name, next) : context.define(name, false);
    const [To, Fo, N] = node.shape;
    const scratch = next && context.scratch('results', rows * N);
    const end =
      next && scratch ? ([scratch, real(1 / next.scale), next.zero] as const) : ([0, 0, 0] as const);
    const act = actArguments(unit.activation);
    if (isPointwise(node)) {
      context.call(Op.Int8Gemm, x, ...constants, y, To * Fo, size.patch, N, ...act, rows, ...end);
      return;
    }
    const patches = context.scratch('patches', Math.ceil((rows * size.patch * this.#bytes) / 4));
    const words = convolutionWords(context, node as Conv2dNode);
    context.call(Op.Int8Convolution, x, ...constants, y, patches, rows, grid.zero, ...words, ...act, ...end);
  }

  /** The grid of all nodes that read a map, if they are integer products on one grid and nobody else sees the map. */
  #nextGrid(name: string): Grid | undefined {
    const { graph } = this.#context;
    const { grids } = this.#quantization;
    if (graph.outputs.includes(name)) return undefined;
    const readers = graph.nodes.filter(({ inputs }) => inputs.includes(name));
    const [first, ...others] = readers.map((reader) => grids[reader.name]);
    return first && others.every((grid) => grid?.scale === first.scale && grid.zero === first.zero)
      ? first
      : undefined;
  }

  /** A place for a map's whole numbers. */
  #gridMap(name: string, { scale, zero }: Grid): Place {
    const context = this.#context;
    const numbers = sizeOf(context.shape(name));
    const map = at(context.assembler.region(`grid ${name}`, Math.ceil((numbers * this.#bytes) / 4)));
    this.#maps.set(`${scale} ${zero} ${name}`, map);
    return map;
  }

  /** A map's whole numbers; made once for all nodes that read them on one grid. */
  #onGrid(name: string, grid: Grid): Place {
    const { scale, zero } = grid;
    const known = this.#maps.get(`${scale} ${zero} ${name}`);
    if (known) return known;
    const context = this.#context;
    const map = this.#gridMap(name, grid);
    const numbers = sizeOf(context.shape(name));
    context.call(Op.Quantize, context.map(name), map, numbers, real(1 / scale), zero);
    return map;
  }

  /** Packed weights, starts, scales and biases of a unit, its BatchNorm folded in. */
  #constants(unit: Unit, node: Conv2dNode | DenseNode, size: ProductSize, grid: Grid): Place[] {
    const context = this.#context;
    const { norm } = unit;
    const weights = this.#quantization.weights[node.weight];
    if (weights?.integers.length !== size.patch * size.outputs || weights.scales.length !== size.outputs) {
      throw new EngineError(
        'quantization',
        `Cannot compile ${node.name}: expected ${size.patch} × ${size.outputs} integers as ${node.weight}, got ${weights?.integers.length ?? 'none'}`,
        { value: node.name },
      );
    }
    const starts = padGroups(startsOf(weights, grid.zero), size);
    const scales = weights.scales.map((scale) => scale * grid.scale);
    const floats = padGroups(scales, size).length;
    return [
      context.data(`packed ${node.weight}`, packIntegers(weights.integers, size, this.#bytes)),
      context.data(`starts ${node.name}`, new Float32Array(starts.buffer)),
      context.constant(`scales ${node.name}`, floats, (tensors) => {
        const factors = norm && normScale(tensors, norm);
        return padGroups(factors ? scales.map((scale, i) => scale * factors[i]) : scales, size);
      }),
      context.constant(`bias ${node.name}`, floats, (tensors) =>
        padGroups(foldedBias(tensors, node.bias, norm, size.outputs), size),
      ),
    ];
  }
}

function productSize(context: Context, node: Conv2dNode | DenseNode): ProductSize {
  const channels = context.shape(node.inputs[0])[2];
  if (node.op === 'dense') return { patch: channels, outputs: node.shape[2], groups: 1 };
  const { kernel, groups } = node;
  return { patch: (kernel[0] * kernel[1] * channels) / groups, outputs: node.shape[2], groups };
}

function isPointwise(node: Conv2dNode | DenseNode): boolean {
  if (node.op === 'dense') return true;
  const { kernel, stride, padding, groups } = node;
  return (
    groups === 1 &&
    [...kernel, ...stride].every((size) => size === 1) &&
    padding.flat().every((size) => size === 0)
  );
}

/** The dimension words of the convolution kernel, without the activation. */
function convolutionWords(context: Context, node: Conv2dNode): number[] {
  const { kernel, stride, dilation, padding, groups } = node;
  const shapes = [...context.shape(node.inputs[0]), ...node.shape];
  return [...shapes, ...kernel, ...stride, ...dilation, padding[0][0], padding[1][0], groups];
}
