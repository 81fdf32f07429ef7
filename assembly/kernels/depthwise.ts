/**
 * Depthwise convolutions, vectorised over channels. Where a clip needs padding it is first copied into a frame of zeros,
 * so that no window has edges; then four channels at a time pass over the whole clip with their weights in registers.
 */
import { Act } from '../op';
import { count, DIMS, dim, frame, line, lines, row, setWindows, step, tap, timeTap } from './depthwise-frame';
import { activate4, fma4, real, relu4, storeLanes, word } from './simd';

// @ts-ignore: decorator
@inline
function put(to: usize, v: v128, lanes: i32, act: i32, slope: f32): void {
  if (act == Act.Relu) v = relu4(v);
  else if (act > Act.Relu) v = activate4(act, v, slope);
  storeLanes(to, v, lanes);
}

/** Three taps `tap` bytes apart: y of `lines` × `count` positions. */
function three(x: usize, tap: usize, w: usize, start: v128, y: usize, lanes: i32, act: i32, slope: f32, add: bool): void {
  const w0 = v128.load(w);
  const w1 = v128.load(w + row);
  const w2 = v128.load(w + 2 * row);
  const right = step, next = row, outputs = count;
  for (let t = 0; t < lines; t++) {
    let p = x + <usize>t * line;
    for (let f = 0; f < outputs; f++) {
      let sum = add ? v128.load(y) : start;
      sum = fma4(v128.load(p), w0, sum);
      sum = fma4(v128.load(p + tap), w1, sum);
      sum = fma4(v128.load(p + 2 * tap), w2, sum);
      put(y, sum, lanes, act, slope);
      p += right;
      y += next;
    }
  }
}

/** Rows of three or five taps (along frequency), unrolled. */
function rowsOf(a: usize, x: usize, w: usize, start: v128, y: usize, lanes: i32): void {
  const kt = dim(a, 5);
  const isLong = dim(a, 6) == 5;
  const act = dim(a, 14);
  const slope = real(a, DIMS + 15);
  const add = dim(a, 16) != 0;
  const right = tap, below = timeTap, next = row;
  for (let t = 0; t < dim(a, 3); t++) {
    let p = x + <usize>t * line;
    for (let f = 0; f < dim(a, 4); f++) {
      let sum = add ? v128.load(y) : start;
      let q = w;
      for (let u = 0; u < kt; u++) {
        const r = p + <usize>u * below;
        sum = fma4(v128.load(r), v128.load(q), sum);
        let other = f32x4.mul(v128.load(r + right), v128.load(q + next));
        sum = fma4(v128.load(r + 2 * right), v128.load(q + 2 * next), sum);
        if (isLong) {
          other = fma4(v128.load(r + 3 * right), v128.load(q + 3 * next), other);
          sum = fma4(v128.load(r + 4 * right), v128.load(q + 4 * next), sum);
        }
        sum = f32x4.add(sum, other);
        q += isLong ? 5 * next : 3 * next;
      }
      put(y, sum, lanes, act, slope);
      p += step;
      y += next;
    }
  }
}

/** Any taps, four outputs at a time, so that sums do not wait for one another. */
function any(a: usize, x: usize, w: usize, start: v128, y: usize, lanes: i32): void {
  const act = dim(a, 14);
  const slope = real(a, DIMS + 15);
  const add = dim(a, 16) != 0;
  const next = row;
  for (let t = 0; t < lines; t++) {
    const p = x + <usize>t * line;
    let f = 0;
    for (; f + 4 <= count; f += 4) {
      taps(a, 4, p + <usize>f * step, w, start, y, lanes, act, slope, add);
      y += 4 * next;
    }
    for (; f < count; f++) {
      taps(a, 1, p + <usize>f * step, w, start, y, lanes, act, slope, add);
      y += next;
    }
  }
}

/** `outputs` (1 or 4) of them, one after the other. */
// @ts-ignore: decorator
@inline
function taps(a: usize, outputs: i32, x: usize, w: usize, start: v128, y: usize, lanes: i32, act: i32, slope: f32, add: bool): void {
  const right = step, next = row;
  const isFour = outputs == 4;
  let s0 = add ? v128.load(y) : start;
  let s1 = start, s2 = start, s3 = start;
  if (isFour && add) {
    s1 = v128.load(y + next);
    s2 = v128.load(y + 2 * next);
    s3 = v128.load(y + 3 * next);
  }
  for (let u = 0; u < dim(a, 5); u++) {
    let r = x + <usize>u * timeTap;
    for (let v = 0; v < dim(a, 6); v++) {
      const q = v128.load(w);
      s0 = fma4(v128.load(r), q, s0);
      if (isFour) {
        s1 = fma4(v128.load(r + right), q, s1);
        s2 = fma4(v128.load(r + 2 * right), q, s2);
        s3 = fma4(v128.load(r + 3 * right), q, s3);
      }
      r += tap;
      w += next;
    }
  }
  put(y, s0, lanes, act, slope);
  if (isFour) {
    put(y + next, s1, lanes, act, slope);
    put(y + 2 * next, s2, lanes, act, slope);
    put(y + 3 * next, s3, lanes, act, slope);
  }
}

/** y = act(bias + w ∗ x), channel by channel, or y + w ∗ x; one output a channel. */
export function depthwise(a: usize, clips: i32): void {
  const C = dim(a, 2);
  const kt = dim(a, 5);
  const kf = dim(a, 6);
  const act = dim(a, 14);
  const slope = real(a, DIMS + 15);
  const add = dim(a, 16) != 0;
  const bias = <usize>word(a, 2);
  setWindows(a);
  for (let clip = 0; clip < clips; clip++) {
    const x = frame(a, clip);
    const y = <usize>word(a, 3) + <usize>(clip * dim(a, 3) * dim(a, 4)) * row;
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      const start = bias ? v128.load(bias + at) : f32x4.splat(0);
      const w = <usize>word(a, 1) + at;
      const lanes = min(4, C - c);
      if (kt * kf == 3) three(x + at, kt == 3 ? timeTap : tap, w, start, y + at, lanes, act, slope, add);
      else if (kf == 3 || kf == 5) rowsOf(a, x + at, w, start, y + at, lanes);
      else any(a, x + at, w, start, y + at, lanes);
    }
  }
}
