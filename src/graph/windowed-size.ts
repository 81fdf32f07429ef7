/** How many places a window has on a map; checks that it fits there. */
import { checkPair, checkWhole, nodeFault as fault } from './check-node.js';
import type { Conv2dNode, DepthwiseConv2dNode, Padding, Pair, PoolNode, Shape } from './graph.js';

interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation?: Pair;
}

/** ⌊(in + padding − dilation · (kernel − 1) − 1) / stride⌋ + 1 on each axis. */
export function windowedSize(input: Shape, window: Window, node: string): [number, number] {
  checkWindow(node, window);
  const { kernel, stride, padding } = window;
  const size = (axis: 0 | 1) => {
    const dilation = window.dilation?.[axis] ?? 1;
    const [before, after] = padding[axis];
    const reach = dilation * (kernel[axis] - 1) + 1;
    const out = Math.floor((input[axis] + before + after - reach) / stride[axis]) + 1;
    if (out < 1)
      throw fault(node, `at least ${reach} positions on axis ${axis}`, input[axis] + before + after);
    return out;
  };
  return [size(0), size(1)];
}

function checkWindow(node: string, { kernel, stride, dilation = [1, 1], padding }: Window): void {
  for (const [field, pair] of Object.entries({ kernel, stride, dilation })) {
    checkPair(node, field, pair);
    for (const side of pair) checkWhole(node, field, side);
  }
  checkPair(node, 'padding', padding);
  for (const sides of padding) {
    if (!Array.isArray(sides) || sides.length !== 2)
      throw fault(node, 'padding to be [before, after] on each axis', sides);
    if (!sides.every((side) => Number.isInteger(side) && side >= 0))
      throw fault(node, 'padding to be whole numbers of 0 or more', sides);
  }
}

/** Of a convolution, whose windows may not all lie in the padding before the map. */
export function convolvedSize(
  input: Shape,
  node: Omit<Conv2dNode | DepthwiseConv2dNode, 'shape'>,
): [number, number] {
  const size = windowedSize(input, node, node.name);
  const { kernel, stride, dilation, padding } = node;
  padding.forEach(([before], axis) => {
    const end = (size[axis] - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1;
    if (before >= end) throw fault(node.name, `padding of less than ${end} before axis ${axis}`, before);
  });
  return size;
}

/** Of a pool, none of whose windows may lie in the padding alone: it would hold no number. */
export function pooledSize(input: Shape, node: Omit<PoolNode, 'shape'>): Shape {
  const size = windowedSize(input, node, node.name);
  node.padding.forEach((sides, axis) => {
    if (Math.max(...sides) >= node.kernel[axis])
      throw fault(node.name, `padding below the kernel of ${node.kernel[axis]}`, sides.join(', '));
  });
  return [...size, input[2]];
}
