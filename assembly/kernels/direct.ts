/**
 * Convolutions and dense layers for inference: windows are multiplied where they lie, without gathering them first. Maps that
 * windows reach over are copied into a frame of zeros.
 */
import { Act } from '../op';
import { clearBorder, fillFrame } from './frame';
import { activateInPlace } from './gemm';
import { real, storeLanes, word } from './simd';
import { setRuns, tileOf, TILE_ROWS } from './tiles';

/** Rows of one block: they pass all panels while they are in the first cache. */
const BLOCK_ROWS: i32 = 60;
/** Where addresses of a block's rows are kept, and a tile that is wider than the map: the first page is free. */
const TABLE: usize = 32768;
const SPARE: usize = 33792;

/** One block of rows by all panels of `n` columns, in tiles as even as can be: a low one would wait for its own sums. */
export function block(rows: i32, table: usize, a: usize, lda: usize, b: usize, k: i32, bias: usize, relu: bool, c: usize, ldc: usize, n: i32): void {
  const floor = f32x4.splat(relu ? 0 : -Infinity);
  const tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const most = (rows + tiles - 1) / tiles;
  for (let column = 0; column < n; column += 8) {
    const lanes = min(8, n - column);
    const wide = lanes > 4;
    const panel = b + <usize>column * <usize>k * 4;
    const start = bias + (<usize>column << 2);
    const whole = lanes == (wide ? 8 : 4);
    let to = c + (<usize>column << 2);
    let from = a;
    let addresses = table;
    for (let i = 0; i < rows; i += most) {
      const count = min(most, rows - i);
      if (whole) tileOf(count, wide, addresses, from, lda, panel, start, floor, to, ldc);
      else partial(count, wide, addresses, from, lda, panel, start, floor, to, ldc, lanes);
      from += <usize>most * lda;
      if (table) addresses += <usize>most << 2;
      to += <usize>most * ldc;
    }
  }
}

/** A tile of which only the first `lanes` columns are in the map. */
function partial(rows: i32, wide: bool, table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize, lanes: i32): void {
  tileOf(rows, wide, table, a, lda, b, bias, floor, SPARE, 32);
  for (let i = 0; i < rows; i++) {
    const from = SPARE + (<usize>i << 5);
    storeLanes(c, v128.load(from), min(4, lanes));
    if (lanes > 4) storeLanes(c + 16, v128.load(from, 16), lanes - 4);
    c += ldc;
  }
}

/** x, packed B, bias, y, rows a clip, K, N, act, slope, numbers from row to row of x and of y. */
export function directGemm(a: usize, clips: i32): void {
  const m = word(a, 4) * clips;
  const k = word(a, 5);
  const n = word(a, 6);
  const act = word(a, 7);
  const lda = <usize>word(a, 9) << 2;
  const ldc = <usize>word(a, 10) << 2;
  const most = max(TILE_ROWS, (24576 / (4 * k) / TILE_ROWS) * TILE_ROWS);
  setRuns(1, 0, 1, 0, <usize>k << 2);
  for (let row = 0; row < m; row += most) {
    const rows = min(most, m - row);
    const y = <usize>word(a, 3) + <usize>row * ldc;
    block(rows, 0, <usize>word(a, 0) + <usize>row * lda, lda, word(a, 1), k, word(a, 2), act == Act.Relu, y, ldc, n);
    if (act > Act.Relu) finishRows(y, ldc, rows, n, act, real(a, 8));
  }
}

/** An activation that tiles do not know. */
export function finishRows(y: usize, ldc: usize, rows: i32, n: i32, act: i32, slope: f32): void {
  if (ldc == <usize>n << 2) {
    activateInPlace(y, rows * n, act, slope);
    return;
  }
  for (let i = 0; i < rows; i++) {
    activateInPlace(y, n, act, slope);
    y += ldc;
  }
}

// x, packed W, bias, y, frame (or 0), then from word 5 on:
// T, F, C, To, Fo, N, kt, kf, st, sf, dt, df, pt, pf, act, slope, lines and columns of the frame
const DIMS: i32 = 5;
// @ts-ignore: decorator
@inline
function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}

/** y = act(bias + W ∗ x). */
export function directConvolution(a: usize, clips: i32): void {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const Fo = dim(a, 4);
  const N = dim(a, 5);
  const kt = dim(a, 6);
  const kf = dim(a, 7);
  const frame = <usize>word(a, 4);
  const lines = frame ? dim(a, 16) : T;
  const columns = frame ? dim(a, 17) : F;
  const position = <usize>C << 2;
  const line = <usize>columns * position;
  const k = kt * kf * C;
  if (dim(a, 11) == 1) setRuns(kt, <usize>dim(a, 10) * line, 1, <usize>kf * position, <usize>kf * position);
  else setRuns(kt, <usize>dim(a, 10) * line, kf, <usize>dim(a, 11) * position, position);
  if (frame) clearBorder(frame, lines, columns, C, dim(a, 12), dim(a, 13), T, F);
  const positions = dim(a, 3) * Fo;
  const act = dim(a, 14);
  const ldc = <usize>N << 2;
  for (let clip = 0; clip < clips; clip++) {
    let x = <usize>word(a, 0) + <usize>(clip * T * F) * position;
    if (frame) {
      fillFrame(frame, lines, columns, C, dim(a, 12), dim(a, 13), x, position, T, F);
      x = frame;
    }
    let y = <usize>word(a, 3) + <usize>(clip * positions) * ldc;
    let f = 0;
    for (let first = 0; first < positions; first += BLOCK_ROWS) {
      const rows = min(BLOCK_ROWS, positions - first);
      for (let i = 0; i < rows; i++) {
        store<u32>(TABLE + (<usize>i << 2), <u32>(x + <usize>(f * dim(a, 9)) * position));
        if (++f == Fo) {
          f = 0;
          x += <usize>dim(a, 8) * line;
        }
      }
      block(rows, TABLE, 0, 0, word(a, 1), k, word(a, 2), act == Act.Relu, y, ldc, N);
      if (act > Act.Relu) finishRows(y, ldc, rows, N, act, real(a, DIMS + 15));
      y += <usize>rows * ldc;
    }
  }
}
