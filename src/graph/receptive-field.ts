/** How much of the input one number of a map looks at. */
import type { Graph, GraphNode, Pair, Shape } from './graph.js';
import { nodesByName, sizeOf } from './graph.js';

export interface ReceptiveField {
  /**
   * Input positions in time that one position of the map depends on, at most all there are; a mean over positions, to a tenth, where
   * a resize lets them see differently many.
   */
  readonly frames: number;
  /** The same in frequency. */
  readonly bands: number;
}

/** On one axis: input positions that slices have gone past, positions seen from there on, and positions between two neighbours of the map. */
interface Axis {
  readonly from: number;
  readonly seen: number;
  readonly step: number;
}

/**
 * The receptive field of every node, of the first input. A window of reach r over a map of field s and step j sees s + (r − 1) j, its
 * stride multiplies j; branches that meet see what either sees, slices of one map beside each other what they span; a mean sees its whole axis. A gate that is one number a channel
 * (squeeze-excitation) does not count, as is usual, although it depends on the whole clip.
 *
 * Source: Araujo, Norris and Sim, 2019, "Computing Receptive Fields of Convolutional Neural Networks", section 2.
 */
export function receptiveFields(graph: Graph): ReadonlyMap<string, ReceptiveField> {
  const [frames, bands] = nodesByName(graph).get(graph.inputs[0])!.shape;
  const fields = [...axesOf(graph, exactZoom)].map(([name, [time, frequency]]): [string, ReceptiveField] => [
    name,
    { frames: tenths(Math.min(frames, time.seen)), bands: tenths(Math.min(bands, frequency.seen)) },
  ]);
  return new Map(fields);
}

function tenths(value: number): number {
  return Math.round(10 * value) / 10;
}

/**
 * The most input positions, in time and in frequency, that lie between two neighbours of any map: a network's total stride. What
 * is resized counts by whole factors: 13 positions brought back to 25 are taken for twice as many.
 */
export function totalStride(graph: Graph): Pair {
  const axes = axesOf(graph, wholeZoom);
  const largest = (axis: 0 | 1) =>
    Math.max(1, ...graph.nodes.filter(isMap).map(({ name }) => axes.get(name)![axis].step));
  return [largest(0), largest(1)];
}

/** Whether a node still has places to tell apart. */
function isMap({ shape: [time, frequency] }: GraphNode): boolean {
  return time > 1 || frequency > 1;
}

/** By what a resize multiplies the step. */
type Zoom = (from: number, to: number) => number;

const exactZoom: Zoom = (from, to) => from / to;
const wholeZoom: Zoom = (from, to) => (to < from ? Math.round(from / to) : 1 / Math.round(to / from));

type Axes = ReadonlyMap<string, readonly [Axis, Axis]>;

function axesOf(graph: Graph, zoom: Zoom): Axes {
  const nodes = nodesByName(graph);
  const axes = new Map<string, readonly [Axis, Axis]>();
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => nodes.get(name)!);
    const on = (axis: 0 | 1) => axisOf(node, inputs, { axes, axis, zoom });
    axes.set(node.name, [on(0), on(1)]);
  }
  return axes;
}

function axisOf(
  node: GraphNode,
  inputs: readonly GraphNode[],
  { axes, axis, zoom }: { readonly axes: Axes; readonly axis: 0 | 1; readonly zoom: Zoom },
): Axis {
  if (node.op === 'input') return { from: 0, seen: 1, step: 1 };
  const maps = mapsOf(node, inputs);
  const before = widest(maps.map(({ name }) => axes.get(name)![axis]));
  if ('kernel' in node) {
    const dilation = 'dilation' in node ? node.dilation[axis] : 1;
    const reach = dilation * (node.kernel[axis] - 1) + 1;
    const seen = before.seen + (reach - 1) * before.step;
    return { ...before, seen, step: before.step * node.stride[axis] };
  }
  if (node.op === 'mean' && node.axes.includes(axis === 0 ? 'time' : 'frequency'))
    return { ...before, seen: Number.POSITIVE_INFINITY };
  if (node.op === 'slice') return { ...before, from: before.from + node.start[axis] * before.step };
  if (node.op === 'resize') {
    const [from, to] = [maps[0].shape[axis], node.shape[axis]];
    const between = node.mode === 'bilinear' && from !== to ? before.step : 0;
    return { ...before, seen: before.seen + between, step: before.step * zoom(from, to) };
  }
  if (node.op === 'reshape' && maps[0].shape[axis] !== node.shape[axis] && node.shape[axis] === 1)
    return { ...before, seen: before.seen + (maps[0].shape[axis] - 1) * before.step };
  return before;
}

/** What a node reads but for gates beside a map; a small map alone is a map. */
function mapsOf(node: GraphNode, inputs: readonly GraphNode[]): readonly GraphNode[] {
  const maps = inputs.filter(({ shape }) => !isGate(shape, node.shape));
  return maps.length > 0 ? maps : inputs;
}

/** One number a channel beside a map of many positions. */
function isGate([t, f, c]: Shape, out: Shape): boolean {
  return t === 1 && f === 1 && c === out[2] && sizeOf(out) > c;
}

function widest(axes: readonly Axis[]): Axis {
  const from = Math.min(...axes.map((axis) => axis.from));
  return {
    from,
    seen: Math.max(...axes.map((axis) => axis.from + axis.seen)) - from,
    step: Math.max(...axes.map(({ step }) => step)),
  };
}
