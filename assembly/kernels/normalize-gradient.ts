/** Gradients of batch normalisation with its activation and residual: sums over a band's rows first (normalize.ts tells how they are cut), then the map's. */
import { Act } from '../op';
import { flush } from './normalize';
import { gradientLines, layOut, plainGradientLines, reduceLines, rowsOfLine, sumLines } from './normalize-lines';
import { derivative4, fma4, real, siluSlope4, storeLanes, word } from './simd';
import { CHUNK, fetch, linesOf, rowsOf } from './strips';

// @ts-ignore: decorator
@inline
function put(to: usize, v: v128, lanes: i32, accumulate: bool): void {
  if (accumulate) v = f32x4.add(v, v128.load(to));
  storeLanes(to, v, lanes);
}

// x, dy, y, mean, 1/deviation, scale, shift, sums, dγ, dβ, k0, k1, outer a clip, rows, C, bands, act, slope, room for six lines
/**
 * Σ dz and Σ dz · (x − mean), dz being dy times the activation's slope: dγ, dβ (added to) and what the next
 * kernel needs. Where the slope costs an exponential, dz is written over dy.
 */
export function normalizeReduce(a: usize, clips: i32): void {
  const C = word(a, 14);
  const bands = word(a, 15);
  const rows = bands > 1 ? word(a, 13) : word(a, 13) * clips;
  const outer = bands > 1 ? word(a, 12) * clips : 1;
  const sums = <usize>word(a, 7);
  memory.fill(sums, 0, <usize>(bands * C) << 4);
  const row = <usize>C << 2;
  const isPlain = (C & 3) == 0 && word(a, 16) <= Act.Relu && word(a, 2) == 0;
  const done = isPlain ? reduceMost(a, outer, bands, rows, C) : 0;
  if (bands == 1) {
    const most = rowsOf(C);
    for (let r = done; r < rows; r += most) {
      const count = min(most, rows - r);
      if (C > 16) fetch(a, 0, 1, 0, <usize>r * row, <usize>count * row);
      reduceRows(a, <usize>r * row, 1, 0, count, row, 0, C);
    }
  } else {
    const line = <usize>(bands * rows) * row;
    const most = linesOf(bands * rows * C);
    for (let o = done; o < outer; o += most) {
      const lines = min(most, outer - o);
      fetch(a, 0, 1, 0, <usize>o * line, <usize>lines * line);
      for (let b = 0; b < bands; b++) {
        reduceRows(a, <usize>o * line + <usize>(b * rows) * row, rows, row, lines, line, b * C, C);
      }
    }
  }
  const count = <f64>(outer * rows);
  for (let i = 0; i < bands * C; i++) {
    const at = <usize>i << 2;
    const db = load<f64>(sums + (<usize>i << 4));
    const inverse = <f64>load<f32>(word(a, 4) + at);
    const dg = load<f64>(sums + (<usize>i << 4) + 8) * inverse;
    const scale = <f64>load<f32>(word(a, 5) + at);
    store<f32>(word(a, 8) + at, load<f32>(word(a, 8) + at) + <f32>dg);
    store<f32>(word(a, 9) + at, load<f32>(word(a, 9) + at) + <f32>db);
    store<f32>(word(a, 10) + at, <f32>((scale * db) / count));
    store<f32>(word(a, 11) + at, <f32>((scale * dg * inverse) / count));
  }
}

/** As scaleMost; sums run in float32 over some hundred lines. */
function reduceMost(a: usize, outer: i32, bands: i32, rows: i32, C: i32): i32 {
  const group = rowsOfLine(bands, rows, C);
  const lines = bands > 1 ? outer : rows / group;
  const row = <usize>C << 2;
  const width = <usize>(bands * group) * row;
  const room = <usize>word(a, 18);
  const sums = room + 3 * width;
  const means = layOut(word(a, 3), room, bands, group, row);
  const scales = layOut(word(a, 5), room + width, bands, group, row);
  const shifts = layOut(word(a, 6), room + 2 * width, bands, group, row);
  for (let l = 0; l < lines; l += CHUNK) {
    const count = min(CHUNK, lines - l);
    const at = <usize>l * width;
    memory.fill(sums, 0, 2 * width);
    if (word(a, 16) == Act.None) sumLines(word(a, 0) + at, word(a, 1) + at, means, sums, count, width);
    else reduceLines(word(a, 0) + at, word(a, 1) + at, means, scales, shifts, sums, count, width, f32x4.splat(0));
    for (let i = 0; i < bands * group; i++) {
      const from = sums + <usize>i * row;
      const to = <usize>word(a, 7) + ((<usize>(i / group) * row) << 2);
      for (let c: usize = 0; c < row; c += 16) flush(to + (c << 2), v128.load(from + c), v128.load(from + width + c), 4);
    }
  }
  return bands > 1 ? lines : lines * group;
}

/** As applyRows. */
function reduceRows(a: usize, at: usize, few: i32, fewStep: usize, count: i32, row: usize, parameters: i32, C: i32): void {
  const act = word(a, 16);
  const slope = real(a, 17);
  const masked = word(a, 2) != 0;
  for (let c = 0; c < C; c += 4) {
    const column = <usize>(c) << 2;
    const own = <usize>(parameters + c) << 2;
    const mean = v128.load(<usize>word(a, 3) + own);
    const scale = v128.load(<usize>word(a, 5) + own);
    const shift = v128.load(<usize>word(a, 6) + own);
    const lanes = min(4, C - c);
    const zero = f32x4.splat(0);
    let s = zero, q = zero, s1 = zero, q1 = zero;
    // What must be above zero: y where it is given, z otherwise; without a ReLU every number is.
    const above = f32x4.splat(act == Act.Relu ? 0 : -Infinity);
    for (let o = 0; o < few; o++) {
      const start = at + <usize>o * fewStep + column;
      let x = <usize>word(a, 0) + start;
      let d = <usize>word(a, 1) + start;
      let y = <usize>word(a, 2) + start;
      if (act > Act.Relu) {
        for (let i = 0; i < count; i++) {
          const v = v128.load(x);
          const z = fma4(v, scale, shift);
          const dz = f32x4.mul(v128.load(d), act == Act.Silu ? siluSlope4(z) : derivative4(act, z, slope));
          storeLanes(d, dz, lanes);
          s = f32x4.add(s, dz);
          q = fma4(dz, f32x4.sub(v, mean), q);
          x += row;
          d += row;
        }
        continue;
      }
      let i = 0;
      // Two rows at a time, or each sum would wait for the one before.
      for (; i + 2 <= count; i += 2) {
        const v = v128.load(x);
        const v1 = v128.load(x + row);
        const z = masked ? v128.load(y) : fma4(v, scale, shift);
        const z1 = masked ? v128.load(y + row) : fma4(v1, scale, shift);
        const dz = v128.and(v128.load(d), f32x4.gt(z, above));
        const dz1 = v128.and(v128.load(d + row), f32x4.gt(z1, above));
        s = f32x4.add(s, dz);
        q = fma4(dz, f32x4.sub(v, mean), q);
        s1 = f32x4.add(s1, dz1);
        q1 = fma4(dz1, f32x4.sub(v1, mean), q1);
        x += 2 * row;
        d += 2 * row;
        y += 2 * row;
      }
      if (i < count) {
        const v = v128.load(x);
        const dz = v128.and(v128.load(d), f32x4.gt(masked ? v128.load(y) : fma4(v, scale, shift), above));
        s = f32x4.add(s, dz);
        q = fma4(dz, f32x4.sub(v, mean), q);
      }
    }
    s = f32x4.add(s, s1);
    q = f32x4.add(q, q1);
    flush(<usize>word(a, 7) + (<usize>(parameters + c) << 4), s, q, lanes);
  }
}

// x, dy, y, mean, scale, shift, k0, k1, dx, accumulate, dr, accumulate, outer a clip, rows, C, bands, act, room for six lines
/** dx = scale · dz − k1 · (x − mean) − k0, and dz to the residual; act none or relu (others left dz in dy). */
export function normalizeGradient(a: usize, clips: i32): void {
  const C = word(a, 14);
  const bands = word(a, 15);
  const rows = bands > 1 ? word(a, 13) : word(a, 13) * clips;
  const outer = bands > 1 ? word(a, 12) * clips : 1;
  const row = <usize>C << 2;
  const isPlain = (C & 3) == 0 && word(a, 8) != 0 && (word(a, 2) | word(a, 9) | word(a, 10)) == 0;
  const done = isPlain ? gradientMost(a, outer, bands, rows, C) : 0;
  if (bands == 1) {
    const most = rowsOf(C);
    for (let r = done; r < rows; r += most) {
      const count = min(most, rows - r);
      if (C > 16) fetch(a, 0, 1, 0, <usize>r * row, <usize>count * row);
      gradientRows(a, <usize>r * row, 1, 0, count, row, 0, C);
    }
    return;
  }
  const line = <usize>(bands * rows) * row;
  const most = linesOf(bands * rows * C);
  for (let o = done; o < outer; o += most) {
    const lines = min(most, outer - o);
    fetch(a, 0, 1, 8, <usize>o * line, <usize>lines * line);
    for (let b = 0; b < bands; b++) {
      gradientRows(a, <usize>o * line + <usize>(b * rows) * row, rows, row, lines, line, b * C, C);
    }
  }
}

/** As scaleMost. */
function gradientMost(a: usize, outer: i32, bands: i32, rows: i32, C: i32): i32 {
  const group = rowsOfLine(bands, rows, C);
  const lines = bands > 1 ? outer : rows / group;
  const row = <usize>C << 2;
  const width = <usize>(bands * group) * row;
  const room = <usize>word(a, 17);
  const slopes = room + 3 * width;
  const rests = room + 4 * width;
  const scales = layOut(word(a, 4), room, bands, group, row);
  const shifts = layOut(word(a, 5), room + width, bands, group, row);
  const means = layOut(word(a, 3), room + 2 * width, bands, group, row);
  for (let i = 0; i < bands * group; i++) {
    const own = <usize>(i / group) * row;
    const at = <usize>i * row;
    for (let c: usize = 0; c < row; c += 16) {
      v128.store(slopes + at + c, f32x4.neg(v128.load(<usize>word(a, 7) + own + c)));
      v128.store(rests + at + c, f32x4.neg(v128.load(<usize>word(a, 6) + own + c)));
    }
  }
  if (word(a, 16) == Act.None) plainGradientLines(word(a, 0), word(a, 1), word(a, 8), scales, means, slopes, rests, lines, width);
  else gradientLines(word(a, 0), word(a, 1), word(a, 8), scales, shifts, means, slopes, rests, lines, width, f32x4.splat(0));
  return bands > 1 ? lines : lines * group;
}

/** As applyRows. */
function gradientRows(a: usize, at: usize, few: i32, fewStep: usize, count: i32, row: usize, parameters: i32, C: i32): void {
  const act = word(a, 16);
  const masked = word(a, 2) != 0;
  const dx = <usize>word(a, 8);
  const dr = <usize>word(a, 10);
  const zero = f32x4.splat(0);
  for (let c = 0; c < C; c += 4) {
    const own = <usize>(parameters + c) << 2;
    const mean = v128.load(<usize>word(a, 3) + own);
    const scale = v128.load(<usize>word(a, 4) + own);
    const shift = v128.load(<usize>word(a, 5) + own);
    const k0 = v128.load(<usize>word(a, 6) + own);
    const k1 = v128.load(<usize>word(a, 7) + own);
    const lanes = min(4, C - c);
    for (let o = 0; o < few; o++) {
      const start = at + <usize>o * fewStep + (<usize>c << 2);
      let x = <usize>word(a, 0) + start;
      let d = <usize>word(a, 1) + start;
      let y = <usize>word(a, 2) + start;
      let to = dx + start;
      let rest = dr + start;
      for (let i = 0; i < count; i++) {
        const v = v128.load(x);
        let dz = v128.load(d);
        if (act == Act.Relu) dz = v128.and(dz, f32x4.gt(masked ? v128.load(y) : fma4(v, scale, shift), zero));
        if (dx) {
          const g = f32x4.sub(f32x4.mul(scale, dz), k0);
          put(to, f32x4.sub(g, f32x4.mul(k1, f32x4.sub(v, mean))), lanes, word(a, 9) != 0);
        }
        if (dr) put(rest, dz, lanes, word(a, 11) != 0);
        x += row;
        d += row;
        y += row;
        to += row;
        rest += row;
      }
    }
  }
}
