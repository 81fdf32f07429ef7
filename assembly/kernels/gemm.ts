/**
 * Matrix products over rows of channels. B is packed in panels of 8 columns (4 for the last, if 4 are enough), each
 * panel K rows long, zeros beyond N; a bias row of the same padded width starts the sums.
 */
import { Act } from '../op';
import { activate4, real, storeLanes, word } from './simd';
import { finish, outerOf, TILE_ROWS, tileOf } from './sum-tiles';

/** Width in columns of the packed form of N columns. */
// @ts-ignore: decorator
@inline
export function packedWidth(n: i32): i32 {
  return (n + 3) & ~3;
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
  const block = max(TILE_ROWS, min(m, (24576 / (4 * part) / TILE_ROWS) * TILE_ROWS));
  a += <usize>from << 2;
  for (let row = 0; row < m; row += block) {
    const rows = min(block, m - row);
    for (let column = 0; column < n; column += 8) {
      const lanes = min(8, n - column);
      const panel = b + <usize>(column * k + from * (lanes > 4 ? 8 : 4)) * 4;
      let at = a + <usize>row * lda;
      let to = c + <usize>row * ldc + (<usize>column << 2);
      let origin = start + <usize>row * step + (<usize>column << 2);
      for (let i = 0; i < rows; ) {
        const done = tileOf(rows - i, at, lda, panel, origin, step, part, to, ldc, lanes, act, accumulate);
        at += done * lda;
        to += done * ldc;
        origin += done * step;
        i += done;
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
    const part = max(TILE_ROWS, (4096 / rows / TILE_ROWS) * TILE_ROWS);
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
    for (let i = 0; i < k; ) {
      i += outerOf(k - i, a + (<usize>i << 2), lda, dc, ldd, rows, gc + <usize>i * ldg, ldg, lanes);
    }
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
