/**
 * Gradients of sliding-depthwise.ts: of the weights, nine sums (or three) that stay in registers while a column of three numbers is loaded
 * once; of maps that windows pass two columns at a time, which are visited twice a line of windows instead of three times.
 */
import { fma4, storeLanes, word } from './simd';
import { dim, F, Fo, lineOf, pf, pt, row, setSizes, st, step, T, dt, line, yStep } from './sliding-depthwise';

/** Adds Σ x · dy over output lines from … end − 1 of four channels to nine gradients, or three. */
// @ts-ignore: decorator
@inline
function slide(tall: bool, two: bool, x: usize, dy: usize, g: usize, lanes: i32, from: i32, end: i32): void {
  let g0 = v128.load(g);
  let g1 = v128.load(g + row);
  let g2 = v128.load(g + 2 * row);
  let g3 = tall ? v128.load(g + 3 * row) : g0;
  let g4 = tall ? v128.load(g + 4 * row) : g0;
  let g5 = tall ? v128.load(g + 5 * row) : g0;
  let g6 = tall ? v128.load(g + 6 * row) : g0;
  let g7 = tall ? v128.load(g + 7 * row) : g0;
  let g8 = tall ? v128.load(g + 8 * row) : g0;
  const columns = F, right = step, next = yStep, outputs = Fo;
  const none = f32x4.splat(0);
  for (let t = from; t < end; t++) {
    const above = t * st - pt;
    let p0 = lineOf(x, above);
    let p1 = tall ? lineOf(x, above + dt) : p0;
    let p2 = tall ? lineOf(x, above + 2 * dt) : p0;
    if (two) {
      let d = v128.load(dy);
      if (!pf) {
        g0 = fma4(v128.load(p0), d, g0);
        if (tall) g3 = fma4(v128.load(p1), d, g3);
        if (tall) g6 = fma4(v128.load(p2), d, g6);
        p0 += right;
        if (tall) p1 += right;
        if (tall) p2 += right;
      }
      const whole = 2 * outputs - pf < columns ? outputs : outputs - 1;
      for (let f = 0; f < outputs; f++) {
        g1 = fma4(v128.load(p0), d, g1);
        if (tall) g4 = fma4(v128.load(p1), d, g4);
        if (tall) g7 = fma4(v128.load(p2), d, g7);
        if (f == whole) break;
        p0 += right;
        if (tall) p1 += right;
        if (tall) p2 += right;
        dy += next;
        const later = f + 1 < outputs ? v128.load(dy) : none;
        let s = v128.load(p0);
        g2 = fma4(s, d, g2);
        g0 = fma4(s, later, g0);
        if (tall) s = v128.load(p1);
        if (tall) g5 = fma4(s, d, g5);
        if (tall) g3 = fma4(s, later, g3);
        if (tall) s = v128.load(p2);
        if (tall) g8 = fma4(s, d, g8);
        if (tall) g6 = fma4(s, later, g6);
        d = later;
        p0 += right;
        if (tall) p1 += right;
        if (tall) p2 += right;
      }
      if (whole < outputs) dy += next;
    } else {
      // The gradients of the windows that a column is the right, the middle and the left one of.
      let early = none;
      let middle = none;
      let f = pf;
      if (f) {
        middle = v128.load(dy);
        dy += next;
      }
      const last = min(columns, outputs + 2 - pf);
      for (let i = 0; i < last; i++) {
        let later = none;
        if (f < outputs) {
          later = v128.load(dy);
          dy += next;
          f++;
        }
        let s = v128.load(p0);
        g0 = fma4(s, later, g0);
        g1 = fma4(s, middle, g1);
        g2 = fma4(s, early, g2);
        if (tall) s = v128.load(p1);
        if (tall) g3 = fma4(s, later, g3);
        if (tall) g4 = fma4(s, middle, g4);
        if (tall) g5 = fma4(s, early, g5);
        if (tall) s = v128.load(p2);
        if (tall) g6 = fma4(s, later, g6);
        if (tall) g7 = fma4(s, middle, g7);
        if (tall) g8 = fma4(s, early, g8);
        early = middle;
        middle = later;
        p0 += right;
        if (tall) p1 += right;
        if (tall) p2 += right;
      }
    }
  }
  storeLanes(g, g0, lanes);
  storeLanes(g + row, g1, lanes);
  storeLanes(g + 2 * row, g2, lanes);
  if (tall) storeLanes(g + 3 * row, g3, lanes);
  if (tall) storeLanes(g + 4 * row, g4, lanes);
  if (tall) storeLanes(g + 5 * row, g5, lanes);
  if (tall) storeLanes(g + 6 * row, g6, lanes);
  if (tall) storeLanes(g + 7 * row, g7, lanes);
  if (tall) storeLanes(g + 8 * row, g8, lanes);
}

function tallByOne(x: usize, dy: usize, g: usize, lanes: i32, from: i32, end: i32): void {
  slide(true, false, x, dy, g, lanes, from, end);
}

function tallByTwo(x: usize, dy: usize, g: usize, lanes: i32, from: i32, end: i32): void {
  slide(true, true, x, dy, g, lanes, from, end);
}

function flatByOne(x: usize, dy: usize, g: usize, lanes: i32, from: i32, end: i32): void {
  slide(false, false, x, dy, g, lanes, from, end);
}

function flatByTwo(x: usize, dy: usize, g: usize, lanes: i32, from: i32, end: i32): void {
  slide(false, true, x, dy, g, lanes, from, end);
}

/** x, dy, -, dw (added to), then as for slidingDepthwise. */
export function slidingWeightGradient(a: usize, clips: i32): void {
  setSizes(a);
  const C = dim(a, 2);
  const To = dim(a, 3);
  const strip = dim(a, 11);
  for (let clip = 0; clip < clips; clip++) {
    const x = <usize>word(a, 0) + <usize>(clip * T) * line;
    const dy = <usize>word(a, 1) + <usize>(clip * To * Fo) * yStep;
    for (let t = 0; t < To; t += strip) {
      const end = min(To, t + strip);
      for (let c = 0; c < C; c += 4) {
        const at = <usize>c << 2;
        const from = dy + <usize>(t * Fo) * yStep + at;
        const g = <usize>word(a, 3) + at;
        const lanes = min(4, C - c);
        if (dim(a, 5) == 3) {
          if (dim(a, 7) == 2) tallByTwo(x + at, from, g, lanes, t, end);
          else tallByOne(x + at, from, g, lanes, t, end);
        } else if (dim(a, 7) == 2) {
          flatByTwo(x + at, from, g, lanes, t, end);
        } else {
          flatByOne(x + at, from, g, lanes, t, end);
        }
      }
    }
  }
}

/** Adds what one line of windows, two columns apart, gives to a line of four channels of the map's gradient. */
// @ts-ignore: decorator
@inline
function spreadLine(dx: usize, w0: v128, w1: v128, w2: v128, dy: usize): void {
  let before = f32x4.splat(0);
  for (let f = 0; f < Fo; f++) {
    const d = v128.load(dy);
    if (f > 0 || !pf) {
      v128.store(dx, fma4(d, w0, fma4(before, w2, v128.load(dx))));
      dx += step;
    }
    v128.store(dx, fma4(d, w1, v128.load(dx)));
    dx += step;
    before = d;
    dy += yStep;
  }
  if (2 * Fo - pf < F) v128.store(dx, fma4(before, w2, v128.load(dx)));
}

/** dx (added to), w, -, dy, -, then as for slidingDepthwise, with windows two columns apart and channels in fours. */
export function slidingDataGradient(a: usize, clips: i32): void {
  setSizes(a);
  const C = dim(a, 2);
  const To = dim(a, 3);
  for (let clip = 0; clip < clips; clip++) {
    const dx = <usize>word(a, 0) + <usize>(clip * T) * line;
    const dy = <usize>word(a, 3) + <usize>(clip * To * Fo) * yStep;
    for (let t = 0; t < To; t++) {
      for (let u = 0; u < dim(a, 5); u++) {
        const above = t * st - pt + u * dt;
        if (<u32>above >= <u32>T) continue;
        const w = <usize>word(a, 1) + <usize>(3 * u) * row;
        for (let at: usize = 0; at < row; at += 16) {
          const from = dy + <usize>(t * Fo) * yStep + at;
          spreadLine(dx + <usize>above * line + at, v128.load(w + at), v128.load(w + row + at), v128.load(w + 2 * row + at), from);
        }
      }
    }
  }
}
