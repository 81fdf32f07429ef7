/** Pooling, means over axes and resizing, with gradients; all vectorised over channels. */
import { fma4, storeLanes, word } from './simd';

// @ts-ignore: decorator
@inline
function add(to: usize, v: v128, lanes: i32): void {
  storeLanes(to, f32x4.add(v128.load(to), v), lanes);
}

// x, y, T, F, C, To, Fo, kt, kf, st, sf, pt, pf, countPadding, max
export function pool(a: usize, clips: i32): void {
  windows(a, clips, 0);
}

// x, dx (added to), T, … max, dy
export function poolGradient(a: usize, clips: i32): void {
  windows(a, clips, word(a, 15));
}

/** Walks all windows: forward where dy is 0, else adds dy's share to dx (which stands in y's place). */
function windows(a: usize, clips: i32, dy: usize): void {
  const T = word(a, 2);
  const F = word(a, 3);
  const C = word(a, 4);
  const To = word(a, 5);
  const Fo = word(a, 6);
  let row = 0;
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < To; t++) {
      const t0 = t * word(a, 9) - word(a, 11);
      const tFirst = max(0, t0);
      const tEnd = min(T, t0 + word(a, 7));
      for (let f = 0; f < Fo; f++) {
        const f0 = f * word(a, 10) - word(a, 12);
        const fFirst = max(0, f0);
        const fEnd = min(F, f0 + word(a, 8));
        const counted = word(a, 13) ? word(a, 7) * word(a, 8) : (tEnd - tFirst) * (fEnd - fFirst);
        const origin = n * T * F;
        if (word(a, 14)) maxWindow(a, dy, row, origin, tFirst, tEnd, fFirst, fEnd);
        else averageWindow(a, dy, row, origin, tFirst, tEnd, fFirst, fEnd, <f32>1 / <f32>counted);
        row += C;
      }
    }
  }
}

function averageWindow(a: usize, dy: usize, row: i32, origin: i32, t0: i32, t1: i32, f0: i32, f1: i32, share: f32): void {
  const F = word(a, 3);
  const C = word(a, 4);
  const s = f32x4.splat(share);
  for (let c = 0; c < C; c += 4) {
    const lanes = min(4, C - c);
    const at = <usize>(row + c) << 2;
    const d = dy ? f32x4.mul(v128.load(dy + at), s) : f32x4.splat(0);
    let sum = f32x4.splat(0);
    for (let t = t0; t < t1; t++) {
      for (let f = f0; f < f1; f++) {
        const p = <usize>((origin + t * F + f) * C + c) << 2;
        if (dy) add(word(a, 1) + p, d, lanes);
        else sum = f32x4.add(sum, v128.load(word(a, 0) + p));
      }
    }
    if (!dy) storeLanes(word(a, 1) + at, f32x4.mul(sum, s), lanes);
  }
}

function maxWindow(a: usize, dy: usize, row: i32, origin: i32, t0: i32, t1: i32, f0: i32, f1: i32): void {
  const F = word(a, 3);
  const C = word(a, 4);
  for (let c = 0; c < C; c++) {
    let best = -Infinity as f32;
    let where: usize = 0;
    for (let t = t0; t < t1; t++) {
      for (let f = f0; f < f1; f++) {
        const p = <usize>((origin + t * F + f) * C + c) << 2;
        const v = load<f32>(word(a, 0) + p);
        // NaN must win too, or a broken network would look sound.
        if (v > best || v != v || where == 0) {
          best = v;
          where = p + 1;
        }
      }
    }
    const at = <usize>(row + c) << 2;
    if (!dy) {
      store<f32>(word(a, 1) + at, best);
    } else if (where) {
      const to = word(a, 1) + where - 1;
      store<f32>(to, load<f32>(to) + load<f32>(dy + at));
    }
  }
}

// x, y, T, F, C, over time, over frequency
/** The mean over time, frequency or both. */
export function mean(a: usize, clips: i32): void {
  const T = word(a, 2);
  const F = word(a, 3);
  const C = word(a, 4);
  const rowsT = word(a, 5) ? 1 : T;
  const rowsF = word(a, 6) ? 1 : F;
  const spanT = word(a, 5) ? T : 1;
  const spanF = word(a, 6) ? F : 1;
  const share = f32x4.splat(<f32>1 / <f32>(spanT * spanF));
  let y = <usize>word(a, 1);
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < rowsT; t++) {
      for (let f = 0; f < rowsF; f++) {
        for (let c = 0; c < C; c += 4) {
          let sum = f32x4.splat(0);
          for (let i = 0; i < spanT; i++) {
            let p = <usize>word(a, 0) + (<usize>(((n * T + t + i) * F + f) * C + c) << 2);
            for (let j = 0; j < spanF; j++) {
              sum = f32x4.add(sum, v128.load(p));
              p += <usize>C << 2;
            }
          }
          storeLanes(y + (<usize>c << 2), f32x4.mul(sum, share), min(4, C - c));
        }
        y += <usize>C << 2;
      }
    }
  }
}

// dy, dx, T, F, C, over time, over frequency, accumulate
export function meanGradient(a: usize, clips: i32): void {
  const T = word(a, 2);
  const F = word(a, 3);
  const C = word(a, 4);
  const spanT = word(a, 5) ? T : 1;
  const spanF = word(a, 6) ? F : 1;
  const share = f32x4.splat(<f32>1 / <f32>(spanT * spanF));
  // Positions of a line that share one gradient, and how many of those a line has.
  const run = word(a, 6) ? F : 1;
  const runs = F / run;
  const row = <usize>C << 2;
  let to = <usize>word(a, 1);
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < T; t++) {
      let d = <usize>word(a, 0) + <usize>((word(a, 5) ? n : n * T + t) * runs) * row;
      for (let r = 0; r < runs; r++) {
        spread(d, share, to, run, row, C, word(a, 7) != 0);
        d += row;
        to += <usize>run * row;
      }
    }
  }
}

/** `share` of C numbers put into or added to `count` rows. */
function spread(d: usize, share: v128, to: usize, count: i32, row: usize, C: i32, add: bool): void {
  for (let c = 0; c < C; c += 4) {
    const at = <usize>c << 2;
    const lanes = min(4, C - c);
    const v = f32x4.mul(v128.load(d + at), share);
    let y = to + at;
    if (add && lanes == 4) {
      for (const end = y + <usize>count * row; y < end; y += row) v128.store(y, f32x4.add(v, v128.load(y)));
    } else {
      for (const end = y + <usize>count * row; y < end; y += row) storeLanes(y, add ? f32x4.add(v, v128.load(y)) : v, lanes);
    }
  }
}

/** Where output position i of `out` falls among `size` inputs, half-pixel centres, kept inside. */
// @ts-ignore: decorator
@inline
function place(i: i32, size: i32, out: i32): f32 {
  const x = ((<f32>i + 0.5) * <f32>size) / <f32>out - 0.5;
  return max<f32>(0, min<f32>(x, <f32>(size - 1)));
}

// x, y, T, F, C, To, Fo, bilinear
export function resize(a: usize, clips: i32): void {
  resample(a, clips, 0);
}

// -, dx (added to), T, F, C, To, Fo, bilinear, dy
export function resizeGradient(a: usize, clips: i32): void {
  resample(a, clips, word(a, 8));
}

function resample(a: usize, clips: i32, dy: usize): void {
  const T = word(a, 2);
  const F = word(a, 3);
  const C = word(a, 4);
  const To = word(a, 5);
  const Fo = word(a, 6);
  const bilinear = word(a, 7) != 0;
  let row: usize = 0;
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < To; t++) {
      const tp = bilinear ? place(t, T, To) : <f32>((t * T) / To);
      const t0 = <i32>tp;
      const t1 = min(t0 + 1, T - 1);
      for (let f = 0; f < Fo; f++) {
        const fp = bilinear ? place(f, F, Fo) : <f32>((f * F) / Fo);
        const f0 = <i32>fp;
        const f1 = min(f0 + 1, F - 1);
        const origin = n * T;
        if (!bilinear) {
          const p = <usize>(((origin + t0) * F + f0) * C) << 2;
          if (dy) addRow(word(a, 1) + p, dy + row, C, 1);
          else memory.copy(word(a, 1) + row, word(a, 0) + p, <usize>C << 2);
        } else {
          const wt = tp - <f32>t0;
          const wf = fp - <f32>f0;
          const p00 = <usize>(((origin + t0) * F + f0) * C) << 2;
          const p01 = <usize>(((origin + t0) * F + f1) * C) << 2;
          const p10 = <usize>(((origin + t1) * F + f0) * C) << 2;
          const p11 = <usize>(((origin + t1) * F + f1) * C) << 2;
          if (dy) {
            addRow(word(a, 1) + p00, dy + row, C, (1 - wt) * (1 - wf));
            addRow(word(a, 1) + p01, dy + row, C, (1 - wt) * wf);
            addRow(word(a, 1) + p10, dy + row, C, wt * (1 - wf));
            addRow(word(a, 1) + p11, dy + row, C, wt * wf);
          } else {
            const to = word(a, 1) + row;
            memory.fill(to, 0, <usize>C << 2);
            addRow(to, word(a, 0) + p00, C, (1 - wt) * (1 - wf));
            addRow(to, word(a, 0) + p01, C, (1 - wt) * wf);
            addRow(to, word(a, 0) + p10, C, wt * (1 - wf));
            addRow(to, word(a, 0) + p11, C, wt * wf);
          }
        }
        row += <usize>C << 2;
      }
    }
  }
}

function addRow(to: usize, from: usize, C: i32, weight: f32): void {
  const w = f32x4.splat(weight);
  for (let c = 0; c < C; c += 4) {
    const at = <usize>c << 2;
    storeLanes(to + at, fma4(v128.load(from + at), w, v128.load(to + at)), min(4, C - c));
  }
}
