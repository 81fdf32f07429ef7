/**
 * Products of whole numbers for quantised networks. Maps hold 0 … 127, weights −127 … 127; sums are exact, so their order, and
 * with it the kernel set, changes no bit. Relaxed kernels keep numbers as bytes and sum four products an instruction: with
 * one side in seven bits the standard leaves nothing open. Strict kernels keep them as 16 bits and sum two.
 *
 * B is packed in panels of 8 columns (4 for the last, if 4 are enough); a step of a panel holds, column by column, the four
 * bytes' worth of numbers that meet four bytes of a row of A. Zeros fill up K: what a row reads beyond its end counts nothing.
 */
import { Act } from '../op';
import { activateInPlace } from './gemm';
import { real, relu4, storeLanes, word } from './simd';

/** Bytes of a whole number in memory; src/engine/wasm/int8/pack-int8.ts packs for it. */
const BYTES: i32 = ASC_FEATURE_RELAXED_SIMD ? 1 : 2;
/** 1.5 · 2²³: a number up to 2²² added to it is rounded to a whole one, half to even, in the low bits. */
const ROUNDER: f32 = 12582912;

// @ts-ignore: decorator
@inline
function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(b, a, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
}

/** Four numbers on a grid: x / scale + zero rounded, 0 … 127; NaN becomes 0. */
// @ts-ignore: decorator
@inline
function onGrid(x: usize, inverse: v128, zero: v128): v128 {
  const v = f32x4.add(f32x4.mul(v128.load(x), inverse), zero);
  const kept = f32x4.pmin(f32x4.splat(127), f32x4.pmax(f32x4.splat(0), v));
  return v128.and(f32x4.add(kept, f32x4.splat(ROUNDER)), i32x4.splat(127));
}

/** Puts `count` numbers on a grid. Writes up to 15 integers beyond the end. */
function toGrid(x: usize, y: usize, count: i32, inverse: v128, zero: v128): void {
  for (let left = count; left > 0; left -= 16) {
    const low = i16x8.narrow_i32x4_s(onGrid(x, inverse, zero), onGrid(x + 16, inverse, zero));
    const high = i16x8.narrow_i32x4_s(onGrid(x + 32, inverse, zero), onGrid(x + 48, inverse, zero));
    if (BYTES == 1) {
      v128.store(y, i8x16.narrow_i16x8_s(low, high));
    } else {
      v128.store(y, low);
      v128.store(y + 16, high);
    }
    x += 64;
    y += 16 * BYTES;
  }
}

/** x, y, numbers a clip, 1 / scale, zero: puts a map on its grid. */
export function quantize(a: usize, clips: i32): void {
  const zero = f32x4.convert_i32x4_s(v128.load32_splat(a + 16));
  toGrid(word(a, 0), word(a, 1), word(a, 2) * clips, v128.load32_splat(a + 12), zero);
}

/** sum · scale + bias, and ReLU. */
// @ts-ignore: decorator
@inline
function finish(c: usize, sum: v128, scale: v128, bias: v128, lanes: i32, act: i32): void {
  let v = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sum), scale), bias);
  if (act == Act.Relu) v = relu4(v);
  storeLanes(c, v, lanes);
}

/** C[4 × 8] from four rows and a panel. `columns`: for each column the start of its sum; `scales` and `biases` likewise. */
function tile4x8(a: usize, lda: usize, b: usize, steps: i32, columns: usize, scales: usize, biases: usize, c: usize, ldc: usize, lanes: i32, act: i32): void {
  let c00 = v128.load(columns);
  let c01 = v128.load(columns, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  let a0 = a;
  let a1 = a0 + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  const end = b + (<usize>steps << 5);
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a0);
    c00 = multiplyAdd(s, b0, c00);
    c01 = multiplyAdd(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = multiplyAdd(s, b0, c10);
    c11 = multiplyAdd(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = multiplyAdd(s, b0, c20);
    c21 = multiplyAdd(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = multiplyAdd(s, b0, c30);
    c31 = multiplyAdd(s, b1, c31);
    b += 32;
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
  const s0 = v128.load(scales);
  const s1 = v128.load(scales, 16);
  const d0 = v128.load(biases);
  const d1 = v128.load(biases, 16);
  const high = lanes - 4;
  finish(c, c00, s0, d0, 4, act);
  finish(c + 16, c01, s1, d1, high, act);
  c += ldc;
  finish(c, c10, s0, d0, 4, act);
  finish(c + 16, c11, s1, d1, high, act);
  c += ldc;
  finish(c, c20, s0, d0, 4, act);
  finish(c + 16, c21, s1, d1, high, act);
  c += ldc;
  finish(c, c30, s0, d0, 4, act);
  finish(c + 16, c31, s1, d1, high, act);
}

/** C[4 × 4] from four rows and a panel of 4. */
function tile4x4(a: usize, lda: usize, b: usize, steps: i32, columns: usize, scales: usize, biases: usize, c: usize, ldc: usize, lanes: i32, act: i32): void {
  let c0 = v128.load(columns);
  let c1 = c0;
  let c2 = c0;
  let c3 = c0;
  let a0 = a;
  let a1 = a0 + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  const end = b + (<usize>steps << 4);
  while (b < end) {
    const b0 = v128.load(b);
    c0 = multiplyAdd(v128.load32_splat(a0), b0, c0);
    c1 = multiplyAdd(v128.load32_splat(a1), b0, c1);
    c2 = multiplyAdd(v128.load32_splat(a2), b0, c2);
    c3 = multiplyAdd(v128.load32_splat(a3), b0, c3);
    b += 16;
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
  }
  const s = v128.load(scales);
  const d = v128.load(biases);
  finish(c, c0, s, d, lanes, act);
  finish(c + ldc, c1, s, d, lanes, act);
  finish(c + 2 * ldc, c2, s, d, lanes, act);
  finish(c + 3 * ldc, c3, s, d, lanes, act);
}

/** One row: C[1 × width], width 8 or 4. */
function tile1(a: usize, b: usize, steps: i32, columns: usize, scales: usize, biases: usize, c: usize, lanes: i32, act: i32): void {
  let c0 = v128.load(columns);
  if (lanes <= 4) {
    for (let i = 0; i < steps; i++) {
      c0 = multiplyAdd(v128.load32_splat(a), v128.load(b), c0);
      a += 4;
      b += 16;
    }
    finish(c, c0, v128.load(scales), v128.load(biases), lanes, act);
    return;
  }
  let c1 = v128.load(columns, 16);
  for (let i = 0; i < steps; i++) {
    const s = v128.load32_splat(a);
    c0 = multiplyAdd(s, v128.load(b), c0);
    c1 = multiplyAdd(s, v128.load(b, 16), c1);
    a += 4;
    b += 32;
  }
  finish(c, c0, v128.load(scales), v128.load(biases), 4, act);
  finish(c + 16, c1, v128.load(scales, 16), v128.load(biases, 16), lanes - 4, act);
}

/** Four-byte steps that K numbers take. */
// @ts-ignore: decorator
@inline
function stepsOf(k: i32): i32 {
  return (k * BYTES + 3) >> 2;
}

/** C[M × N] = act(scale · (A[M × K] · B + start) + bias); strides in bytes; `columns`, `scales`, `biases` of N. */
function product(a: usize, lda: usize, b: usize, columns: usize, scales: usize, biases: usize, c: usize, ldc: usize, m: i32, k: i32, n: i32, act: i32): void {
  const steps = stepsOf(k);
  // A block of rows that stays in the first cache while the panels pass over it.
  const block = max(4, min(m, (24576 / (4 * steps)) & ~3));
  for (let row = 0; row < m; row += block) {
    const rows = min(block, m - row);
    const full = rows & ~3;
    for (let column = 0; column < n; column += 8) {
      const lanes = min(8, n - column);
      const skip = <usize>column << 2;
      const panel = b + skip * <usize>steps;
      let at = a + <usize>row * lda;
      let to = c + <usize>row * ldc + skip;
      for (let i = 0; i < full; i += 4) {
        if (lanes > 4) tile4x8(at, lda, panel, steps, columns + skip, scales + skip, biases + skip, to, ldc, lanes, act);
        else tile4x4(at, lda, panel, steps, columns + skip, scales + skip, biases + skip, to, ldc, lanes, act);
        at += 4 * lda;
        to += 4 * ldc;
      }
      for (let i = full; i < rows; i++) {
        tile1(at, panel, steps, columns + skip, scales + skip, biases + skip, to, lanes, act);
        at += lda;
        to += ldc;
      }
    }
  }
}

/**
 * Where a result goes: to y as float32 (`next` 0), or, `rows` at a time, by way of the scratch at `next` onto the grid on which the
 * next product reads it. Words of `next`: scratch, 1 / scale, zero.
 */
function deliver(next: usize, y: usize, first: i32, rows: i32, n: i32, act: i32, slope: f32): void {
  const scratch = <usize>word(next, 0);
  const from = scratch ? scratch : y + (<usize>(first * n) << 2);
  if (act > Act.Relu) activateInPlace(from, rows * n, act, slope);
  if (!scratch) return;
  const zero = f32x4.convert_i32x4_s(v128.load32_splat(next + 8));
  toGrid(scratch, y + <usize>(first * n * BYTES), rows * n, v128.load32_splat(next + 4), zero);
}

/** x, packed B, starts, scales, biases, y, rows a clip, K, N, act, slope, rows at once, then where to (`deliver`). */
export function int8Gemm(a: usize, clips: i32): void {
  const m = word(a, 6) * clips;
  const k = word(a, 7);
  const n = word(a, 8);
  const act = word(a, 9);
  const lda = k * BYTES;
  const scratch = <usize>word(a, 12);
  const block = scratch ? word(a, 11) : m;
  for (let first = 0; first < m; first += block) {
    const rows = min(block, m - first);
    const to = scratch ? scratch : <usize>word(a, 5);
    product(<usize>word(a, 0) + <usize>(first * lda), lda, word(a, 1), word(a, 2), word(a, 3), word(a, 4), to, n << 2, rows, k, n, act);
    deliver(a + 48, word(a, 5), first, rows, n, act, real(a, 10));
  }
}

// x, packed B, starts, scales, biases, y, scratch, rows of scratch, zero, then the dimensions from word 9 on:
// T, F, C, To, Fo, N, kt, kf, st, sf, dt, df, pt, pf, groups, act, slope; then where to (`deliver`)
const DIMS: i32 = 9;
// @ts-ignore: decorator
@inline
function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}

/** Copies 16 bytes at a time, the last of which may be up to 15 too many: what follows is written later. */
// @ts-ignore: decorator
@inline
function copyBytes(to: usize, from: usize, bytes: i32): void {
  for (let i = 0; i < bytes; i += 16) v128.store(to + <usize>i, v128.load(from + <usize>i));
}

// @ts-ignore: decorator
@inline
function fillBytes(to: usize, value: v128, bytes: i32): void {
  for (let i = 0; i < bytes; i += 16) v128.store(to + <usize>i, value);
}

/** Gathers the patches of output positions first … first + count − 1 of one group; beyond the edges lies the map's zero. */
function patches(a: usize, rows: usize, first: i32, count: i32, group: i32): void {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const To = dim(a, 3);
  const Fo = dim(a, 4);
  const kt = dim(a, 6);
  const kf = dim(a, 7);
  const df = dim(a, 11);
  const part = (C / dim(a, 14)) * BYTES;
  const run = kf * part;
  const joined = df == 1 && dim(a, 14) == 1;
  const outside = BYTES == 1 ? i8x16.splat(<i8>word(a, 8)) : i16x8.splat(<i16>word(a, 8));
  for (let position = first; position < first + count; position++) {
    const clip = position / (To * Fo);
    const within = position - clip * To * Fo;
    const to = within / Fo;
    const t0 = to * dim(a, 8) - dim(a, 12);
    const f0 = (within - to * Fo) * dim(a, 9) - dim(a, 13);
    const inside = joined && f0 >= 0 && f0 + kf <= F;
    for (let u = 0; u < kt; u++) {
      const t = t0 + u * dim(a, 10);
      const line = <usize>word(a, 0) + <usize>((clip * T + t) * F * C * BYTES + group * part);
      if (t < 0 || t >= T) {
        fillBytes(rows, outside, run);
        rows += run;
      } else if (inside) {
        copyBytes(rows, line + <usize>(f0 * C * BYTES), run);
        rows += run;
      } else {
        for (let v = 0; v < kf; v++) {
          const f = f0 + v * df;
          if (f >= 0 && f < F) copyBytes(rows, line + <usize>(f * C * BYTES), part);
          else fillBytes(rows, outside, part);
          rows += part;
        }
      }
    }
  }
}

/** y = act(scale · (W ∗ x + start) + bias). */
export function int8Convolution(a: usize, clips: i32): void {
  const N = dim(a, 5);
  const groups = dim(a, 14);
  const act = dim(a, 15);
  const n = N / groups;
  const patch = dim(a, 6) * dim(a, 7) * (dim(a, 2) / groups);
  // Each group's panels and columns are filled up to fours.
  const width = (n + 3) & ~3;
  const positions = dim(a, 3) * dim(a, 4) * clips;
  const tile = word(a, 7);
  const scratch = <usize>word(a, 6);
  const next = a + ((DIMS + 17) << 2);
  for (let first = 0; first < positions; first += tile) {
    const rows = min(tile, positions - first);
    const y = word(next, 0) ? <usize>word(next, 0) : <usize>word(a, 5) + (<usize>(first * N) << 2);
    for (let g = 0; g < groups; g++) {
      patches(a, scratch, first, rows, g);
      const skip = <usize>(g * width) << 2;
      const panels = <usize>word(a, 1) + skip * <usize>stepsOf(patch);
      const to = y + (<usize>(g * n) << 2);
      product(scratch, patch * BYTES, panels, <usize>word(a, 2) + skip, <usize>word(a, 3) + skip, <usize>word(a, 4) + skip, to, N << 2, rows, patch, n, act);
    }
    deliver(next, word(a, 5), first, rows, N, act, real(a, DIMS + 16));
  }
}
