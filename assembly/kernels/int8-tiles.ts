/**
 * Tiles of products of whole numbers. Maps hold 0 … 127, weights −127 … 127; sums are exact, so their order, and with it the
 * kernel set, changes no bit. Relaxed kernels keep numbers as bytes and sum four products an instruction: with one side in
 * seven bits the standard leaves nothing open. Strict kernels keep them as 16 bits and sum two.
 *
 * B is packed in panels of 8 columns (4 for the last, if 4 are enough); a step of a panel holds, column by column, the four
 * bytes' worth of numbers that meet four bytes of a row of A. Zeros fill up K: what a row reads beyond its end counts nothing.
 */
import { Act } from '../op';
import { relu4, storeLanes } from './simd';

/** Bytes of a whole number in memory; src/engine/wasm/int8/pack-int8.ts packs for it. */
export const BYTES: i32 = ASC_FEATURE_RELAXED_SIMD ? 1 : 2;

// @ts-ignore: decorator
@inline
function multiplyAdd(a: v128, b: v128, sum: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_dot_i8x16_i7x16_add_s(b, a, sum);
  return i32x4.add(sum, i32x4.dot_i16x8_s(a, b));
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
export function stepsOf(k: i32): i32 {
  return (k * BYTES + 3) >> 2;
}

/** C[M × N] = act(scale · (A[M × K] · B + start) + bias); strides in bytes; `columns`, `scales`, `biases` of N. */
export function product(a: usize, lda: usize, b: usize, columns: usize, scales: usize, biases: usize, c: usize, ldc: usize, m: i32, k: i32, n: i32, act: i32): void {
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
