/**
 * Matrix products over rows of channels. B is packed in panels of 8 columns (4 for the last, if 4 are enough), each
 * panel K rows long, zeros beyond N; a bias row of the same padded width starts the sums.
 */
import { Act } from '../op';
import { activate4, fma4, real, relu4, storeLanes, word } from './simd';

/** Width in columns of the packed form of N columns. */
// @ts-ignore: decorator
@inline
export function packedWidth(n: i32): i32 {
  return (n + 3) & ~3;
}

// @ts-ignore: decorator
@inline
function finish(c: usize, v: v128, lanes: i32, act: i32, accumulate: bool): void {
  if (accumulate) v = f32x4.add(v, v128.load(c));
  if (act == Act.Relu) v = relu4(v);
  storeLanes(c, v, lanes);
}

/** C[6 × 8] = start + A[6 × K] · panel; `step` leads from one row of the start to the next. */
function tile6x8(a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): void {
  let c00 = v128.load(start);
  let c01 = v128.load(start, 16);
  start += step;
  let c10 = v128.load(start);
  let c11 = v128.load(start, 16);
  start += step;
  let c20 = v128.load(start);
  let c21 = v128.load(start, 16);
  start += step;
  let c30 = v128.load(start);
  let c31 = v128.load(start, 16);
  start += step;
  let c40 = v128.load(start);
  let c41 = v128.load(start, 16);
  start += step;
  let c50 = v128.load(start);
  let c51 = v128.load(start, 16);
  let a0 = a;
  let a1 = a0 + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  let a4 = a3 + lda;
  let a5 = a4 + lda;
  const end = b + (<usize>k << 5);
  while (b < end) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let s = v128.load32_splat(a0);
    c00 = fma4(s, b0, c00);
    c01 = fma4(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = fma4(s, b0, c10);
    c11 = fma4(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = fma4(s, b0, c20);
    c21 = fma4(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = fma4(s, b0, c30);
    c31 = fma4(s, b1, c31);
    s = v128.load32_splat(a4);
    c40 = fma4(s, b0, c40);
    c41 = fma4(s, b1, c41);
    s = v128.load32_splat(a5);
    c50 = fma4(s, b0, c50);
    c51 = fma4(s, b1, c51);
    b += 32;
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
  }
  const high = lanes - 4;
  finish(c, c00, 4, act, accumulate);
  finish(c + 16, c01, high, act, accumulate);
  c += ldc;
  finish(c, c10, 4, act, accumulate);
  finish(c + 16, c11, high, act, accumulate);
  c += ldc;
  finish(c, c20, 4, act, accumulate);
  finish(c + 16, c21, high, act, accumulate);
  c += ldc;
  finish(c, c30, 4, act, accumulate);
  finish(c + 16, c31, high, act, accumulate);
  c += ldc;
  finish(c, c40, 4, act, accumulate);
  finish(c + 16, c41, high, act, accumulate);
  c += ldc;
  finish(c, c50, 4, act, accumulate);
  finish(c + 16, c51, high, act, accumulate);
}

/** C[6 × 4] = start + A[6 × K] · panel of 4. */
function tile6x4(a: usize, lda: usize, b: usize, start: usize, step: usize, k: i32, c: usize, ldc: usize, lanes: i32, act: i32, accumulate: bool): void {
  let c0 = v128.load(start);
  let c1 = v128.load(start + step);
  let c2 = v128.load(start + 2 * step);
  let c3 = v128.load(start + 3 * step);
  let c4 = v128.load(start + 4 * step);
  let c5 = v128.load(start + 5 * step);
  let a0 = a;
  let a1 = a0 + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  let a4 = a3 + lda;
  let a5 = a4 + lda;
  const end = b + (<usize>k << 4);
  while (b < end) {
    const b0 = v128.load(b);
    c0 = fma4(v128.load32_splat(a0), b0, c0);
    c1 = fma4(v128.load32_splat(a1), b0, c1);
    c2 = fma4(v128.load32_splat(a2), b0, c2);
    c3 = fma4(v128.load32_splat(a3), b0, c3);
    c4 = fma4(v128.load32_splat(a4), b0, c4);
    c5 = fma4(v128.load32_splat(a5), b0, c5);
    b += 16;
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    a4 += 4;
    a5 += 4;
  }
  finish(c, c0, lanes, act, accumulate);
  c += ldc;
  finish(c, c1, lanes, act, accumulate);
  c += ldc;
  finish(c, c2, lanes, act, accumulate);
  c += ldc;
  finish(c, c3, lanes, act, accumulate);
  c += ldc;
  finish(c, c4, lanes, act, accumulate);
  c += ldc;
  finish(c, c5, lanes, act, accumulate);
}

/** One row: C[1 × width] = start + A[1 × K] · panel; width 8 or 4. Two sums a column keep the adds in flight. */
function tile1(a: usize, b: usize, start: usize, k: i32, c: usize, width: i32, lanes: i32, act: i32, accumulate: bool): void {
  let c0 = v128.load(start);
  if (width == 4) {
    const end = b + (<usize>k << 4);
    while (b < end) {
      c0 = fma4(v128.load32_splat(a), v128.load(b), c0);
      b += 16;
      a += 4;
    }
    finish(c, c0, lanes, act, accumulate);
    return;
  }
  let c1 = v128.load(start, 16);
  const end = b + (<usize>k << 5);
  while (b < end) {
    const s = v128.load32_splat(a);
    c0 = fma4(s, v128.load(b), c0);
    c1 = fma4(s, v128.load(b, 16), c1);
    b += 32;
    a += 4;
  }
  finish(c, c0, 4, act, accumulate);
  finish(c + 16, c1, lanes - 4, act, accumulate);
}

/** Rows of B that are multiplied at once: a panel of so many stays in the first cache beside six rows of A. */
const SLAB: i32 = 320;

/** C[M × N] = act(bias + A[M × K] · B), or C += …; `lda`, `ldc` in bytes. Only none and relu are applied here. */
export function product(a: usize, lda: usize, b: usize, bias: usize, c: usize, ldc: usize, m: i32, k: i32, n: i32, act: i32, accumulate: bool): void {
  // Sums that go on from what the slab before left in C are the same sums; whole panels alone can be read back.
  const slabs = accumulate || (n & 3) != 0 ? 1 : (k + SLAB - 1) / SLAB;
  const depth = (k + slabs - 1) / slabs;
  for (let from = 0; from < k; from += depth) {
    const part = min(depth, k - from);
    const next = from > 0;
    slab(a, lda, b, next ? c : bias, next ? ldc : 0, c, ldc, m, k, from, part, n, from + part < k ? Act.None : act, accumulate);
  }
}

/** The rows from … from + part − 1 of B; C goes on from `start`: the bias, or itself. */
function slab(a: usize, lda: usize, b: usize, start: usize, step: usize, c: usize, ldc: usize, m: i32, k: i32, from: i32, part: i32, n: i32, act: i32, accumulate: bool): void {
  // A block of rows that stays in the first cache while the panels pass over it.
  const block = max(6, min(m, (24576 / (4 * part) / 6) * 6));
  a += <usize>from << 2;
  for (let row = 0; row < m; row += block) {
    const rows = min(block, m - row);
    const full = rows - (rows % 6);
    for (let column = 0; column < n; column += 8) {
      const lanes = min(8, n - column);
      const width = lanes > 4 ? 8 : 4;
      const panel = b + <usize>(column * k + from * width) * 4;
      let at = a + <usize>row * lda;
      let to = c + <usize>row * ldc + (<usize>column << 2);
      let origin = start + <usize>row * step + (<usize>column << 2);
      for (let i = 0; i < full; i += 6) {
        if (lanes > 4) tile6x8(at, lda, panel, origin, step, part, to, ldc, lanes, act, accumulate);
        else tile6x4(at, lda, panel, origin, step, part, to, ldc, lanes, act, accumulate);
        at += 6 * lda;
        to += 6 * ldc;
        origin += 6 * step;
      }
      for (let i = full; i < rows; i++) {
        tile1(at, panel, origin, part, to, width, lanes, act, accumulate);
        at += lda;
        to += ldc;
        origin += step;
      }
    }
  }
}

/** Applies an activation that the tiles do not know to `count` numbers in place. */
export function activateInPlace(x: usize, count: i32, act: i32, slope: f32): void {
  const end = x + (<usize>count << 2);
  for (; x + 16 <= end; x += 16) v128.store(x, activate4(act, v128.load(x), slope));
  if (x < end) storeLanes(x, activate4(act, v128.load(x), slope), <i32>((end - x) >> 2));
}

/** x, packed B, bias, y, rows a clip, K, N, act, slope, accumulate. */
export function gemm(a: usize, clips: i32): void {
  const m = word(a, 4) * clips;
  const n = word(a, 6);
  const act = word(a, 7);
  product(word(a, 0), word(a, 5) << 2, word(a, 1), word(a, 2), word(a, 3), n << 2, m, word(a, 5), n, act, word(a, 9) != 0);
  if (act > Act.Relu) activateInPlace(word(a, 3), m * n, act, real(a, 8));
}

/** source, packed, rows K, columns N, source's row stride and column stride in numbers: packs B[k, n] = source[k·rs + n·cs]. */
export function pack(a: usize, _clips: i32): void {
  packPanels(word(a, 0), word(a, 1), word(a, 2), word(a, 3), word(a, 4), word(a, 5));
}

export function packPanels(source: usize, to: usize, k: i32, n: i32, rowStride: i32, columnStride: i32): void {
  for (let column = 0; column < n; column += 8) {
    const width = n - column > 4 ? 8 : 4;
    for (let row = 0; row < k; row++) {
      for (let lane = 0; lane < width; lane++) {
        const at = source + (<usize>(row * rowStride + (column + lane) * columnStride) << 2);
        store<f32>(to, column + lane < n ? load<f32>(at) : 0);
        to += 4;
      }
    }
  }
}

/** G[6 × 8] += A[M × 6]ᵀ · D[M × 8]. */
function outer6x8(a: usize, lda: usize, d: usize, ldd: usize, m: i32, g: usize, ldg: usize, lanes: i32): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  for (let i = 0; i < m; i++) {
    const d0 = v128.load(d);
    const d1 = v128.load(d, 16);
    let s = v128.load32_splat(a);
    c00 = fma4(s, d0, c00);
    c01 = fma4(s, d1, c01);
    s = v128.load32_splat(a, 4);
    c10 = fma4(s, d0, c10);
    c11 = fma4(s, d1, c11);
    s = v128.load32_splat(a, 8);
    c20 = fma4(s, d0, c20);
    c21 = fma4(s, d1, c21);
    s = v128.load32_splat(a, 12);
    c30 = fma4(s, d0, c30);
    c31 = fma4(s, d1, c31);
    s = v128.load32_splat(a, 16);
    c40 = fma4(s, d0, c40);
    c41 = fma4(s, d1, c41);
    s = v128.load32_splat(a, 20);
    c50 = fma4(s, d0, c50);
    c51 = fma4(s, d1, c51);
    a += lda;
    d += ldd;
  }
  const high = lanes - 4;
  const low = min(lanes, 4);
  finish(g, c00, low, 0, true);
  if (high > 0) finish(g + 16, c01, high, 0, true);
  g += ldg;
  finish(g, c10, low, 0, true);
  if (high > 0) finish(g + 16, c11, high, 0, true);
  g += ldg;
  finish(g, c20, low, 0, true);
  if (high > 0) finish(g + 16, c21, high, 0, true);
  g += ldg;
  finish(g, c30, low, 0, true);
  if (high > 0) finish(g + 16, c31, high, 0, true);
  g += ldg;
  finish(g, c40, low, 0, true);
  if (high > 0) finish(g + 16, c41, high, 0, true);
  g += ldg;
  finish(g, c50, low, 0, true);
  if (high > 0) finish(g + 16, c51, high, 0, true);
}

/** G[1 × 8] += A[M × 1]ᵀ · D[M × 8]. */
function outer1x8(a: usize, lda: usize, d: usize, ldd: usize, m: i32, g: usize, lanes: i32): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  for (let i = 0; i < m; i++) {
    const s = v128.load32_splat(a);
    c0 = fma4(s, v128.load(d), c0);
    c1 = fma4(s, v128.load(d, 16), c1);
    a += lda;
    d += ldd;
  }
  finish(g, c0, min(lanes, 4), 0, true);
  if (lanes > 4) finish(g + 16, c1, lanes - 4, 0, true);
}

/** Rows of A and D that are summed at once where both are whole maps. */
// @ts-ignore: decorator
@inline
export function outerRows(k: i32, n: i32): i32 {
  return max(16, 24576 / (4 * (k + n)));
}

/** G[K × N] += A[M × K]ᵀ · D[M × N], `block` rows at a time; strides in bytes. */
export function outerProduct(a: usize, lda: usize, d: usize, ldd: usize, g: usize, ldg: usize, m: i32, k: i32, n: i32, block: i32): void {
  for (let row = 0; row < m; row += block) {
    const rows = min(block, m - row);
    // Columns of A that stay in the first cache while D passes over them.
    const part = max(6, (4096 / rows / 6) * 6);
    for (let from = 0; from < k; from += part) {
      outerBlock(a + <usize>row * lda + (<usize>from << 2), lda, d + <usize>row * ldd, ldd, g + <usize>from * ldg, ldg, rows, min(part, k - from), n);
    }
  }
}

function outerBlock(a: usize, lda: usize, d: usize, ldd: usize, g: usize, ldg: usize, rows: i32, k: i32, n: i32): void {
  for (let column = 0; column < n; column += 8) {
    const lanes = min(8, n - column);
    const dc = d + (<usize>column << 2);
    const gc = g + (<usize>column << 2);
    let i = 0;
    for (; i + 6 <= k; i += 6) outer6x8(a + (<usize>i << 2), lda, dc, ldd, rows, gc + <usize>i * ldg, ldg, lanes);
    for (; i < k; i++) outer1x8(a + (<usize>i << 2), lda, dc, ldd, rows, gc + <usize>i * ldg, lanes);
  }
}

/** x, dy, dW (added to), rows a clip, K, N. */
export function gemmWeightGradient(a: usize, clips: i32): void {
  const k = word(a, 4);
  const n = word(a, 5);
  outerProduct(word(a, 0), k << 2, word(a, 1), n << 2, word(a, 2), n << 2, word(a, 3) * clips, k, n, outerRows(k, n));
}

/** x, sums (added to), rows a clip, N: the sum of each column, for gradients of biases. */
export function columnSums(a: usize, clips: i32): void {
  const n = word(a, 3);
  const rows = word(a, 2) * clips;
  for (let c = 0; c < n; c += 4) {
    let at = word(a, 0) + (c << 2);
    let sum = f32x4.splat(0);
    for (let r = 0; r < rows; r++) {
      sum = f32x4.add(sum, v128.load(at));
      at += n << 2;
    }
    finish(word(a, 1) + (c << 2), sum, min(4, n - c), 0, true);
  }
}
