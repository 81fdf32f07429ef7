/**
 * Tiles of products for training: up to six rows by a panel of eight or four columns, whose sums may go on from what is there,
 * and the tiles of transposed products that gradients of weights are made of.
 */
import { Act } from '../op';
import { fma4, relu4, storeLanes } from './simd';

// @ts-ignore: decorator
@inline
export function finish(c: usize, v: v128, lanes: i32, act: i32, accumulate: bool): void {
  if (accumulate) v = f32x4.add(v, v128.load(c));
  if (act == Act.Relu) v = relu4(v);
  storeLanes(c, v, lanes);
}

/** Rows of a full tile. Products that are not fused want registers of their own, or sums would go to memory and back. */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD ? 6 : 5;

/** C[rows × 8 or 4] = start + A[rows × K] · panel; `step` leads from one row of the start to the next. */
// @ts-ignore: decorator
@inline
function tile(rows: i32, wide: bool, a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): void {
  let l0 = v128.load(start);
  let h0 = wide ? v128.load(start, 16) : l0;
  let l1 = l0, h1 = h0;
  let l2 = l0, h2 = h0;
  let l3 = l0, h3 = h0;
  let l4 = l0, h4 = h0;
  let l5 = l0, h5 = h0;
  let a0 = a;
  let a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
  if (rows > 1) {
    start += step;
    l1 = v128.load(start);
    if (wide) h1 = v128.load(start, 16);
    a1 = a0 + lda;
  }
  if (rows > 2) {
    start += step;
    l2 = v128.load(start);
    if (wide) h2 = v128.load(start, 16);
    a2 = a1 + lda;
  }
  if (rows > 3) {
    start += step;
    l3 = v128.load(start);
    if (wide) h3 = v128.load(start, 16);
    a3 = a2 + lda;
  }
  if (rows > 4) {
    start += step;
    l4 = v128.load(start);
    if (wide) h4 = v128.load(start, 16);
    a4 = a3 + lda;
  }
  if (rows > 5) {
    start += step;
    l5 = v128.load(start);
    if (wide) h5 = v128.load(start, 16);
    a5 = a4 + lda;
  }
  const end = b + (wide ? <usize>k << 5 : <usize>k << 4);
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = wide ? v128.load(b, 16) : b0;
    let s = v128.load32_splat(a0);
    l0 = fma4(s, b0, l0);
    if (wide) h0 = fma4(s, b1, h0);
    a0 += 4;
    if (rows > 1) {
      s = v128.load32_splat(a1);
      l1 = fma4(s, b0, l1);
      if (wide) h1 = fma4(s, b1, h1);
      a1 += 4;
    }
    if (rows > 2) {
      s = v128.load32_splat(a2);
      l2 = fma4(s, b0, l2);
      if (wide) h2 = fma4(s, b1, h2);
      a2 += 4;
    }
    if (rows > 3) {
      s = v128.load32_splat(a3);
      l3 = fma4(s, b0, l3);
      if (wide) h3 = fma4(s, b1, h3);
      a3 += 4;
    }
    if (rows > 4) {
      s = v128.load32_splat(a4);
      l4 = fma4(s, b0, l4);
      if (wide) h4 = fma4(s, b1, h4);
      a4 += 4;
    }
    if (rows > 5) {
      s = v128.load32_splat(a5);
      l5 = fma4(s, b0, l5);
      if (wide) h5 = fma4(s, b1, h5);
      a5 += 4;
    }
    b += wide ? 32 : 16;
  }
  const low = wide ? 4 : lanes;
  const high = lanes - 4;
  finish(c, l0, low, act, accumulate);
  if (wide) finish(c + 16, h0, high, act, accumulate);
  if (rows > 1) {
    c += ldc;
    finish(c, l1, low, act, accumulate);
    if (wide) finish(c + 16, h1, high, act, accumulate);
  }
  if (rows > 2) {
    c += ldc;
    finish(c, l2, low, act, accumulate);
    if (wide) finish(c + 16, h2, high, act, accumulate);
  }
  if (rows > 3) {
    c += ldc;
    finish(c, l3, low, act, accumulate);
    if (wide) finish(c + 16, h3, high, act, accumulate);
  }
  if (rows > 4) {
    c += ldc;
    finish(c, l4, low, act, accumulate);
    if (wide) finish(c + 16, h4, high, act, accumulate);
  }
  if (rows > 5) {
    c += ldc;
    finish(c, l5, low, act, accumulate);
    if (wide) finish(c + 16, h5, high, act, accumulate);
  }
}

function wideFull(a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): void {
  tile(TILE_ROWS, true, a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
}

function slimFull(a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): void {
  tile(TILE_ROWS, false, a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
}

function wide1(a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): void {
  tile(1, true, a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
}

function slim1(a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): void {
  tile(1, false, a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
}

function wide3(a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): void {
  tile(3, true, a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
}

/** One tile of at most `rows` rows; returns of how many. */
export function tileOf(rows: i32, a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): i32 {
  const wide = lanes > 4;
  if (rows >= TILE_ROWS) {
    if (wide) wideFull(a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
    else slimFull(a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
    return TILE_ROWS;
  }
  if (wide && rows >= 3) {
    wide3(a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
    return 3;
  }
  if (wide) wide1(a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
  else slim1(a, lda, b, start, step, k, c, ldc, lanes, act, accumulate);
  return 1;
}

/** G[rows × 8] += A[M × rows]ᵀ · D[M × 8]. */
// @ts-ignore: decorator
@inline
function outer(rows: i32, a: usize, lda: usize, d: usize, ldd: usize, m: i32, g: usize, ldg: usize, lanes: i32): void {
  let l0 = f32x4.splat(0);
  let h0 = l0;
  let l1 = l0, h1 = l0;
  let l2 = l0, h2 = l0;
  let l3 = l0, h3 = l0;
  let l4 = l0, h4 = l0;
  let l5 = l0, h5 = l0;
  for (let i = 0; i < m; i++) {
    const d0 = v128.load(d);
    const d1 = v128.load(d, 16);
    let s = v128.load32_splat(a);
    l0 = fma4(s, d0, l0);
    h0 = fma4(s, d1, h0);
    if (rows > 1) {
      s = v128.load32_splat(a, 4);
      l1 = fma4(s, d0, l1);
      h1 = fma4(s, d1, h1);
    }
    if (rows > 2) {
      s = v128.load32_splat(a, 8);
      l2 = fma4(s, d0, l2);
      h2 = fma4(s, d1, h2);
    }
    if (rows > 3) {
      s = v128.load32_splat(a, 12);
      l3 = fma4(s, d0, l3);
      h3 = fma4(s, d1, h3);
    }
    if (rows > 4) {
      s = v128.load32_splat(a, 16);
      l4 = fma4(s, d0, l4);
      h4 = fma4(s, d1, h4);
    }
    if (rows > 5) {
      s = v128.load32_splat(a, 20);
      l5 = fma4(s, d0, l5);
      h5 = fma4(s, d1, h5);
    }
    a += lda;
    d += ldd;
  }
  addRow(g, l0, h0, lanes);
  if (rows > 1) addRow(g + 1 * ldg, l1, h1, lanes);
  if (rows > 2) addRow(g + 2 * ldg, l2, h2, lanes);
  if (rows > 3) addRow(g + 3 * ldg, l3, h3, lanes);
  if (rows > 4) addRow(g + 4 * ldg, l4, h4, lanes);
  if (rows > 5) addRow(g + 5 * ldg, l5, h5, lanes);
}

// @ts-ignore: decorator
@inline
function addRow(g: usize, low: v128, high: v128, lanes: i32): void {
  finish(g, low, min(lanes, 4), 0, true);
  if (lanes > 4) finish(g + 16, high, lanes - 4, 0, true);
}

function outerFull(a: usize, lda: usize, d: usize, ldd: usize, m: i32, g: usize, ldg: usize, lanes: i32): void {
  outer(TILE_ROWS, a, lda, d, ldd, m, g, ldg, lanes);
}

function outer1(a: usize, lda: usize, d: usize, ldd: usize, m: i32, g: usize, ldg: usize, lanes: i32): void {
  outer(1, a, lda, d, ldd, m, g, ldg, lanes);
}

function outer3(a: usize, lda: usize, d: usize, ldd: usize, m: i32, g: usize, ldg: usize, lanes: i32): void {
  outer(3, a, lda, d, ldd, m, g, ldg, lanes);
}

/** One tile of at most `rows` rows of G; returns of how many. */
export function outerOf(rows: i32, a: usize, lda: usize, d: usize, ldd: usize, m: i32, g: usize, ldg: usize, lanes: i32): i32 {
  if (rows >= TILE_ROWS) {
    outerFull(a, lda, d, ldd, m, g, ldg, lanes);
    return TILE_ROWS;
  }
  if (rows >= 3) {
    outer3(a, lda, d, ldd, m, g, ldg, lanes);
    return 3;
  }
  outer1(a, lda, d, ldd, m, g, ldg, lanes);
  return 1;
}
