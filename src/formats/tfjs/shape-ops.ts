/** Ops that cut, move and pool maps, as TensorFlow nodes. A size of −1 is that of the batch. */
import type {
  ChannelShuffleNode,
  ConcatNode,
  MeanNode,
  PadChannelsNode,
  PoolNode,
  ReshapeNode,
  ResizeNode,
  SliceNode,
} from '../../graph/graph.js';
import type { ExportedMap } from '../translate-graph.js';
import { AXES } from './element-ops.js';
import type { TfjsContext, TfjsOp } from './tfjs-op.js';

export const concat: TfjsOp<ConcatNode> = (node, inputs, { tfjs }) => {
  const axis = tfjs.integers(`${node.name}/axis`, [3], []);
  const values = inputs.map(({ value }) => value);
  return tfjs.node('ConcatV2', node.name, [...values, axis], { N: values.length });
};

export const slice: TfjsOp<SliceNode> = (node, [x], { tfjs }) => {
  const begin = tfjs.integers(`${node.name}/begin`, [0, ...node.start]);
  const size = tfjs.integers(`${node.name}/size`, [-1, ...node.shape]);
  return tfjs.node('Slice', node.name, [x.value, begin, size]);
};

export const padChannels: TfjsOp<PadChannelsNode> = (node, [x], context) => {
  const after = node.shape[2] - node.before - x.shape[2];
  return pad(node.name, x.value, [0, 0, 0, 0, 0, 0, node.before, after], 0, context);
};

export const channelShuffle: TfjsOp<ChannelShuffleNode> = (node, [x], { tfjs }) => {
  const split = tfjs.integers(`${node.name}/split`, [-1, node.groups, node.shape[2] / node.groups]);
  const grouped = tfjs.node('Reshape', `${node.name}/grouped`, [x.value, split]);
  const order = tfjs.integers(`${node.name}/order`, [0, 2, 1]);
  const swapped = tfjs.node('Transpose', `${node.name}/swapped`, [grouped, order]);
  return tfjs.node('Reshape', node.name, [swapped, tfjs.integers(`${node.name}/shape`, [-1, ...node.shape])]);
};

export const reshape: TfjsOp<ReshapeNode> = (node, [x], { tfjs }) =>
  tfjs.node('Reshape', node.name, [x.value, tfjs.integers(`${node.name}/shape`, [-1, ...node.shape])]);

/** TensorFlow's own padding of a pool is another one: the map is padded before. */
export const pool: TfjsOp<PoolNode> = (node, [x], context) => {
  const { tfjs } = context;
  const isMax = node.op === 'maxPool';
  const sides = [0, 0, ...node.padding.flat(), 0, 0];
  const isPadded = sides.some((side) => side > 0);
  const fill = isMax ? -3.4e38 : 0;
  const padded = isPadded ? pad(`${node.name}/padded`, x.value, sides, fill, context) : x.value;
  const window = { ksize: [1, ...node.kernel, 1], strides: [1, ...node.stride, 1] };
  const pooled = tfjs.node(isMax ? 'MaxPool' : 'AvgPool', node.name, [padded], {
    ...{ ...window, padding: 'VALID', data_format: 'NHWC', explicit_paddings: [] },
  });
  if (isMax || node.countPadding || !isPadded) return pooled;
  const shares = tfjs.floats(`${node.name}/shares`, paddingShares(node, x), [...node.shape.slice(0, 2), 1]);
  return tfjs.node('Mul', `${node.name}/without-padding`, [pooled, shares]);
};

/** Window size over positions that are no padding, `[time, frequency]`. */
function paddingShares({ kernel, stride, padding, shape }: PoolNode, x: ExportedMap): Float32Array {
  const inside = (axis: 0 | 1, i: number) => {
    const start = i * stride[axis] - padding[axis][0];
    return Math.min(start + kernel[axis], x.shape[axis]) - Math.max(start, 0);
  };
  const [times, rows] = shape;
  return Float32Array.from({ length: times * rows }, (_, i) => {
    const taken = inside(0, Math.floor(i / rows)) * inside(1, i % rows);
    return (kernel[0] * kernel[1]) / taken;
  });
}

function pad(
  name: string,
  x: string,
  sides: readonly number[],
  value: number,
  { tfjs }: TfjsContext,
): string {
  const paddings = tfjs.integers(`${name}/sides`, sides, [4, 2]);
  return tfjs.node('PadV2', name, [x, paddings, tfjs.floats(`${name}/value`, Float32Array.of(value), [])]);
}

export const resize: TfjsOp<ResizeNode> = (node, [x], context) => {
  // Nearest resizing multiplies by a float32 ratio, whose rounding can pick the row before: rows are picked by number.
  if (node.mode === 'nearest') return pickRows(node, pickRows(node, x, 0, context), 1, context).value;
  const { tfjs } = context;
  const size = tfjs.integers(`${node.name}/size`, [node.shape[0], node.shape[1]]);
  const attributes = { align_corners: false, half_pixel_centers: true };
  return tfjs.node('ResizeBilinear', node.name, [x.value, size], attributes);
};

/** Rows ⌊i · in / out⌋ along time (axis 0) or frequency (1). */
function pickRows(node: ResizeNode, x: ExportedMap, axis: 0 | 1, { tfjs }: TfjsContext): ExportedMap {
  const [from, to] = [x.shape[axis], node.shape[axis]];
  if (from === to) return x;
  const rows = Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
  const places = tfjs.integers(`${node.name}/rows`, rows);
  const along = tfjs.integers(`${node.name}/axis`, [axis + 1], []);
  const name = axis === 0 ? `${node.name}/times` : node.name;
  const value = tfjs.node('GatherV2', name, [x.value, places, along], { batch_dims: 0 });
  return { value, shape: axis === 0 ? [to, x.shape[1], x.shape[2]] : [x.shape[0], to, x.shape[2]] };
}

export const mean: TfjsOp<MeanNode> = (node, [x], { tfjs }) => {
  if (node.axes.length === 0) return x.value;
  const axes = tfjs.integers(
    `${node.name}/axes`,
    node.axes.map((axis) => AXES[axis]),
  );
  return tfjs.node('Mean', node.name, [x.value, axes], { keep_dims: true });
};
