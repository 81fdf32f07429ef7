/** Depthwise convolutions, vectorised over channels; a row of the map at a time, its middle without edge checks. */
import { Act } from '../op';
import { activate4, fma4, real, relu4, storeLanes, word } from './simd';

// x, w, bias, y, then: T, F, C, To, Fo, kt, kf, st, sf, dt, df, pt, pf, multiplier, act, slope, accumulate
const DIMS: i32 = 4;
// @ts-ignore: decorator
@inline
function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}

// @ts-ignore: decorator
@inline
function ceilDiv(a: i32, b: i32): i32 {
  return a <= 0 ? 0 : (a + b - 1) / b;
}

/** First and past-the-end output position whose whole window lies inside `size` inputs. */
// @ts-ignore: decorator
@inline
function firstInside(pad: i32, stride: i32): i32 {
  return ceilDiv(pad, stride);
}
// @ts-ignore: decorator
@inline
function endInside(size: i32, outputs: i32, pad: i32, stride: i32, reach: i32): i32 {
  const room = size + pad - reach;
  return room < 0 ? 0 : min(outputs, room / stride + 1);
}

// @ts-ignore: decorator
@inline
function put(to: usize, v: v128, lanes: i32, act: i32, slope: f32, accumulate: bool): void {
  if (accumulate) v = f32x4.add(v, v128.load(to));
  if (act == Act.Relu) v = relu4(v);
  else if (act > Act.Relu) v = activate4(act, v, slope);
  storeLanes(to, v, lanes);
}

/** Output positions f … end − 1 of one row, taps u0 … u1 of time all inside, frequency checked tap by tap. */
function edge(a: usize, line: usize, to: usize, f: i32, end: i32, u0: i32, u1: i32): void {
  const F = dim(a, 1);
  const C = dim(a, 2);
  const kf = dim(a, 6);
  const df = dim(a, 10);
  const timeStep = <usize>(dim(a, 9) * F * C) << 2;
  const bias = <usize>word(a, 2);
  for (; f < end; f++) {
    const f0 = f * dim(a, 8) - dim(a, 12);
    for (let c = 0; c < C; c += 4) {
      let sum = bias ? v128.load(bias + (<usize>c << 2)) : f32x4.splat(0);
      for (let u = u0; u < u1; u++) {
        const row = line + <usize>u * timeStep + (<usize>c << 2);
        const w = <usize>word(a, 1) + (<usize>(u * kf * C + c) << 2);
        for (let v = 0; v < kf; v++) {
          const at = f0 + v * df;
          if (at >= 0 && at < F) {
            sum = fma4(v128.load(row + (<usize>(at * C) << 2)), v128.load(w + (<usize>(v * C) << 2)), sum);
          }
        }
      }
      put(to + (<usize>(f * C + c) << 2), sum, min(4, C - c), dim(a, 14), real(a, DIMS + 15), dim(a, 16) != 0);
    }
  }
}

/** Like `edge` for positions whose windows lie inside: three taps, unrolled. `tap`: bytes between them, `wTap` of weights. */
function inside3(a: usize, x: usize, w: usize, to: usize, count: i32, step: usize, tap: usize): void {
  const C = dim(a, 2);
  const row = <usize>C << 2;
  const bias = <usize>word(a, 2);
  const act = dim(a, 14);
  const slope = real(a, DIMS + 15);
  const accumulate = dim(a, 16) != 0;
  for (let c = 0; c < C; c += 4) {
    const at = <usize>c << 2;
    const start = bias ? v128.load(bias + at) : f32x4.splat(0);
    const w0 = v128.load(w + at);
    const w1 = v128.load(w + at + row);
    const w2 = v128.load(w + at + 2 * row);
    const lanes = min(4, C - c);
    let p = x + at;
    let y = to + at;
    if (lanes == 4 && act <= Act.Relu && !accumulate) {
      const floor = f32x4.splat(act == Act.Relu ? 0 : -Infinity);
      for (let i = 0; i < count; i++) {
        let sum = fma4(v128.load(p), w0, start);
        sum = fma4(v128.load(p + tap), w1, sum);
        sum = fma4(v128.load(p + 2 * tap), w2, sum);
        v128.store(y, f32x4.pmax(sum, floor));
        p += step;
        y += row;
      }
      continue;
    }
    for (let i = 0; i < count; i++) {
      let sum = fma4(v128.load(p), w0, start);
      sum = fma4(v128.load(p + tap), w1, sum);
      sum = fma4(v128.load(p + 2 * tap), w2, sum);
      put(y, sum, lanes, act, slope, accumulate);
      p += step;
      y += row;
    }
  }
}

/** Nine taps (3 × 3), unrolled. */
function inside9(a: usize, x: usize, w: usize, to: usize, count: i32, step: usize, timeTap: usize, tap: usize): void {
  const C = dim(a, 2);
  const row = <usize>C << 2;
  const bias = <usize>word(a, 2);
  const act = dim(a, 14);
  const slope = real(a, DIMS + 15);
  const accumulate = dim(a, 16) != 0;
  for (let c = 0; c < C; c += 4) {
    const at = <usize>c << 2;
    const start = bias ? v128.load(bias + at) : f32x4.splat(0);
    let q = w + at;
    const w0 = v128.load(q);
    const w1 = v128.load((q += row));
    const w2 = v128.load((q += row));
    const w3 = v128.load((q += row));
    const w4 = v128.load((q += row));
    const w5 = v128.load((q += row));
    const w6 = v128.load((q += row));
    const w7 = v128.load((q += row));
    const w8 = v128.load((q += row));
    const lanes = min(4, C - c);
    let p0 = x + at;
    let y = to + at;
    if (lanes == 4 && act <= Act.Relu && !accumulate) {
      const floor = f32x4.splat(act == Act.Relu ? 0 : -Infinity);
      for (let i = 0; i < count; i++) {
        const p1 = p0 + timeTap;
        const p2 = p1 + timeTap;
        let sum = fma4(v128.load(p0), w0, start);
        sum = fma4(v128.load(p0 + tap), w1, sum);
        sum = fma4(v128.load(p0 + 2 * tap), w2, sum);
        let other = f32x4.mul(v128.load(p1), w3);
        other = fma4(v128.load(p1 + tap), w4, other);
        other = fma4(v128.load(p1 + 2 * tap), w5, other);
        sum = fma4(v128.load(p2), w6, sum);
        other = fma4(v128.load(p2 + tap), w7, other);
        sum = fma4(v128.load(p2 + 2 * tap), w8, sum);
        v128.store(y, f32x4.pmax(f32x4.add(sum, other), floor));
        p0 += step;
        y += row;
      }
      continue;
    }
    for (let i = 0; i < count; i++) {
      const p1 = p0 + timeTap;
      const p2 = p1 + timeTap;
      let sum = fma4(v128.load(p0), w0, start);
      sum = fma4(v128.load(p0 + tap), w1, sum);
      sum = fma4(v128.load(p0 + 2 * tap), w2, sum);
      let other = f32x4.mul(v128.load(p1), w3);
      other = fma4(v128.load(p1 + tap), w4, other);
      other = fma4(v128.load(p1 + 2 * tap), w5, other);
      sum = fma4(v128.load(p2), w6, sum);
      other = fma4(v128.load(p2 + tap), w7, other);
      sum = fma4(v128.load(p2 + 2 * tap), w8, sum);
      put(y, f32x4.add(sum, other), lanes, act, slope, accumulate);
      p0 += step;
      y += row;
    }
  }
}

/** y = act(bias + w ∗ x), channel by channel. */
export function depthwise(a: usize, clips: i32): void {
  if (dim(a, 13) != 1) {
    multiplied(a, clips);
    return;
  }
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const To = dim(a, 3);
  const Fo = dim(a, 4);
  const kt = dim(a, 5);
  const kf = dim(a, 6);
  const dt = dim(a, 9);
  const df = dim(a, 10);
  const timeTap = <usize>(dt * F * C) << 2;
  const tap = <usize>(df * C) << 2;
  const step = <usize>(dim(a, 8) * C) << 2;
  const w = <usize>word(a, 1);
  const fFirst = firstInside(dim(a, 12), dim(a, 8));
  const fEnd = max(fFirst, endInside(F, Fo, dim(a, 12), dim(a, 8), (kf - 1) * df + 1));
  const nine = kt == 3 && kf == 3;
  const three = (kt == 3 && kf == 1) || (kt == 1 && kf == 3);
  // Over time alone, whole lines are one long run of positions.
  const runs = three && kf == 1 && dim(a, 7) == 1 && dim(a, 8) == 1 && dim(a, 12) == 0 && F == Fo;
  const tFirst = min(To, max(0, dim(a, 11)));
  const tEnd = max(tFirst, min(To, T + dim(a, 11) - 2 * dt));
  for (let clip = 0; clip < clips; clip++) {
    if (runs && tFirst < tEnd) {
      const x = <usize>word(a, 0) + <usize>((clip * T + tFirst - dim(a, 11)) * F * C) * 4;
      const y = <usize>word(a, 3) + (<usize>((clip * To + tFirst) * F * C) << 2);
      inside3(a, x, w, y, (tEnd - tFirst) * F, step, timeTap);
    }
    for (let t = 0; t < To; t++) {
      if (runs && t >= tFirst && t < tEnd) continue;
      const t0 = t * dim(a, 7) - dim(a, 11);
      const line = <usize>word(a, 0) + ((<usize>(clip * T * F * C) + <usize>0) << 2) + <usize>(t0 * F * C) * 4;
      const to = <usize>word(a, 3) + (<usize>((clip * To + t) * Fo * C) << 2);
      let u0 = 0;
      let u1 = kt;
      while (u0 < kt && t0 + u0 * dt < 0) u0++;
      while (u1 > u0 && t0 + (u1 - 1) * dt >= T) u1--;
      const whole = u0 == 0 && u1 == kt;
      if (whole && (nine || three) && fFirst < fEnd) {
        const x = line + <usize>((fFirst * dim(a, 8) - dim(a, 12)) * C) * 4;
        const y = to + (<usize>(fFirst * C) << 2);
        if (fFirst > 0) edge(a, line, to, 0, fFirst, 0, kt);
        if (nine) inside9(a, x, w, y, fEnd - fFirst, step, timeTap, tap);
        else inside3(a, x, w, y, fEnd - fFirst, step, kt == 3 ? timeTap : tap);
        if (fEnd < Fo) edge(a, line, to, fEnd, Fo, 0, kt);
      } else {
        edge(a, line, to, 0, Fo, u0, u1);
      }
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
          put(to, f32x4.splat(sum), 1, dim(a, 14), real(a, DIMS + 15), dim(a, 16) != 0);
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

/** Adds to nine sums (or three, `taps`) the products of one row of dy with the windows it came from. */
function rowGradient9(x: usize, dy: usize, count: i32, step: usize, row: usize, timeTap: usize, tap: usize, g: usize, lanes: i32): void {
  let g0 = v128.load(g);
  let g1 = v128.load(g + row);
  let g2 = v128.load(g + 2 * row);
  let g3 = v128.load(g + 3 * row);
  let g4 = v128.load(g + 4 * row);
  let g5 = v128.load(g + 5 * row);
  let g6 = v128.load(g + 6 * row);
  let g7 = v128.load(g + 7 * row);
  let g8 = v128.load(g + 8 * row);
  let p0 = x;
  for (let i = 0; i < count; i++) {
    const p1 = p0 + timeTap;
    const p2 = p1 + timeTap;
    const d = v128.load(dy);
    g0 = fma4(v128.load(p0), d, g0);
    g1 = fma4(v128.load(p0 + tap), d, g1);
    g2 = fma4(v128.load(p0 + 2 * tap), d, g2);
    g3 = fma4(v128.load(p1), d, g3);
    g4 = fma4(v128.load(p1 + tap), d, g4);
    g5 = fma4(v128.load(p1 + 2 * tap), d, g5);
    g6 = fma4(v128.load(p2), d, g6);
    g7 = fma4(v128.load(p2 + tap), d, g7);
    g8 = fma4(v128.load(p2 + 2 * tap), d, g8);
    p0 += step;
    dy += row;
  }
  storeLanes(g, g0, lanes);
  storeLanes(g + row, g1, lanes);
  storeLanes(g + 2 * row, g2, lanes);
  storeLanes(g + 3 * row, g3, lanes);
  storeLanes(g + 4 * row, g4, lanes);
  storeLanes(g + 5 * row, g5, lanes);
  storeLanes(g + 6 * row, g6, lanes);
  storeLanes(g + 7 * row, g7, lanes);
  storeLanes(g + 8 * row, g8, lanes);
}

/** One tap over a run of positions: g += Σ x · dy. */
function rowGradient1(x: usize, dy: usize, count: i32, step: usize, row: usize, g: usize, lanes: i32): void {
  let sum = v128.load(g);
  for (let i = 0; i < count; i++) {
    sum = fma4(v128.load(x), v128.load(dy), sum);
    x += step;
    dy += row;
  }
  storeLanes(g, sum, lanes);
}

/** x, dy, -, dw (added to), dimensions as above. */
export function depthwiseWeightGradient(a: usize, clips: i32): void {
  if (dim(a, 13) != 1) {
    multipliedWeightGradient(a, clips);
    return;
  }
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const To = dim(a, 3);
  const Fo = dim(a, 4);
  const kt = dim(a, 5);
  const kf = dim(a, 6);
  const sf = dim(a, 8);
  const dt = dim(a, 9);
  const df = dim(a, 10);
  const pf = dim(a, 12);
  const row = <usize>C << 2;
  const timeTap = <usize>(dt * F * C) << 2;
  const tap = <usize>(df * C) << 2;
  const step = <usize>sf * row;
  const fFirst = firstInside(pf, sf);
  const fEnd = max(fFirst, endInside(F, Fo, pf, sf, (kf - 1) * df + 1));
  const nine = kt == 3 && kf == 3;
  const runs = kf == 1 && dim(a, 7) == 1 && sf == 1 && pf == 0 && F == Fo;
  for (let clip = 0; clip < clips; clip++) {
    for (let c = 0; c < C; c += 4) {
      const lanes = min(4, C - c);
      const g = <usize>word(a, 3) + (<usize>c << 2);
      if (runs) {
        for (let u = 0; u < kt; u++) {
          const shift = u * dt - dim(a, 11);
          const first = max(0, -shift);
          const end = min(To, T - shift);
          if (first >= end) continue;
          const x = <usize>word(a, 0) + <usize>((clip * T + first + shift) * F * C + c) * 4;
          const dy = <usize>word(a, 1) + (<usize>((clip * To + first) * F * C + c) << 2);
          rowGradient1(x, dy, (end - first) * F, row, row, g + <usize>u * row, lanes);
        }
        continue;
      }
      for (let t = 0; t < To; t++) {
        const t0 = t * dim(a, 7) - dim(a, 11);
        const line = <usize>word(a, 0) + (<usize>(clip * T * F * C + c) << 2) + <usize>(t0 * F * C) * 4;
        const dy = <usize>word(a, 1) + (<usize>((clip * To + t) * Fo * C + c) << 2);
        const whole = t0 >= 0 && t0 + (kt - 1) * dt < T;
        const quick = nine && whole && fFirst < fEnd;
        if (quick) {
          const x = line + <usize>((fFirst * sf - pf) * C) * 4;
          rowGradient9(x, dy + <usize>fFirst * row, fEnd - fFirst, step, row, timeTap, tap, g, lanes);
        }
        for (let u = 0; u < kt; u++) {
          const ti = t0 + u * dt;
          if (ti < 0 || ti >= T) continue;
          for (let v = 0; v < kf; v++) {
            // Positions whose tap v is inside; the quick path has done the middle of them.
            const shift = v * df - pf;
            const first = ceilDiv(-shift, sf);
            const end = F - shift <= 0 ? 0 : min(Fo, (F - 1 - shift) / sf + 1);
            const x = line + <usize>u * timeTap + <usize>(shift * C) * 4;
            const at = g + <usize>(u * kf + v) * row;
            if (quick) {
              if (first < fFirst) rowGradient1(x + <usize>first * step, dy + <usize>first * row, fFirst - first, step, row, at, lanes);
              if (fEnd < end) rowGradient1(x + <usize>fEnd * step, dy + <usize>fEnd * row, end - fEnd, step, row, at, lanes);
            } else if (first < end) {
              rowGradient1(x + <usize>first * step, dy + <usize>first * row, end - first, step, row, at, lanes);
            }
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

/** dx (added to), w, -, dy, dimensions as above: any stride, multiplier or dilation, by scattering. */
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
