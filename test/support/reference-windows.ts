/** Naive convolutions, pools and resizes. */
import type { Conv2dNode, DepthwiseConv2dNode, PoolNode, ResizeNode, Shape } from '../../src/graph/graph.js';
import { at, fill, type Maps, type OpContext } from './reference-maps.js';

/** Calls `visit` for every kernel tap of an output position that falls inside the map. */
function taps(
  node: Conv2dNode | DepthwiseConv2dNode | PoolNode,
  input: Shape,
  t: number,
  f: number,
  visit: (t: number, f: number, kernelT: number, kernelF: number) => void,
): void {
  const [dilationT, dilationF] = 'dilation' in node ? node.dilation : [1, 1];
  for (let i = 0; i < node.kernel[0]; i++)
    for (let j = 0; j < node.kernel[1]; j++) {
      const inT = t * node.stride[0] + i * dilationT - node.padding[0][0];
      const inF = f * node.stride[1] + j * dilationF - node.padding[1][0];
      if (inT >= 0 && inT < input[0] && inF >= 0 && inF < input[1]) visit(inT, inF, i, j);
    }
}

export function conv2d(node: Conv2dNode, [x]: Maps[], context: OpContext): Float64Array {
  const weight = context.parameters[node.weight];
  const outputs = node.shape[2];
  const inputsPerGroup = x.shape[2] / node.groups;
  return fill(context.count, node.shape, (clip, t, f, o) => {
    const group = Math.floor(o / (outputs / node.groups));
    let sum = node.bias ? context.parameters[node.bias][o] : 0;
    taps(node, x.shape, t, f, (inT, inF, i, j) => {
      for (let c = 0; c < inputsPerGroup; c++) {
        const w = weight[((i * node.kernel[1] + j) * inputsPerGroup + c) * outputs + o];
        sum += w * at(x, clip, inT, inF, group * inputsPerGroup + c);
      }
    });
    return sum;
  });
}

export function depthwiseConv2d(node: DepthwiseConv2dNode, [x]: Maps[], context: OpContext): Float64Array {
  const weight = context.parameters[node.weight];
  return fill(context.count, node.shape, (clip, t, f, o) => {
    const c = Math.floor(o / node.multiplier);
    let sum = node.bias ? context.parameters[node.bias][o] : 0;
    taps(node, x.shape, t, f, (inT, inF, i, j) => {
      sum += weight[(i * node.kernel[1] + j) * node.shape[2] + o] * at(x, clip, inT, inF, c);
    });
    return sum;
  });
}

export function pool(node: PoolNode, [x]: Maps[], context: OpContext): Float64Array {
  return fill(context.count, node.shape, (clip, t, f, c) => {
    const values: number[] = [];
    taps(node, x.shape, t, f, (inT, inF) => values.push(at(x, clip, inT, inF, c)));
    if (node.op === 'maxPool') return Math.max(...values);
    const divisor = node.countPadding ? node.kernel[0] * node.kernel[1] : values.length;
    return values.reduce((sum, value) => sum + value, 0) / divisor;
  });
}

/** Pairs of (source index, weight) for one output index along one axis. */
function sources(mode: ResizeNode['mode'], i: number, from: number, to: number): [number, number][] {
  if (mode === 'nearest') return [[Math.floor((i * from) / to), 1]];
  const position = Math.max(((i + 0.5) * from) / to - 0.5, 0);
  const low = Math.floor(position);
  const part = position - low;
  return [
    [low, 1 - part],
    [Math.min(low + 1, from - 1), part],
  ];
}

export function resize(node: ResizeNode, [x]: Maps[], context: OpContext): Float64Array {
  return fill(context.count, node.shape, (clip, t, f, c) => {
    let sum = 0;
    for (const [inT, weightT] of sources(node.mode, t, x.shape[0], node.shape[0]))
      for (const [inF, weightF] of sources(node.mode, f, x.shape[1], node.shape[1]))
        sum += weightT * weightF * at(x, clip, inT, inF, c);
    return sum;
  });
}
