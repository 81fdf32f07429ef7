/** What the methods of GraphBuilder take and give. */
import type { Padding, Pair, Shape } from './graph.js';

/** What a builder method returns: a handle on a node's output. */
export interface Value {
  readonly name: string;
  readonly shape: Shape;
}

export interface Named {
  /** Defaults to the op's name, numbered where it is taken; prefixed by the current scope. */
  readonly name?: string;
}

export interface ConvOptions extends Named {
  readonly kernel?: Pair;
  readonly stride?: Pair;
  readonly dilation?: Pair;
  /** Default: symmetric, dilation × ⌊kernel / 2⌋ on each side. */
  readonly padding?: Padding;
  readonly bias?: boolean;
}

export interface Conv2dOptions extends ConvOptions {
  readonly channels: number;
  readonly groups?: number;
}

export interface BatchNormOptions extends Named {
  readonly bands?: number;
  readonly epsilon?: number;
  /** What γ starts at (1). */
  readonly gamma?: number;
}

export interface PoolOptions extends Named {
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly padding?: Padding;
  readonly countPadding?: boolean;
}

/** Symmetric padding of half a (dilated) kernel, as in the papers' PyTorch code. */
export function halfPadding(kernel: Pair, dilation: Pair = [1, 1]): Padding {
  const side = (axis: 0 | 1): Pair => {
    const half = dilation[axis] * Math.floor(kernel[axis] / 2);
    return [half, half];
  };
  return [side(0), side(1)];
}

export const NO_PADDING: Padding = [
  [0, 0],
  [0, 0],
];
