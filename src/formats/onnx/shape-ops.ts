/** Ops that cut, move and pool maps, in ONNX. A size of 0 in a Reshape keeps the input's, here the batch. */
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
import { padsOf } from './convolution.js';
import { AXES } from './element-ops.js';
import type { OnnxOp } from './onnx-op.js';

/** `[batch, channels, time, frequency]` → `[batch, time, frequency, channels]`, and back. */
export const CHANNELS_LAST = [0, 2, 3, 1];
export const CHANNELS_FIRST = [0, 3, 1, 2];

export const concat: OnnxOp<ConcatNode> = (node, inputs, { onnx }) =>
  onnx.node(
    'Concat',
    node.name,
    inputs.map(({ value }) => value),
    { axis: 1 },
  );

export const slice: OnnxOp<SliceNode> = (node, [x], { onnx }) => {
  const starts = onnx.integers(`${node.name}/starts`, [...node.start]);
  const ends = onnx.integers(
    `${node.name}/ends`,
    node.start.map((start, axis) => start + node.shape[axis]),
  );
  const axes = onnx.integers(`${node.name}/axes`, [AXES.time, AXES.frequency, AXES.channels]);
  return onnx.node('Slice', node.name, [x.value, starts, ends, axes]);
};

export const padChannels: OnnxOp<PadChannelsNode> = (node, [x], { onnx }) => {
  const after = node.shape[2] - node.before - x.shape[2];
  const pads = onnx.integers(`${node.name}/pads`, [0, node.before, 0, 0, 0, after, 0, 0]);
  return onnx.node('Pad', node.name, [x.value, pads]);
};

export const channelShuffle: OnnxOp<ChannelShuffleNode> = (node, [x], { onnx }) => {
  const [times, rows, channels] = node.shape;
  const split = onnx.integers(`${node.name}/split`, [0, node.groups, channels / node.groups, times, rows]);
  const grouped = onnx.node('Reshape', `${node.name}/grouped`, [x.value, split]);
  const swapped = onnx.node('Transpose', `${node.name}/swapped`, [grouped], { perm: [0, 2, 1, 3, 4] });
  const joined = onnx.integers(`${node.name}/joined`, [0, channels, times, rows]);
  return onnx.node('Reshape', node.name, [swapped, joined]);
};

/** The numbers move in the order of memory, channels last. */
export const reshape: OnnxOp<ReshapeNode> = (node, [x], { onnx }) => {
  const last = onnx.node('Transpose', `${node.name}/channels-last`, [x.value], { perm: CHANNELS_LAST });
  const dims = onnx.integers(`${node.name}/dims`, [0, ...node.shape]);
  const reshaped = onnx.node('Reshape', `${node.name}/reshaped`, [last, dims]);
  return onnx.node('Transpose', node.name, [reshaped], { perm: CHANNELS_FIRST });
};

export const pool: OnnxOp<PoolNode> = (node, [x], { onnx }) => {
  const window = { kernel_shape: node.kernel, strides: node.stride, pads: padsOf(node.padding) };
  return node.op === 'maxPool'
    ? onnx.node('MaxPool', node.name, [x.value], window)
    : onnx.node('AveragePool', node.name, [x.value], {
        ...window,
        count_include_pad: Number(node.countPadding),
      });
};

export const resize: OnnxOp<ResizeNode> = (node, inputs, context) => {
  const x = inputs[0];
  // Resize divides by a float32 ratio of the sizes, whose rounding can pick the row before: rows are picked by number.
  if (node.mode === 'nearest') return pickRows(node, pickRows(node, x, 0, context), 1, context).value;
  const { onnx } = context;
  const shape = onnx.node('Shape', `${node.name}/shape`, [x.value]);
  const [zero, one] = [0, 1].map((i) => onnx.integers(`${node.name}/bound`, [i]));
  const batch = onnx.node('Slice', `${node.name}/batch`, [shape, zero, one]);
  const rest = onnx.integers(`${node.name}/rest`, [x.shape[2], node.shape[0], node.shape[1]]);
  const sizes = onnx.node('Concat', `${node.name}/sizes`, [batch, rest], { axis: 0 });
  // No region of interest, no scales; `linear` and half-pixel centres.
  return onnx.node('Resize', node.name, [x.value, '', '', sizes], {
    mode: 'linear',
    coordinate_transformation_mode: 'half_pixel',
  });
};

/** Rows ⌊i · in / out⌋ along time (axis 0) or frequency (1). */
function pickRows(
  node: ResizeNode,
  x: ExportedMap,
  axis: 0 | 1,
  { onnx }: Parameters<OnnxOp>[2],
): ExportedMap {
  const [from, to] = [x.shape[axis], node.shape[axis]];
  if (from === to) return x;
  const rows = Array.from({ length: to }, (_, i) => Math.floor((i * from) / to));
  const picked = onnx.integers(`${node.name}/rows`, rows);
  const value = onnx.node('Gather', axis === 0 ? `${node.name}/times` : node.name, [x.value, picked], {
    axis: axis + 2,
  });
  return { value, shape: axis === 0 ? [to, x.shape[1], x.shape[2]] : [x.shape[0], to, x.shape[2]] };
}

export const mean: OnnxOp<MeanNode> = (node, [x], { onnx }) =>
  node.axes.length === 0
    ? x.value
    : onnx.node('ReduceMean', node.name, [x.value], {
        axes: node.axes.map((axis) => AXES[axis]),
        keepdims: 1,
      });
