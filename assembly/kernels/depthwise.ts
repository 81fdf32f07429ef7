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

/** Any taps, a row of them (frequency) at a time; rows of three and five unrolled. */
function any(a: usize, x: usize, w: usize, start: v128, y: usize, lanes: i32): void {
  const kt = dim(a, 5);
  const kf = dim(a, 6);
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
        let r = p + <usize>u * below;
        if (kf == 5) {
          sum = fma4(v128.load(r), v128.load(q), sum);
          let other = f32x4.mul(v128.load(r + right), v128.load(q + next));
          sum = fma4(v128.load(r + 2 * right), v128.load(q + 2 * next), sum);
          other = fma4(v128.load(r + 3 * right), v128.load(q + 3 * next), other);
          sum = f32x4.add(fma4(v128.load(r + 4 * right), v128.load(q + 4 * next), sum), other);
          q += 5 * next;
          continue;
        }
        if (kf == 3) {
          sum = fma4(v128.load(r), v128.load(q), sum);
          const other = f32x4.mul(v128.load(r + right), v128.load(q + next));
          sum = f32x4.add(fma4(v128.load(r + 2 * right), v128.load(q + 2 * next), sum), other);
          q += 3 * next;
          continue;
        }
        for (let v = 0; v < kf; v++) {
          sum = fma4(v128.load(r), v128.load(q), sum);
          r += right;
          q += next;
        }
      }
      put(y, sum, lanes, act, slope);
      p += step;
      y += next;
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
      else any(a, x + at, w, start, y + at, lanes);
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
