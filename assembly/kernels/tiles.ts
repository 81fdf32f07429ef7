/**
 * Tiles of products for inference: up to six rows by a panel of eight or four columns of packed weights (gemm.ts packs them).
 * A row of the left side is `lines` × `taps` runs of numbers, so that a window of a map is multiplied where it lies. Sums run
 * in the order of the packed weights' rows, whatever the tile.
 */
import { fma4 } from './simd';

/** Rows of a full tile. Products that are not fused want registers of their own, or sums would go to memory and back. */
export const TILE_ROWS: i32 = ASC_FEATURE_RELAXED_SIMD && !isDefined(EXACT) ? 6 : 5;

let lines: i32 = 1;
let lineStep: usize = 0;
let taps: i32 = 1;
let tapStep: usize = 0;
let run: usize = 0;

/** Rows of the left side from now on: `lines` starts `lineStep` bytes apart, each of `taps` runs `tapStep` apart of `run` bytes. */
export function setRuns(lineCount: i32, lineBytes: usize, tapCount: i32, tapBytes: usize, runBytes: usize): void {
  lines = lineCount;
  lineStep = lineBytes;
  taps = tapCount;
  tapStep = tapBytes;
  run = runBytes;
}

/** C[rows × 8 or 4] = max(floor, bias + A · panel). Rows of A start at the addresses in `table`, or without one `lda` bytes apart. */
// @ts-ignore: decorator
@inline
function tile(rows: i32, wide: bool, table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  let l0 = v128.load(bias);
  let h0 = wide ? v128.load(bias, 16) : l0;
  let l1 = l0, h1 = h0;
  let l2 = l0, h2 = h0;
  let l3 = l0, h3 = h0;
  let l4 = l0, h4 = h0;
  let l5 = l0, h5 = h0;
  let a0 = table ? <usize>load<u32>(table) : a;
  let a1 = rows > 1 ? (table ? <usize>load<u32>(table, 4) : a0 + lda) : a0;
  let a2 = rows > 2 ? (table ? <usize>load<u32>(table, 8) : a1 + lda) : a0;
  let a3 = rows > 3 ? (table ? <usize>load<u32>(table, 12) : a2 + lda) : a0;
  let a4 = rows > 4 ? (table ? <usize>load<u32>(table, 16) : a3 + lda) : a0;
  let a5 = rows > 5 ? (table ? <usize>load<u32>(table, 20) : a4 + lda) : a0;
  const lineSkip = lineStep - <usize>taps * tapStep;
  const tapSkip = tapStep - run;
  for (let u = 0; u < lines; u++) {
    for (let v = 0; v < taps; v++) {
      const end = b + (wide ? run << 3 : run << 2);
      while (b < end) {
        const b0 = v128.load(b);
        const b1 = wide ? v128.load(b, 16) : b0;
        let s = v128.load32_splat(a0);
        l0 = fma4(s, b0, l0);
        if (wide) h0 = fma4(s, b1, h0);
        if (rows > 1) {
          s = v128.load32_splat(a1);
          l1 = fma4(s, b0, l1);
          if (wide) h1 = fma4(s, b1, h1);
        }
        if (rows > 2) {
          s = v128.load32_splat(a2);
          l2 = fma4(s, b0, l2);
          if (wide) h2 = fma4(s, b1, h2);
        }
        if (rows > 3) {
          s = v128.load32_splat(a3);
          l3 = fma4(s, b0, l3);
          if (wide) h3 = fma4(s, b1, h3);
        }
        if (rows > 4) {
          s = v128.load32_splat(a4);
          l4 = fma4(s, b0, l4);
          if (wide) h4 = fma4(s, b1, h4);
        }
        if (rows > 5) {
          s = v128.load32_splat(a5);
          l5 = fma4(s, b0, l5);
          if (wide) h5 = fma4(s, b1, h5);
        }
        b += wide ? 32 : 16;
        a0 += 4;
        if (rows > 1) a1 += 4;
        if (rows > 2) a2 += 4;
        if (rows > 3) a3 += 4;
        if (rows > 4) a4 += 4;
        if (rows > 5) a5 += 4;
      }
      a0 += tapSkip;
      if (rows > 1) a1 += tapSkip;
      if (rows > 2) a2 += tapSkip;
      if (rows > 3) a3 += tapSkip;
      if (rows > 4) a4 += tapSkip;
      if (rows > 5) a5 += tapSkip;
    }
    a0 += lineSkip;
    if (rows > 1) a1 += lineSkip;
    if (rows > 2) a2 += lineSkip;
    if (rows > 3) a3 += lineSkip;
    if (rows > 4) a4 += lineSkip;
    if (rows > 5) a5 += lineSkip;
  }
  v128.store(c, f32x4.pmax(l0, floor));
  if (wide) v128.store(c, f32x4.pmax(h0, floor), 16);
  if (rows > 1) {
    c += ldc;
    v128.store(c, f32x4.pmax(l1, floor));
    if (wide) v128.store(c, f32x4.pmax(h1, floor), 16);
  }
  if (rows > 2) {
    c += ldc;
    v128.store(c, f32x4.pmax(l2, floor));
    if (wide) v128.store(c, f32x4.pmax(h2, floor), 16);
  }
  if (rows > 3) {
    c += ldc;
    v128.store(c, f32x4.pmax(l3, floor));
    if (wide) v128.store(c, f32x4.pmax(h3, floor), 16);
  }
  if (rows > 4) {
    c += ldc;
    v128.store(c, f32x4.pmax(l4, floor));
    if (wide) v128.store(c, f32x4.pmax(h4, floor), 16);
  }
  if (rows > 5) {
    c += ldc;
    v128.store(c, f32x4.pmax(l5, floor));
    if (wide) v128.store(c, f32x4.pmax(h5, floor), 16);
  }
}

function wide6(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(6, true, table, a, lda, b, bias, floor, c, ldc);
}

function wide5(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(5, true, table, a, lda, b, bias, floor, c, ldc);
}

function wide4(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(4, true, table, a, lda, b, bias, floor, c, ldc);
}

function wide3(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(3, true, table, a, lda, b, bias, floor, c, ldc);
}

function wide2(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(2, true, table, a, lda, b, bias, floor, c, ldc);
}

function wide1(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(1, true, table, a, lda, b, bias, floor, c, ldc);
}

function narrow6(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(6, false, table, a, lda, b, bias, floor, c, ldc);
}

function narrow5(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(5, false, table, a, lda, b, bias, floor, c, ldc);
}

function narrow4(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(4, false, table, a, lda, b, bias, floor, c, ldc);
}

function narrow3(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(3, false, table, a, lda, b, bias, floor, c, ldc);
}

function narrow2(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(2, false, table, a, lda, b, bias, floor, c, ldc);
}

function narrow1(table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  tile(1, false, table, a, lda, b, bias, floor, c, ldc);
}

/** A tile of 1 … 6 rows by a whole panel. */
export function tileOf(rows: i32, wide: bool, table: usize, a: usize, lda: usize, b: usize, bias: usize, floor: v128, c: usize, ldc: usize): void {
  if (wide) {
    switch (rows) {
      case 6: wide6(table, a, lda, b, bias, floor, c, ldc); return;
      case 5: wide5(table, a, lda, b, bias, floor, c, ldc); return;
      case 4: wide4(table, a, lda, b, bias, floor, c, ldc); return;
      case 3: wide3(table, a, lda, b, bias, floor, c, ldc); return;
      case 2: wide2(table, a, lda, b, bias, floor, c, ldc); return;
      case 1: wide1(table, a, lda, b, bias, floor, c, ldc); return;
    }
    return;
  }
  switch (rows) {
    case 6: narrow6(table, a, lda, b, bias, floor, c, ldc); return;
    case 5: narrow5(table, a, lda, b, bias, floor, c, ldc); return;
    case 4: narrow4(table, a, lda, b, bias, floor, c, ldc); return;
    case 3: narrow3(table, a, lda, b, bias, floor, c, ldc); return;
    case 2: narrow2(table, a, lda, b, bias, floor, c, ldc); return;
    case 1: narrow1(table, a, lda, b, bias, floor, c, ldc); return;
  }
}
