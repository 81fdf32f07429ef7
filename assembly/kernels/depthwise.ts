/**
 * Depthwise convolutions, vectorised over channels. Where a clip needs padding it is first copied into a frame of zeros,
 * so that no window has edges; then four channels at a time pass over the whole clip with their weights in registers.
 */
import { Act } from '../op';
import { activate4, fma4, real, relu4, storeLanes, word } from './simd';

// x, w, bias, y, scratch, then: T, F, C, To, Fo, kt, kf, st, sf, dt, df, pt, pf, multiplier, act, slope, accumulate
const DIMS: i32 = 5;
// @ts-ignore: decorator
@inline
function dim(a: usize, i: i32): i32 {
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

/** The clip as windows want it: itself, or its copy in the frame (whose border is zero already). */
function frame(a: usize, clip: i32, copied: bool): usize {
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

// @ts-ignore: decorator
@inline
function put(to: usize, v: v128, lanes: i32, act: i32, slope: f32): void {
  if (act == Act.Relu) v = relu4(v);
  else if (act > Act.Relu) v = activate4(act, v, slope);
  storeLanes(to, v, lanes);
}

/** Three taps `tap` bytes apart: y of `lines` × `count` positions. */
function three(x: usize, line: usize, step: usize, tap: usize, w: usize, row: usize, start: v128, y: usize, lines: i32, count: i32, lanes: i32, act: i32, slope: f32, add: bool): void {
  const w0 = v128.load(w);
  const w1 = v128.load(w + row);
  const w2 = v128.load(w + 2 * row);
  for (let t = 0; t < lines; t++) {
    let p = x + <usize>t * line;
    for (let f = 0; f < count; f++) {
      let sum = add ? v128.load(y) : start;
      sum = fma4(v128.load(p), w0, sum);
      sum = fma4(v128.load(p + tap), w1, sum);
      sum = fma4(v128.load(p + 2 * tap), w2, sum);
      put(y, sum, lanes, act, slope);
      p += step;
      y += row;
    }
  }
}

/** Any taps, a row of them (frequency) at a time; rows of three and five unrolled. */
function any(a: usize, x: usize, line: usize, step: usize, w: usize, row: usize, start: v128, y: usize, lanes: i32): void {
  const kt = dim(a, 5);
  const kf = dim(a, 6);
  const act = dim(a, 14);
  const slope = real(a, DIMS + 15);
  const add = dim(a, 16) != 0;
  const tap = <usize>dim(a, 10) * row;
  const timeTap = <usize>dim(a, 9) * (line / <usize>dim(a, 7));
  for (let t = 0; t < dim(a, 3); t++) {
    let p = x + <usize>t * line;
    for (let f = 0; f < dim(a, 4); f++) {
      let sum = add ? v128.load(y) : start;
      let q = w;
      for (let u = 0; u < kt; u++) {
        let r = p + <usize>u * timeTap;
        if (kf == 5) {
          sum = fma4(v128.load(r), v128.load(q), sum);
          let other = f32x4.mul(v128.load(r + tap), v128.load(q + row));
          sum = fma4(v128.load(r + 2 * tap), v128.load(q + 2 * row), sum);
          other = fma4(v128.load(r + 3 * tap), v128.load(q + 3 * row), other);
          sum = f32x4.add(fma4(v128.load(r + 4 * tap), v128.load(q + 4 * row), sum), other);
          q += 5 * row;
          continue;
        }
        if (kf == 3) {
          sum = fma4(v128.load(r), v128.load(q), sum);
          const other = f32x4.mul(v128.load(r + tap), v128.load(q + row));
          sum = f32x4.add(fma4(v128.load(r + 2 * tap), v128.load(q + 2 * row), sum), other);
          q += 3 * row;
          continue;
        }
        for (let v = 0; v < kf; v++) {
          sum = fma4(v128.load(r), v128.load(q), sum);
          r += tap;
          q += row;
        }
      }
      put(y, sum, lanes, act, slope);
      p += step;
      y += row;
    }
  }
}

/** y = act(bias + w ∗ x), channel by channel, or y + w ∗ x. */
export function depthwise(a: usize, clips: i32): void {
  if (dim(a, 13) != 1) {
    multiplied(a, clips);
    return;
  }
  const C = dim(a, 2);
  const kt = dim(a, 5);
  const kf = dim(a, 6);
  const act = dim(a, 14);
  const slope = real(a, DIMS + 15);
  const add = dim(a, 16) != 0;
  const bias = <usize>word(a, 2);
  const row = <usize>C << 2;
  const copied = framed(a);
  if (copied) clearFrame(a);
  const columns = copied ? reachedColumns(a) : dim(a, 1);
  const line = <usize>(dim(a, 7) * columns) * row;
  const step = <usize>dim(a, 8) * row;
  const tap = <usize>dim(a, 10) * row;
  const timeTap = <usize>(dim(a, 9) * columns) * row;
  // Where lines follow on one another without a gap, all positions are one long line.
  const joined = dim(a, 7) == 1 && dim(a, 8) == 1 && columns == dim(a, 4);
  const lines = joined ? 1 : dim(a, 3);
  const count = joined ? dim(a, 3) * dim(a, 4) : dim(a, 4);
  for (let clip = 0; clip < clips; clip++) {
    const x = frame(a, clip, copied);
    const y = <usize>word(a, 3) + <usize>(clip * dim(a, 3) * dim(a, 4)) * row;
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      const start = bias ? v128.load(bias + at) : f32x4.splat(0);
      const w = <usize>word(a, 1) + at;
      const lanes = min(4, C - c);
      if (kt * kf == 3) three(x + at, line, step, kt == 3 ? timeTap : tap, w, row, start, y + at, lines, count, lanes, act, slope, add);
      else any(a, x + at, line, step, w, row, start, y + at, lanes);
    }
  }
}

/** More than one output a channel: rare, one number at a time. */
function multiplied(a: usize, clips: i32): void {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const m = dim(a, 13);
  const bias = <usize>word(a, 2);
  let to = <usize>word(a, 3);
  for (let clip = 0; clip < clips; clip++) {
    for (let t = 0; t < dim(a, 3); t++) {
      for (let f = 0; f < dim(a, 4); f++) {
        for (let o = 0; o < C * m; o++) {
          let sum: f32 = bias ? load<f32>(bias + (<usize>o << 2)) : 0;
          for (let u = 0; u < dim(a, 5); u++) {
            const ti = t * dim(a, 7) - dim(a, 11) + u * dim(a, 9);
            if (ti < 0 || ti >= T) continue;
            for (let v = 0; v < dim(a, 6); v++) {
              const fi = f * dim(a, 8) - dim(a, 12) + v * dim(a, 10);
              if (fi < 0 || fi >= F) continue;
              const x = load<f32>(<usize>word(a, 0) + (<usize>(((clip * T + ti) * F + fi) * C + o / m) << 2));
              sum += x * load<f32>(<usize>word(a, 1) + (<usize>((u * dim(a, 6) + v) * C * m + o) << 2));
            }
          }
          if (dim(a, 16)) sum += load<f32>(to);
          put(to, f32x4.splat(sum), 1, dim(a, 14), real(a, DIMS + 15));
          to += 4;
        }
      }
    }
  }
}

/** w, flipped, taps, channels: reverses the order of the taps. */
export function flipTaps(a: usize, _clips: i32): void {
  const taps = word(a, 2);
  const bytes = <usize>word(a, 3) << 2;
  for (let i = 0; i < taps; i++) memory.copy(<usize>word(a, 1) + <usize>i * bytes, <usize>word(a, 0) + <usize>(taps - 1 - i) * bytes, bytes);
}

/** Sums of x · dy for up to five taps in a row, `tap` bytes apart; those beyond `taps` are computed and dropped. */
function rowGradient(x: usize, line: usize, step: usize, tap: usize, dy: usize, row: usize, lines: i32, count: i32, g: usize, taps: i32, lanes: i32): void {
  const t1 = taps > 1 ? tap : 0;
  const t2 = taps > 2 ? 2 * tap : 0;
  let g0 = v128.load(g);
  let g1 = f32x4.splat(0);
  let g2 = g1;
  let g3 = g1;
  let g4 = g1;
  for (let t = 0; t < lines; t++) {
    let p = x + <usize>t * line;
    for (let f = 0; f < count; f++) {
      const d = v128.load(dy);
      g0 = fma4(v128.load(p), d, g0);
      if (taps > 1) g1 = fma4(v128.load(p + t1), d, g1);
      if (taps > 2) g2 = fma4(v128.load(p + t2), d, g2);
      if (taps > 3) {
        g3 = fma4(v128.load(p + 3 * tap), d, g3);
        if (taps > 4) g4 = fma4(v128.load(p + 4 * tap), d, g4);
      }
      p += step;
      dy += row;
    }
  }
  storeLanes(g, g0, lanes);
  if (taps > 1) storeLanes(g + row, f32x4.add(g1, v128.load(g + row)), lanes);
  if (taps > 2) storeLanes(g + 2 * row, f32x4.add(g2, v128.load(g + 2 * row)), lanes);
  if (taps > 3) storeLanes(g + 3 * row, f32x4.add(g3, v128.load(g + 3 * row)), lanes);
  if (taps > 4) storeLanes(g + 4 * row, f32x4.add(g4, v128.load(g + 4 * row)), lanes);
}

/** x, dy, -, dw (added to), scratch, dimensions as above. */
export function depthwiseWeightGradient(a: usize, clips: i32): void {
  if (dim(a, 13) != 1) {
    multipliedWeightGradient(a, clips);
    return;
  }
  const C = dim(a, 2);
  const kt = dim(a, 5);
  const kf = dim(a, 6);
  const row = <usize>C << 2;
  const copied = framed(a);
  if (copied) clearFrame(a);
  const columns = copied ? reachedColumns(a) : dim(a, 1);
  const line = <usize>(dim(a, 7) * columns) * row;
  const step = <usize>dim(a, 8) * row;
  const tap = <usize>dim(a, 10) * row;
  const timeTap = <usize>(dim(a, 9) * columns) * row;
  const joined = dim(a, 7) == 1 && dim(a, 8) == 1 && columns == dim(a, 4);
  const lines = joined ? 1 : dim(a, 3);
  const count = joined ? dim(a, 3) * dim(a, 4) : dim(a, 4);
  // A column of taps along time is summed as a row of them is along frequency.
  const upright = kf == 1 && kt <= 5;
  for (let clip = 0; clip < clips; clip++) {
    const x = frame(a, clip, copied);
    const dy = <usize>word(a, 1) + <usize>(clip * dim(a, 3) * dim(a, 4)) * row;
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      const g = <usize>word(a, 3) + at;
      const lanes = min(4, C - c);
      if (upright) {
        rowGradient(x + at, line, step, timeTap, dy + at, row, lines, count, g, kt, lanes);
      } else {
        for (let u = 0; u < kt; u++) {
          for (let v = 0; v < kf; v += 5) {
            const from = x + at + <usize>u * timeTap + <usize>v * tap;
            rowGradient(from, line, step, tap, dy + at, row, lines, count, g + <usize>(u * kf + v) * row, min(5, kf - v), lanes);
          }
        }
      }
    }
  }
}

function multipliedWeightGradient(a: usize, clips: i32): void {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const m = dim(a, 13);
  let d = <usize>word(a, 1);
  for (let clip = 0; clip < clips; clip++) {
    for (let t = 0; t < dim(a, 3); t++) {
      for (let f = 0; f < dim(a, 4); f++) {
        for (let o = 0; o < C * m; o++) {
          const dy = load<f32>(d);
          d += 4;
          for (let u = 0; u < dim(a, 5); u++) {
            const ti = t * dim(a, 7) - dim(a, 11) + u * dim(a, 9);
            if (ti < 0 || ti >= T) continue;
            for (let v = 0; v < dim(a, 6); v++) {
              const fi = f * dim(a, 8) - dim(a, 12) + v * dim(a, 10);
              if (fi < 0 || fi >= F) continue;
              const x = load<f32>(<usize>word(a, 0) + (<usize>(((clip * T + ti) * F + fi) * C + o / m) << 2));
              const g = <usize>word(a, 3) + (<usize>((u * dim(a, 6) + v) * C * m + o) << 2);
              store<f32>(g, load<f32>(g) + x * dy);
            }
          }
        }
      }
    }
  }
}

/** dx (added to), w, -, dy, -, dimensions as above: any stride, multiplier or dilation, by scattering. */
export function depthwiseDataGradient(a: usize, clips: i32): void {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const m = dim(a, 13);
  const To = dim(a, 3);
  const Fo = dim(a, 4);
  const kf = dim(a, 6);
  for (let clip = 0; clip < clips; clip++) {
    for (let t = 0; t < To; t++) {
      for (let u = 0; u < dim(a, 5); u++) {
        const ti = t * dim(a, 7) - dim(a, 11) + u * dim(a, 9);
        if (ti < 0 || ti >= T) continue;
        for (let f = 0; f < Fo; f++) {
          const d = <usize>word(a, 3) + (<usize>(((clip * To + t) * Fo + f) * C * m) << 2);
          for (let v = 0; v < kf; v++) {
            const fi = f * dim(a, 8) - dim(a, 12) + v * dim(a, 10);
            if (fi < 0 || fi >= F) continue;
            const x = <usize>word(a, 0) + (<usize>(((clip * T + ti) * F + fi) * C) << 2);
            const w = <usize>word(a, 1) + (<usize>((u * kf + v) * C * m) << 2);
            if (m == 1) scatterRow(x, w, d, C);
            else scatterMultiplied(x, w, d, C, m);
          }
        }
      }
    }
  }
}

function scatterRow(x: usize, w: usize, d: usize, C: i32): void {
  for (let c = 0; c < C; c += 4) {
    const at = <usize>c << 2;
    const sum = fma4(v128.load(w + at), v128.load(d + at), v128.load(x + at));
    storeLanes(x + at, sum, min(4, C - c));
  }
}

function scatterMultiplied(x: usize, w: usize, d: usize, C: i32, m: i32): void {
  for (let o = 0; o < C * m; o++) {
    const at = x + (<usize>(o / m) << 2);
    store<f32>(at, load<f32>(at) + load<f32>(w + (<usize>o << 2)) * load<f32>(d + (<usize>o << 2)));
  }
}
