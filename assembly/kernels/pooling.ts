/** Pooling, means over axes and resizing, with gradients; all vectorised over channels. */
import { fma4, storeLanes, word } from './simd';

// What a window's loops share: its lines and columns on the map, bytes of a position and from line to line.
let lines: i32 = 0;
let columns: i32 = 0;
let row: usize = 0;
let line: usize = 0;

// x, y, T, F, C, To, Fo, kt, kf, st, sf, pt, pf, countPadding, max
export function pool(a: usize, clips: i32): void {
  walk(a, clips, false);
}

// x, dx (added to), T, … max, dy
export function poolGradient(a: usize, clips: i32): void {
  walk(a, clips, true);
}

/** Walks all windows: forward, or to add dy's share to dx (which stands in y's place). */
// @ts-ignore: decorator
@inline
function walk(a: usize, clips: i32, back: bool): void {
  const T = word(a, 2);
  const F = word(a, 3);
  const isMax = word(a, 14) != 0;
  row = <usize>word(a, 4) << 2;
  line = <usize>F * row;
  const y = <usize>word(a, back ? 15 : 1);
  let at: usize = 0;
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < word(a, 5); t++) {
      const t0 = t * word(a, 9) - word(a, 11);
      const tFirst = max(0, t0);
      lines = min(T, t0 + word(a, 7)) - tFirst;
      for (let f = 0; f < word(a, 6); f++) {
        const f0 = f * word(a, 10) - word(a, 12);
        const fFirst = max(0, f0);
        columns = min(F, f0 + word(a, 8)) - fFirst;
        const first = <usize>(n * T + tFirst) * line + <usize>fFirst * row;
        const x = <usize>word(a, 0) + first;
        const dx = <usize>word(a, 1) + first;
        if (isMax) {
          if (back) maxGradient(x, dx, y + at);
          else maximum(x, y + at);
        } else {
          const counted = word(a, 13) ? word(a, 7) * word(a, 8) : lines * columns;
          const share = f32x4.splat(<f32>1 / <f32>counted);
          if (back) averageGradient(dx, y + at, share);
          else average(x, y + at, share);
        }
        at += row;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function lanesAt(c: usize): i32 {
  return min(4, <i32>((row - c) >> 2));
}

function average(x: usize, y: usize, share: v128): void {
  for (let c: usize = 0; c < row; c += 16) {
    let sum = f32x4.splat(0);
    let above = x + c;
    for (let t = 0; t < lines; t++) {
      let p = above;
      for (let f = 0; f < columns; f++) {
        sum = f32x4.add(sum, v128.load(p));
        p += row;
      }
      above += line;
    }
    storeLanes(y + c, f32x4.mul(sum, share), lanesAt(c));
  }
}

function averageGradient(dx: usize, dy: usize, share: v128): void {
  for (let c: usize = 0; c < row; c += 16) {
    const d = f32x4.mul(v128.load(dy + c), share);
    const lanes = lanesAt(c);
    let above = dx + c;
    for (let t = 0; t < lines; t++) {
      let p = above;
      for (let f = 0; f < columns; f++) {
        storeLanes(p, f32x4.add(v128.load(p), d), lanes);
        p += row;
      }
      above += line;
    }
  }
}

// @ts-ignore: decorator
@inline
function largest(above: usize): v128 {
  let best = f32x4.splat(-Infinity);
  for (let t = 0; t < lines; t++) {
    let p = above;
    for (let f = 0; f < columns; f++) {
      best = f32x4.pmax(best, v128.load(p));
      p += row;
    }
    above += line;
  }
  return best;
}

function maximum(x: usize, y: usize): void {
  for (let c: usize = 0; c < row; c += 16) {
    let best = f32x4.splat(-Infinity);
    // NaN must win, or a broken network would look sound: pmax passes it over, and all bits set are one.
    let broken = f32x4.splat(0);
    let above = x + c;
    for (let t = 0; t < lines; t++) {
      let p = above;
      for (let f = 0; f < columns; f++) {
        const v = v128.load(p);
        best = f32x4.pmax(best, v);
        broken = v128.or(broken, f32x4.ne(v, v));
        p += row;
      }
      above += line;
    }
    storeLanes(y + c, v128.or(best, broken), lanesAt(c));
  }
}

/** All of dy goes to the first of the largest numbers, or to a NaN before it. */
function maxGradient(x: usize, dx: usize, dy: usize): void {
  for (let c: usize = 0; c < row; c += 16) {
    const best = largest(x + c);
    const lanes = lanesAt(c);
    let rest = v128.load(dy + c);
    let above = x + c;
    for (let t = 0; t < lines; t++) {
      let p = above;
      for (let f = 0; f < columns; f++) {
        const v = v128.load(p);
        const isIt = v128.not(f32x4.lt(v, best));
        const to = p - x + dx;
        storeLanes(to, f32x4.add(v128.load(to), v128.and(rest, isIt)), lanes);
        rest = v128.andnot(rest, isIt);
        p += row;
      }
      above += line;
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
