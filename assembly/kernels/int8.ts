/** Dense layers and convolutions of quantised networks, by the products of int8-tiles.ts. */
import { Act } from '../op';
import { activateInPlace } from './gemm';
import { BYTES, product, stepsOf } from './int8-tiles';
import { real, word } from './simd';

/** 1.5 · 2²³: a number up to 2²² added to it is rounded to a whole one, half to even, in the low bits. */
const ROUNDER: f32 = 12582912;

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
