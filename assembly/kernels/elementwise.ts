/** Activations, sums and products of two maps with broadcasting, copies of boxes, weighted sums, maxout, shuffles. */
import { Act, Binary } from '../op';
import { activate4, derivative4, fma4, real, storeLanes, word } from './simd';

// @ts-ignore: decorator
@inline
export function put(to: usize, v: v128, lanes: i32, accumulate: bool): void {
  if (accumulate) v = f32x4.add(v, v128.load(to));
  storeLanes(to, v, lanes);
}

// @ts-ignore: decorator
@inline
export function lanesAt(i: i32, count: i32): i32 {
  return min(4, count - i);
}

/** kind, x, y, numbers a clip, slope. */
export function activate(a: usize, clips: i32): void {
  const count = word(a, 3) * clips;
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    storeLanes(word(a, 2) + at, activate4(word(a, 0), v128.load(word(a, 1) + at), real(a, 4)), lanesAt(i, count));
  }
}

/** kind, x, dy, dx, numbers a clip, slope, accumulate. */
export function activateGradient(a: usize, clips: i32): void {
  const count = word(a, 4) * clips;
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const slope = derivative4(word(a, 0), v128.load(word(a, 1) + at), real(a, 5));
    put(word(a, 3) + at, f32x4.mul(v128.load(word(a, 2) + at), slope), lanesAt(i, count), word(a, 6) != 0);
  }
}

// @ts-ignore: decorator
@inline
function combine(kind: i32, x: v128, y: v128): v128 {
  if (kind == Binary.Add) return f32x4.add(x, y);
  if (kind == Binary.Multiply) return f32x4.mul(x, y);
  return f32x4.max(x, y);
}

/** Whether a map's steps, from word i on, are those of one that is as large as the result, so that all its numbers follow on one another. */
// @ts-ignore: decorator
@inline
export function isWhole(a: usize, i: i32, T: i32, F: i32, C: i32): bool {
  return word(a, i) == T * F * C && (T == 1 || word(a, i + 1) == F * C) && (F == 1 || word(a, i + 2) == C) && word(a, i + 3) == 1;
}

/** Positions that all channels pass, four at a time, before the next: they stay in the first cache. */
export const POSITIONS: i32 = 64;
/** More channels than this are taken position by position. */
export const NARROW: i32 = 32;

// kind, a, b, y, T, F, C, then steps in numbers for a: clip, t, f, c and for b: clip, t, f, c; act (none or relu)
/** y = act(a ∘ b); a step of 0 repeats. The step of c is 1, or 0 for a map of one channel. */
export function binary(a: usize, clips: i32): void {
  const T = word(a, 4);
  const F = word(a, 5);
  const C = word(a, 6);
  if (isWhole(a, 7, T, F, C) && isWhole(a, 11, T, F, C)) {
    combineWhole(a, T * F * C * clips);
    return;
  }
  if ((C & 3) == 0 && isWhole(a, 7, T, F, C) && word(a, 13) == 0 && word(a, 14) == 1) {
    combineRepeated(a, clips);
    return;
  }
  const row = <usize>C << 2;
  const most = max(1, POSITIONS / F);
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < T; t += most) {
      const p = <usize>word(a, 1) + (<usize>(n * word(a, 7) + t * word(a, 8)) << 2);
      const q = <usize>word(a, 2) + (<usize>(n * word(a, 11) + t * word(a, 12)) << 2);
      const y = <usize>word(a, 3) + <usize>((n * T + t) * F) * row;
      const lines = min(most, T - t);
      if (C > NARROW) combineRows(a, p, q, y, lines);
      else for (let c = 0; c < C; c += 4) combineBlock(a, p, q, y, <usize>c << 2, lines, lanesAt(c, C));
    }
  }
}

function combineWhole(a: usize, count: i32): void {
  const kind = word(a, 0);
  const floor = f32x4.splat(word(a, 15) == Act.Relu ? 0 : -Infinity);
  const p = <usize>word(a, 1), q = <usize>word(a, 2), y = <usize>word(a, 3);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    storeLanes(y + at, f32x4.pmax(combine(kind, v128.load(p + at), v128.load(q + at)), floor), lanesAt(i, count));
  }
}

/** A whole map and one that is repeated along frequency, in the order of memory. */
function combineRepeated(a: usize, clips: i32): void {
  const kind = word(a, 0);
  const floor = f32x4.splat(word(a, 15) == Act.Relu ? 0 : -Infinity);
  const T = word(a, 4);
  const row = <usize>word(a, 6) << 2;
  const line = <usize>word(a, 5) * row;
  let p = <usize>word(a, 1), y = <usize>word(a, 3);
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < T; t++) {
      const q = <usize>word(a, 2) + (<usize>(n * word(a, 11) + t * word(a, 12)) << 2);
      for (const end = p + line; p < end; p += row, y += row) {
        for (let c: usize = 0; c < row; c += 16) {
          v128.store(y + c, f32x4.pmax(combine(kind, v128.load(p + c), v128.load(q + c)), floor));
        }
      }
    }
  }
}

/** All channels of one position of some lines after the other. */
function combineRows(a: usize, p: usize, q: usize, y: usize, lines: i32): void {
  const kind = word(a, 0);
  const floor = f32x4.splat(word(a, 15) == Act.Relu ? 0 : -Infinity);
  const F = word(a, 5);
  const C = word(a, 6);
  const pFull = word(a, 10) != 0, qFull = word(a, 14) != 0;
  for (let t = 0; t < lines; t++) {
    for (let f = 0; f < F; f++) {
      const from = p + (<usize>(t * word(a, 8) + f * word(a, 9)) << 2);
      const other = q + (<usize>(t * word(a, 12) + f * word(a, 13)) << 2);
      for (let c = 0; c < C; c += 4) {
        const at = <usize>c << 2;
        const u = pFull ? v128.load(from + at) : v128.load32_splat(from);
        const w = qFull ? v128.load(other + at) : v128.load32_splat(other);
        storeLanes(y + at, f32x4.pmax(combine(kind, u, w), floor), lanesAt(c, C));
      }
      y += <usize>C << 2;
    }
  }
}

/** Four channels, `at` bytes from the first, of some lines. */
function combineBlock(a: usize, p: usize, q: usize, y: usize, at: usize, lines: i32, lanes: i32): void {
  const kind = word(a, 0);
  const floor = f32x4.splat(word(a, 15) == Act.Relu ? 0 : -Infinity);
  const F = word(a, 5);
  const row = <usize>word(a, 6) << 2;
  const pStep = <usize>word(a, 9) << 2, qStep = <usize>word(a, 13) << 2;
  const pLine = (<usize>word(a, 8) << 2) - <usize>F * pStep, qLine = (<usize>word(a, 12) << 2) - <usize>F * qStep;
  const pFull = word(a, 10) != 0, qFull = word(a, 14) != 0;
  if (pFull) p += at;
  if (qFull) q += at;
  y += at;
  for (let t = 0; t < lines; t++) {
    for (let f = 0; f < F; f++) {
      const u = pFull ? v128.load(p) : v128.load32_splat(p);
      const w = qFull ? v128.load(q) : v128.load32_splat(q);
      storeLanes(y, f32x4.pmax(combine(kind, u, w), floor), lanes);
      p += pStep;
      q += qStep;
      y += row;
    }
    p += pLine;
    q += qLine;
  }
}

// source, target, T, F, width, source steps clip, t, f, target steps clip, t, f, add
/** Copies (or adds) boxes of `width` channels: concat, slice, crop, padding and their gradients. */
export function copyBox(a: usize, clips: i32): void {
  const T = word(a, 2);
  const F = word(a, 3);
  const width = word(a, 4);
  const add = word(a, 11) != 0;
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < T; t++) {
      let p = <usize>word(a, 0) + (<usize>(n * word(a, 5) + t * word(a, 6)) << 2);
      let q = <usize>word(a, 1) + (<usize>(n * word(a, 8) + t * word(a, 9)) << 2);
      for (let f = 0; f < F; f++) {
        let c = 0;
        for (; c + 4 <= width; c += 4) {
          const i = <usize>c << 2;
          let v = v128.load(p + i);
          if (add) v = f32x4.add(v, v128.load(q + i));
          v128.store(q + i, v);
        }
        if (c < width) put(q + (<usize>c << 2), v128.load(p + (<usize>c << 2)), width - c, add);
        p += <usize>word(a, 7) << 2;
        q += <usize>word(a, 10) << 2;
      }
    }
  }
}

/** y, numbers a clip, maps, weights (one a map), then the maps: y = Σ wᵢ xᵢ. */
export function weightedSum(a: usize, clips: i32): void {
  const count = word(a, 1) * clips;
  const maps = word(a, 2);
  for (let i = 0; i < count; i += 4) {
    let sum = f32x4.splat(0);
    for (let m = 0; m < maps; m++) {
      const w = v128.load32_splat(word(a, 3) + (m << 2));
      sum = fma4(w, v128.load(word(a, 4 + m) + (i << 2)), sum);
    }
    storeLanes(word(a, 0) + (i << 2), sum, lanesAt(i, count));
  }
}

/** x, dy, dx (or 0), weight, d weight (added to, or 0), numbers a clip: one map's gradient, added, and its weight's. */
export function weightedSumGradient(a: usize, clips: i32): void {
  const count = word(a, 5) * clips;
  const w = v128.load32_splat(word(a, 3));
  let total: f64 = 0;
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    const lanes = lanesAt(i, count);
    const d = v128.load(word(a, 1) + at);
    if (word(a, 2)) put(word(a, 2) + at, f32x4.mul(w, d), lanes, true);
    const p = f32x4.mul(d, v128.load(word(a, 0) + at));
    total += <f64>f32x4.extract_lane(p, 0);
    if (lanes > 1) total += <f64>f32x4.extract_lane(p, 1);
    if (lanes > 2) total += <f64>f32x4.extract_lane(p, 2);
    if (lanes > 3) total += <f64>f32x4.extract_lane(p, 3);
  }
  if (word(a, 4)) store<f32>(word(a, 4), load<f32>(word(a, 4)) + <f32>total);
}

/** x, y, rows a clip, output channels, pieces. */
export function maxout(a: usize, clips: i32): void {
  const rows = word(a, 2) * clips;
  const C = word(a, 3);
  const pieces = word(a, 4);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < C; c++) {
      const p = <usize>word(a, 0) + (<usize>(r * C * pieces + c) << 2);
      let best = load<f32>(p);
      for (let m = 1; m < pieces; m++) best = max(best, load<f32>(p + (<usize>(m * C) << 2)));
      store<f32>(word(a, 1) + ((r * C + c) << 2), best);
    }
  }
}

/** x, dy, dx (added to), rows a clip, output channels, pieces: to the first of the largest. */
export function maxoutGradient(a: usize, clips: i32): void {
  const rows = word(a, 3) * clips;
  const C = word(a, 4);
  const pieces = word(a, 5);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < C; c++) {
      const at = <usize>(r * C * pieces + c) << 2;
      let best = 0;
      for (let m = 1; m < pieces; m++) {
        const p = <usize>word(a, 0) + at;
        if (load<f32>(p + (<usize>(m * C) << 2)) > load<f32>(p + (<usize>(best * C) << 2))) best = m;
      }
      const to = <usize>word(a, 2) + at + (<usize>(best * C) << 2);
      store<f32>(to, load<f32>(to) + load<f32>(word(a, 1) + ((r * C + c) << 2)));
    }
  }
}

/** x, y, rows a clip, channels, groups: channel g · C/groups + i goes to i · groups + g. */
export function shuffle(a: usize, clips: i32): void {
  const rows = word(a, 2) * clips;
  const C = word(a, 3);
  const groups = word(a, 4);
  const part = C / groups;
  for (let r = 0; r < rows; r++) {
    for (let g = 0; g < groups; g++) {
      for (let i = 0; i < part; i++) {
        const from = word(a, 0) + ((r * C + g * part + i) << 2);
        store<f32>(word(a, 1) + ((r * C + i * groups + g) << 2), load<f32>(from));
      }
    }
  }
}

/** dy, dx (added to), rows a clip, channels, groups. */
export function shuffleGradient(a: usize, clips: i32): void {
  const rows = word(a, 2) * clips;
  const C = word(a, 3);
  const groups = word(a, 4);
  const part = C / groups;
  for (let r = 0; r < rows; r++) {
    for (let g = 0; g < groups; g++) {
      for (let i = 0; i < part; i++) {
        const to = word(a, 1) + ((r * C + g * part + i) << 2);
        store<f32>(to, load<f32>(to) + load<f32>(word(a, 0) + ((r * C + i * groups + g) << 2)));
      }
    }
  }
}
