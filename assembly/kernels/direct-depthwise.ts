/**
 * Depthwise convolutions for inference: four channels of five outputs at a time, so that sums do not wait for one another (maps
 * of 40 bands are halved to 20, 10 and 5). Those of 3 × 3 and 1 × 3 taps that sliding-depthwise.ts takes are not here.
 */
import { Act } from '../op';
import { clearSides, fillStrip } from './frame';
import { activate4, fma4, real, storeLanes, word } from './simd';

// x, w, bias, y, frame (or 0), then: T, F, C, To, Fo, kt, kf, st, sf, dt, df, pt, pf, act, slope,
// output lines of a strip (which pass all channels before the next) and columns of the frame, numbers from position to position of x and of y
const DIMS: i32 = 5;
// @ts-ignore: decorator
@inline
function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}

// What a call's loops share: bytes to the next tap along each axis, to the next tap's weights, and how outputs end.
let timeTap: usize = 0;
let tap: usize = 0;
let row: usize = 0;
let kt: i32 = 0;
let kf: i32 = 0;
let act: i32 = 0;
let slope: f32 = 0;
let floor: v128 = f32x4.splat(0);
let start: v128 = f32x4.splat(0);
let lanes: i32 = 4;

// @ts-ignore: decorator
@inline
function put(y: usize, v: v128): void {
  storeLanes(y, act > Act.Relu ? activate4(act, v, slope) : f32x4.pmax(v, floor), lanes);
}

// @ts-ignore: decorator
@inline
function putFive(y: usize, step: usize, a: v128, b: v128, c: v128, d: v128, e: v128): void {
  if (act > Act.Relu || lanes < 4) {
    put(y, a);
    put(y + step, b);
    put(y + 2 * step, c);
    put(y + 3 * step, d);
    put(y + 4 * step, e);
    return;
  }
  const low = floor;
  v128.store(y, f32x4.pmax(a, low));
  v128.store((y += step), f32x4.pmax(b, low));
  v128.store((y += step), f32x4.pmax(c, low));
  v128.store((y += step), f32x4.pmax(d, low));
  v128.store((y += step), f32x4.pmax(e, low));
}

/** Any taps, five outputs `step` bytes apart at a time. */
function byFive(from: usize, line: usize, step: usize, weights: usize, to: usize, yLine: usize, yStep: usize, lines: i32, count: i32): void {
  const next = row;
  // A column of taps is walked as a row of them is.
  const upright = kf == 1;
  const rows = upright ? 1 : kt, taps = upright ? kt : kf;
  const aside = upright ? timeTap : tap, below = timeTap;
  for (let t = 0; t < lines; t++) {
    for (let o = 0; o < count; o += 5) {
      const at = <usize>min(o, count - 5);
      let x = from + at * step;
      let w = weights;
      let a = start, b = a, c = a, d = a, e = a;
      for (let u = 0; u < rows; u++) {
        let p = x;
        for (let v = 0; v < taps; v++) {
          const q = v128.load(w);
          a = fma4(v128.load(p), q, a);
          b = fma4(v128.load(p + step), q, b);
          c = fma4(v128.load(p + 2 * step), q, c);
          d = fma4(v128.load(p + 3 * step), q, d);
          e = fma4(v128.load(p + 4 * step), q, e);
          w += next;
          p += aside;
        }
        x += below;
      }
      putFive(to + at * yStep, yStep, a, b, c, d, e);
    }
    from += line;
    to += yLine;
  }
}

/** Rows of three or five taps as far apart as the outputs: each number is loaded once. */
// @ts-ignore: decorator
@inline
function rowsShared(long: bool, from: usize, line: usize, step: usize, weights: usize, to: usize, yLine: usize, yStep: usize, lines: i32, count: i32): void {
  const next = row, aside = tap;
  const rows = kt, below = timeTap;
  for (let t = 0; t < lines; t++) {
    for (let o = 0; o < count; o += 5) {
      const at = <usize>min(o, count - 5);
      const x = from + at * step;
      const y = to + at * yStep;
      let w = weights;
      let a = start, b = a, c = a, d = a, e = a;
      let f = a, g = a, h = a, i = a, j = a;
      let p = x;
      let s: v128;
      for (let u = 0; u < rows; u++) {
        const w0 = v128.load(w);
        const w1 = v128.load(w + next);
        const w2 = v128.load(w + 2 * next);
        const w3 = long ? v128.load(w + 3 * next) : w2;
        const w4 = long ? v128.load(w + 4 * next) : w2;
        w += long ? 5 * next : 3 * next;
        s = v128.load(p);
        a = fma4(s, w0, a);
        s = v128.load(p + aside);
        f = f32x4.mul(s, w1);
        b = fma4(s, w0, b);
        s = v128.load(p + 2 * aside);
        a = fma4(s, w2, a);
        g = f32x4.mul(s, w1);
        c = fma4(s, w0, c);
        s = v128.load(p + 3 * aside);
        if (long) f = fma4(s, w3, f);
        b = fma4(s, w2, b);
        h = f32x4.mul(s, w1);
        d = fma4(s, w0, d);
        s = v128.load(p + 4 * aside);
        if (long) a = fma4(s, w4, a);
        if (long) g = fma4(s, w3, g);
        c = fma4(s, w2, c);
        i = f32x4.mul(s, w1);
        e = fma4(s, w0, e);
        s = v128.load(p + 5 * aside);
        if (long) b = fma4(s, w4, b);
        if (long) h = fma4(s, w3, h);
        d = fma4(s, w2, d);
        j = f32x4.mul(s, w1);
        s = v128.load(p + 6 * aside);
        e = fma4(s, w2, e);
        if (long) {
          c = fma4(s, w4, c);
          i = fma4(s, w3, i);
          s = v128.load(p + 7 * aside);
          d = fma4(s, w4, d);
          j = fma4(s, w3, j);
          s = v128.load(p + 8 * aside);
          e = fma4(s, w4, e);
        }
        p += below;
        a = f32x4.add(a, f);
        b = f32x4.add(b, g);
        c = f32x4.add(c, h);
        d = f32x4.add(d, i);
        e = f32x4.add(e, j);
      }
      putFive(y, yStep, a, b, c, d, e);
    }
    from += line;
    to += yLine;
  }
}

function threesShared(from: usize, line: usize, step: usize, w: usize, to: usize, yLine: usize, yStep: usize, lines: i32, count: i32): void {
  rowsShared(false, from, line, step, w, to, yLine, yStep, lines, count);
}

function fivesShared(from: usize, line: usize, step: usize, w: usize, to: usize, yLine: usize, yStep: usize, lines: i32, count: i32): void {
  rowsShared(true, from, line, step, w, to, yLine, yStep, lines, count);
}

/** Whether each number is in several of a row's windows, which the kernels for rows of three and five taps know. */
// @ts-ignore: decorator
@inline
function isShared(step: usize): bool {
  return step == tap && (kf == 3 || kf == 5);
}

/** One output by any taps, summed in the order of byFive, which takes maps as narrow when they are longer. */
function single(x: usize, w: usize, y: usize): void {
  let sum = start;
  for (let u = 0; u < kt; u++) {
    let r = x + <usize>u * timeTap;
    for (let v = 0; v < kf; v++) {
      sum = fma4(v128.load(r), v128.load(w), sum);
      r += tap;
      w += row;
    }
  }
  put(y, sum);
}

/** Four channels of `lines` × `columns` outputs, five of a line at a time; the last five may be some that were there already. */
function fives(x: usize, line: usize, step: usize, w: usize, y: usize, yLine: usize, yStep: usize, lines: i32, columns: i32): void {
  if (!isShared(step)) byFive(x, line, step, w, y, yLine, yStep, lines, columns);
  else if (kf == 5) fivesShared(x, line, step, w, y, yLine, yStep, lines, columns);
  else threesShared(x, line, step, w, y, yLine, yStep, lines, columns);
}

/** Four channels of `lines` × `columns` outputs; narrow maps have their fives along time. */
function channels(x: usize, line: usize, step: usize, w: usize, y: usize, yLine: usize, yStep: usize, lines: i32, columns: i32): void {
  if (columns >= 5) {
    fives(x, line, step, w, y, yLine, yStep, lines, columns);
  } else if (lines >= 5) {
    fives(x, step, line, w, y, yStep, yLine, columns, lines);
  } else {
    for (let t = 0; t < lines; t++) {
      for (let f = 0; f < columns; f++) single(x + <usize>t * line + <usize>f * step, w, y + <usize>t * yLine + <usize>f * yStep);
    }
  }
}

/** y = act(bias + w ∗ x), channel by channel. */
export function directDepthwise(a: usize, clips: i32): void {
  const F = dim(a, 1);
  const C = dim(a, 2);
  const To = dim(a, 3);
  const Fo = dim(a, 4);
  const st = dim(a, 7);
  kt = dim(a, 5);
  kf = dim(a, 6);
  act = dim(a, 13);
  slope = real(a, DIMS + 14);
  floor = f32x4.splat(act == Act.Relu ? 0 : -Infinity);
  const frame = <usize>word(a, 4);
  const columns = dim(a, 16);
  const given = <usize>dim(a, 17) << 2;
  const position = frame ? <usize>C << 2 : given;
  const yStep = <usize>dim(a, 18) << 2;
  const line = <usize>columns * position;
  row = <usize>C << 2;
  tap = <usize>dim(a, 10) * position;
  timeTap = <usize>dim(a, 9) * line;
  const strip = dim(a, 15);
  if (frame) clearSides(frame, (strip - 1) * st + (kt - 1) * dim(a, 9) + 1, columns, C, dim(a, 12), F);
  const bias = <usize>word(a, 2);
  for (let clip = 0; clip < clips; clip++) {
    const map = <usize>word(a, 0) + <usize>(clip * dim(a, 0) * F) * given;
    let y = <usize>word(a, 3) + <usize>(clip * To * Fo) * yStep;
    for (let t = 0; t < To; t += strip) {
      const count = min(strip, To - t);
      const first = t * st - dim(a, 11);
      let x = map + <usize>first * line;
      if (frame) {
        fillStrip(frame, first, (count - 1) * st + (kt - 1) * dim(a, 9) + 1, columns, C, dim(a, 12), map, given, dim(a, 0), F);
        x = frame;
      }
      for (let c = 0; c < C; c += 4) {
        const at = <usize>c << 2;
        start = bias ? v128.load(bias + at) : f32x4.splat(0);
        lanes = min(4, C - c);
        channels(x + at, <usize>st * line, <usize>dim(a, 8) * position, word(a, 1) + at, y + at, <usize>Fo * yStep, yStep, count, Fo);
      }
      y += <usize>(count * Fo) * yStep;
    }
  }
}
