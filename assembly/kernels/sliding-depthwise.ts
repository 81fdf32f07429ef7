/**
 * Depthwise convolutions of 3 × 3 or 1 × 3 taps whose windows touch or overlap along frequency: a column of numbers is loaded once
 * for all windows that it is in, and edges need no copy of the map: lines beyond it are a line of zeros, columns are left out.
 * Four channels of some lines at a time, so that lines stay in the first cache until all channels have passed.
 */
import { Act } from '../op';
import { activate4, fma4, real, storeLanes, word } from './simd';

// x, w, bias (or 0), y, a line of zeros, then: T, F, C, To, Fo, kt (1 or 3), st, sf (1 or 2), dt, pt, pf (0 or 1), output lines of a strip,
// numbers from position to position of x and of y; for outputs: act, slope, accumulate
const DIMS: i32 = 5;
// @ts-ignore: decorator
@inline
export function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}

// What a call's loops share.
export let T: i32 = 0;
export let F: i32 = 0;
export let Fo: i32 = 0;
export let st: i32 = 0;
export let dt: i32 = 0;
export let pt: i32 = 0;
export let pf: i32 = 0;
/** Bytes from line to line and from position to position of x, from position to position of y and of the weights. */
export let line: usize = 0;
export let step: usize = 0;
export let yStep: usize = 0;
export let row: usize = 0;
export let zeros: usize = 0;
let lanes: i32 = 4;
let act: i32 = 0;
let slope: f32 = 0;
let adds: bool = false;
let plain: bool = false;

export function setSizes(a: usize): void {
  T = dim(a, 0);
  F = dim(a, 1);
  Fo = dim(a, 4);
  st = dim(a, 6);
  dt = dim(a, 8);
  pt = dim(a, 9);
  pf = dim(a, 10);
  step = <usize>dim(a, 12) << 2;
  line = <usize>F * step;
  yStep = <usize>dim(a, 13) << 2;
  row = <usize>dim(a, 2) << 2;
  zeros = word(a, 4);
}

/** Line t of the map at x, or zeros. */
// @ts-ignore: decorator
@inline
export function lineOf(x: usize, t: i32): usize {
  return <u32>t < <u32>T ? x + <usize>t * line : zeros;
}

// @ts-ignore: decorator
@inline
function put(y: usize, v: v128, floor: v128): void {
  if (plain) {
    v128.store(y, f32x4.pmax(v, floor));
    return;
  }
  if (adds) v = f32x4.add(v, v128.load(y));
  storeLanes(y, act > Act.Relu ? activate4(act, v, slope) : f32x4.pmax(v, floor), lanes);
}

/** Output lines from … end − 1 of four channels; the sum of a window runs column by column. `tall`: three lines; `two`: windows lie two columns apart. */
// @ts-ignore: decorator
@inline
function slide(tall: bool, two: bool, x: usize, w: usize, y: usize, start: v128, from: i32, end: i32): void {
  const w0 = v128.load(w);
  const w1 = v128.load(w + row);
  const w2 = v128.load(w + 2 * row);
  const w3 = tall ? v128.load(w + 3 * row) : w0;
  const w4 = tall ? v128.load(w + 4 * row) : w0;
  const w5 = tall ? v128.load(w + 5 * row) : w0;
  const w6 = tall ? v128.load(w + 6 * row) : w0;
  const w7 = tall ? v128.load(w + 7 * row) : w0;
  const w8 = tall ? v128.load(w + 8 * row) : w0;
  const floor = f32x4.splat(act == Act.Relu ? 0 : -Infinity);
  const columns = F, right = step, next = yStep, outputs = Fo;
  const begin = pf;
  for (let t = from; t < end; t++) {
    const above = t * st - pt;
    let p0 = lineOf(x, above);
    let p1 = tall ? lineOf(x, above + dt) : p0;
    let p2 = tall ? lineOf(x, above + 2 * dt) : p0;
    if (two) {
      let b = start;
      if (!begin) {
        b = fma4(v128.load(p0), w0, b);
        if (tall) b = fma4(v128.load(p1), w3, b);
        if (tall) b = fma4(v128.load(p2), w6, b);
        p0 += right;
        if (tall) p1 += right;
        if (tall) p2 += right;
      }
      // Columns that no whole pair of is left for: the last window ends outside the map.
      const whole = 2 * outputs - begin < columns ? outputs : outputs - 1;
      for (let f = 0; f < whole; f++) {
        b = fma4(v128.load(p0), w1, b);
        if (tall) b = fma4(v128.load(p1), w4, b);
        if (tall) b = fma4(v128.load(p2), w7, b);
        p0 += right;
        if (tall) p1 += right;
        if (tall) p2 += right;
        let s = v128.load(p0);
        b = fma4(s, w2, b);
        let a = fma4(s, w0, start);
        if (tall) s = v128.load(p1);
        if (tall) b = fma4(s, w5, b);
        if (tall) a = fma4(s, w3, a);
        if (tall) s = v128.load(p2);
        if (tall) b = fma4(s, w8, b);
        if (tall) a = fma4(s, w6, a);
        put(y, b, floor);
        b = a;
        p0 += right;
        if (tall) p1 += right;
        if (tall) p2 += right;
        y += next;
      }
      if (whole < outputs) {
        b = fma4(v128.load(p0), w1, b);
        if (tall) b = fma4(v128.load(p1), w4, b);
        if (tall) b = fma4(v128.load(p2), w7, b);
        put(y, b, floor);
        y += next;
      }
    } else {
      const last = min(columns, outputs + 2 - begin);
      let a = start, b = start;
      for (let f = begin - 2; f < last + begin - 2; f++) {
        let s = v128.load(p0);
        let sum = fma4(s, w2, a);
        a = fma4(s, w1, b);
        b = fma4(s, w0, start);
        if (tall) s = v128.load(p1);
        if (tall) sum = fma4(s, w5, sum);
        if (tall) a = fma4(s, w4, a);
        if (tall) b = fma4(s, w3, b);
        if (tall) s = v128.load(p2);
        if (tall) sum = fma4(s, w8, sum);
        if (tall) a = fma4(s, w7, a);
        if (tall) b = fma4(s, w6, b);
        if (f >= 0) {
          put(y, sum, floor);
          y += next;
        }
        p0 += right;
        if (tall) p1 += right;
        if (tall) p2 += right;
      }
      if (outputs + 2 - begin > columns) {
        put(y, a, floor);
        y += next;
      }
    }
  }
}

function tallByOne(x: usize, w: usize, y: usize, start: v128, from: i32, end: i32): void {
  slide(true, false, x, w, y, start, from, end);
}

function tallByTwo(x: usize, w: usize, y: usize, start: v128, from: i32, end: i32): void {
  slide(true, true, x, w, y, start, from, end);
}

function flatByOne(x: usize, w: usize, y: usize, start: v128, from: i32, end: i32): void {
  slide(false, false, x, w, y, start, from, end);
}

function flatByTwo(x: usize, w: usize, y: usize, start: v128, from: i32, end: i32): void {
  slide(false, true, x, w, y, start, from, end);
}

/** y = act(bias + w ∗ x), channel by channel, or y + w ∗ x. */
export function slidingDepthwise(a: usize, clips: i32): void {
  setSizes(a);
  const C = dim(a, 2);
  const To = dim(a, 3);
  const strip = dim(a, 11);
  const bias = <usize>word(a, 2);
  act = dim(a, 14);
  slope = real(a, DIMS + 15);
  adds = dim(a, 16) != 0;
  for (let clip = 0; clip < clips; clip++) {
    const x = <usize>word(a, 0) + <usize>(clip * T) * line;
    const y = <usize>word(a, 3) + <usize>(clip * To * Fo) * yStep;
    for (let t = 0; t < To; t += strip) {
      const end = min(To, t + strip);
      for (let c = 0; c < C; c += 4) {
        const at = <usize>c << 2;
        const start = bias ? v128.load(bias + at) : f32x4.splat(0);
        lanes = min(4, C - c);
        plain = lanes == 4 && act <= Act.Relu && !adds;
        const to = y + <usize>(t * Fo) * yStep + at;
        const w = <usize>word(a, 1) + at;
        if (dim(a, 5) == 3) {
          if (dim(a, 7) == 2) tallByTwo(x + at, w, to, start, t, end);
          else tallByOne(x + at, w, to, start, t, end);
        } else if (dim(a, 7) == 2) {
          flatByTwo(x + at, w, to, start, t, end);
        } else {
          flatByOne(x + at, w, to, start, t, end);
        }
      }
    }
  }
}
