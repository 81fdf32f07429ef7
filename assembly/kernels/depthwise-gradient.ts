/** Gradients of depthwise convolutions: sums for the weights, four channels at a time, and scattering for the map. */
import { count, dim, frame, line, lines, row, setWindows, step, tap, timeTap } from './depthwise-frame';
import { fma4, storeLanes, word } from './simd';

/** w, flipped, taps, channels: reverses the order of the taps. */
export function flipTaps(a: usize, _clips: i32): void {
  const taps = word(a, 2);
  const bytes = <usize>word(a, 3) << 2;
  for (let i = 0; i < taps; i++) memory.copy(<usize>word(a, 1) + <usize>i * bytes, <usize>word(a, 0) + <usize>(taps - 1 - i) * bytes, bytes);
}

/** Sums of x · dy for up to five taps in a row, `tap` bytes apart; those beyond `taps` are computed and dropped. */
function rowGradient(x: usize, tap: usize, dy: usize, g: usize, taps: i32, lanes: i32): void {
  const t1 = taps > 1 ? tap : 0;
  const t2 = taps > 2 ? 2 * tap : 0;
  let g0 = v128.load(g);
  let g1 = f32x4.splat(0);
  let g2 = g1;
  let g3 = g1;
  let g4 = g1;
  const right = step, next = row, outputs = count;
  for (let t = 0; t < lines; t++) {
    let p = x + <usize>t * line;
    for (let f = 0; f < outputs; f++) {
      const d = v128.load(dy);
      g0 = fma4(v128.load(p), d, g0);
      if (taps > 1) g1 = fma4(v128.load(p + t1), d, g1);
      if (taps > 2) g2 = fma4(v128.load(p + t2), d, g2);
      if (taps > 3) {
        g3 = fma4(v128.load(p + 3 * tap), d, g3);
        if (taps > 4) g4 = fma4(v128.load(p + 4 * tap), d, g4);
      }
      p += right;
      dy += next;
    }
  }
  storeLanes(g, g0, lanes);
  if (taps > 1) storeLanes(g + row, f32x4.add(g1, v128.load(g + row)), lanes);
  if (taps > 2) storeLanes(g + 2 * row, f32x4.add(g2, v128.load(g + 2 * row)), lanes);
  if (taps > 3) storeLanes(g + 3 * row, f32x4.add(g3, v128.load(g + 3 * row)), lanes);
  if (taps > 4) storeLanes(g + 4 * row, f32x4.add(g4, v128.load(g + 4 * row)), lanes);
}

/** x, dy, -, dw (added to), scratch, dimensions as in depthwise-frame.ts. */
export function depthwiseWeightGradient(a: usize, clips: i32): void {
  if (dim(a, 13) != 1) {
    multipliedWeightGradient(a, clips);
    return;
  }
  const C = dim(a, 2);
  const kt = dim(a, 5);
  const kf = dim(a, 6);
  setWindows(a);
  // A column of taps along time is summed as a row of them is along frequency.
  const upright = kf == 1;
  for (let clip = 0; clip < clips; clip++) {
    const x = frame(a, clip);
    const dy = <usize>word(a, 1) + <usize>(clip * dim(a, 3) * dim(a, 4)) * row;
    for (let c = 0; c < C; c += 4) {
      const at = <usize>c << 2;
      const g = <usize>word(a, 3) + at;
      const lanes = min(4, C - c);
      if (upright) {
        for (let u = 0; u < kt; u += 5) {
          rowGradient(x + at + <usize>u * timeTap, timeTap, dy + at, g + <usize>u * row, min(5, kt - u), lanes);
        }
      } else {
        for (let u = 0; u < kt; u++) {
          for (let v = 0; v < kf; v += 5) {
            const from = x + at + <usize>u * timeTap + <usize>v * tap;
            rowGradient(from, tap, dy + at, g + <usize>(u * kf + v) * row, min(5, kf - v), lanes);
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

/** dx (added to), w, -, dy, -, dimensions as in depthwise-frame.ts: any stride, multiplier or dilation, by scattering. */
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
