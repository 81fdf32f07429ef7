/**
 * Depthwise convolutions of 1 × 3 taps over maps as wide as their results, in training: lines know nothing of one another, so those of all
 * clips are one list, and edges are written out instead of asked for. Four channels of some lines at a time.
 */
import { fma4, word } from './simd';
import { linesOf } from './strips';

/** Numbers of a map taken at a time, beside as many results. */
const STRIP: i32 = 1024;

// @ts-ignore: decorator
@inline
function put(adds: bool, y: usize, v: v128): void {
  v128.store(y, adds ? f32x4.add(v, v128.load(y)) : v);
}

/** Four channels of some lines of `columns` ≥ 2, `row` bytes from position to position. */
// @ts-ignore: decorator
@inline
function convolve(adds: bool, x: usize, w: usize, y: usize, lines: i32, columns: i32, row: usize): void {
  const w0 = v128.load(w);
  const w1 = v128.load(w + row);
  const w2 = v128.load(w + 2 * row);
  for (let t = 0; t < lines; t++) {
    let left = v128.load(x);
    let middle = v128.load(x + row);
    put(adds, y, fma4(middle, w2, f32x4.mul(left, w1)));
    x += 2 * row;
    y += row;
    for (let f = 2; f < columns; f++) {
      const right = v128.load(x);
      put(adds, y, fma4(right, w2, fma4(middle, w1, f32x4.mul(left, w0))));
      left = middle;
      middle = right;
      x += row;
      y += row;
    }
    put(adds, y, fma4(middle, w1, f32x4.mul(left, w0)));
    y += row;
  }
}

function replace(x: usize, w: usize, y: usize, lines: i32, columns: i32, row: usize): void {
  convolve(false, x, w, y, lines, columns, row);
}

function add(x: usize, w: usize, y: usize, lines: i32, columns: i32, row: usize): void {
  convolve(true, x, w, y, lines, columns, row);
}

/** x, w, y, then: lines of a clip, columns ≥ 2, channels in fours, whether to add: y = w ∗ x, or y + w ∗ x. */
export function depthwise1x3(a: usize, clips: i32): void {
  const lines = word(a, 3) * clips;
  const columns = word(a, 4);
  const C = word(a, 5);
  const adds = word(a, 6) != 0;
  const row = <usize>C << 2;
  const strip = max(4, STRIP / (columns * C));
  for (let t = 0; t < lines; t += strip) {
    const count = min(strip, lines - t);
    const from = <usize>(t * columns) * row;
    for (let at: usize = 0; at < row; at += 16) {
      const x = <usize>word(a, 0) + from + at;
      const y = <usize>word(a, 2) + from + at;
      if (adds) add(x, <usize>word(a, 1) + at, y, count, columns, row);
      else replace(x, <usize>word(a, 1) + at, y, count, columns, row);
    }
  }
}

/** Adds Σ x · dy of four channels to three gradients. Columns take turns at two sums each, which need not wait for one another. */
function correlate(x: usize, dy: usize, g: usize, lines: i32, columns: i32, row: usize): void {
  let a0 = v128.load(g);
  let a1 = v128.load(g + row);
  let a2 = v128.load(g + 2 * row);
  let b0 = f32x4.splat(0);
  let b1 = b0;
  let b2 = b0;
  for (let t = 0; t < lines; t++) {
    let left = v128.load(x);
    let middle = v128.load(x + row);
    x += 2 * row;
    let d = v128.load(dy);
    dy += row;
    a1 = fma4(left, d, a1);
    a2 = fma4(middle, d, a2);
    let f = 3;
    for (; f < columns; f += 2) {
      d = v128.load(dy);
      const right = v128.load(x);
      b0 = fma4(left, d, b0);
      b1 = fma4(middle, d, b1);
      b2 = fma4(right, d, b2);
      d = v128.load(dy + row);
      const next = v128.load(x + row);
      a0 = fma4(middle, d, a0);
      a1 = fma4(right, d, a1);
      a2 = fma4(next, d, a2);
      left = right;
      middle = next;
      x += 2 * row;
      dy += 2 * row;
    }
    if (f == columns) {
      d = v128.load(dy);
      const right = v128.load(x);
      b0 = fma4(left, d, b0);
      b1 = fma4(middle, d, b1);
      b2 = fma4(right, d, b2);
      left = middle;
      middle = right;
      x += row;
      dy += row;
    }
    d = v128.load(dy);
    dy += row;
    a0 = fma4(left, d, a0);
    b1 = fma4(middle, d, b1);
  }
  v128.store(g, f32x4.add(a0, b0));
  v128.store(g + row, f32x4.add(a1, b1));
  v128.store(g + 2 * row, f32x4.add(a2, b2));
}

/** x, dy, dw (added to), then: lines of a clip, columns ≥ 2, channels in fours. */
export function depthwise1x3WeightGradient(a: usize, clips: i32): void {
  const lines = word(a, 3) * clips;
  const columns = word(a, 4);
  const C = word(a, 5);
  const row = <usize>C << 2;
  const strip = linesOf(columns * C);
  for (let t = 0; t < lines; t += strip) {
    const count = min(strip, lines - t);
    const from = <usize>(t * columns) * row;
    for (let at: usize = 0; at < row; at += 16) {
      correlate(<usize>word(a, 0) + from + at, <usize>word(a, 1) + from + at, <usize>word(a, 2) + at, count, columns, row);
    }
  }
}
