/** Clips as depthwise windows want them, in a frame of zeros where windows reach over the edges, and the steps from window to window. */
import { word } from './simd';

// x, w, bias, y, scratch, then: T, F, C, To, Fo, kt, kf, st, sf, dt, df, pt, pf, multiplier, act, slope, accumulate
export const DIMS: i32 = 5;
// @ts-ignore: decorator
@inline
export function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}

/** Lines and columns that windows reach over. */
// @ts-ignore: decorator
@inline
function reachedLines(a: usize): i32 {
  return (dim(a, 3) - 1) * dim(a, 7) + (dim(a, 5) - 1) * dim(a, 9) + 1;
}
// @ts-ignore: decorator
@inline
function reachedColumns(a: usize): i32 {
  return (dim(a, 4) - 1) * dim(a, 8) + (dim(a, 6) - 1) * dim(a, 10) + 1;
}

/** Whether windows reach over the edges, so that the clip must be framed. */
// @ts-ignore: decorator
@inline
function framed(a: usize): bool {
  return dim(a, 11) > 0 || dim(a, 12) > 0 || reachedLines(a) > dim(a, 0) || reachedColumns(a) > dim(a, 1);
}

// What a call's loops share.
/** Whether clips are copied into the frame. */
let copied: bool = false;
/** Bytes of a position; from line to line and from position to position of windows; from tap to tap along frequency and along time. */
export let row: usize = 0;
export let line: usize = 0;
export let step: usize = 0;
export let tap: usize = 0;
export let timeTap: usize = 0;
/** Where lines follow on one another without a gap, all positions are one long line. */
export let lines: i32 = 0;
export let count: i32 = 0;

/** Prepares the loops of a call, and its frame if it has one. */
export function setWindows(a: usize): void {
  copied = framed(a);
  if (copied) clearFrame(a);
  const columns = copied ? reachedColumns(a) : dim(a, 1);
  row = <usize>dim(a, 2) << 2;
  line = <usize>(dim(a, 7) * columns) * row;
  step = <usize>dim(a, 8) * row;
  tap = <usize>dim(a, 10) * row;
  timeTap = <usize>(dim(a, 9) * columns) * row;
  const joined = dim(a, 7) == 1 && dim(a, 8) == 1 && columns == dim(a, 4);
  lines = joined ? 1 : dim(a, 3);
  count = joined ? dim(a, 3) * dim(a, 4) : dim(a, 4);
}

/** The clip as windows want it: itself, or its copy in the frame (whose border is zero already). */
export function frame(a: usize, clip: i32): usize {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const x = <usize>word(a, 0) + (<usize>(clip * T * F * C) << 2);
  if (!copied) return x;
  const scratch = <usize>word(a, 4);
  const pt = dim(a, 11);
  const pf = dim(a, 12);
  const columns = reachedColumns(a);
  const lines = min(T, reachedLines(a) - pt);
  const bytes = <usize>(min(F, columns - pf) * C) << 2;
  for (let t = 0; t < lines; t++) {
    memory.copy(scratch + (<usize>(((t + pt) * columns + pf) * C) << 2), x + (<usize>(t * F * C) << 2), bytes);
  }
  return scratch;
}

function clearFrame(a: usize): void {
  memory.fill(word(a, 4), 0, <usize>(reachedLines(a) * reachedColumns(a) * dim(a, 2)) << 2);
}
