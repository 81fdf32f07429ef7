/**
 * Gradients of the weights that winograd.ts convolves with, by its adjoint: 35 products of matrices of transformed tiles of x and of
 * dy, summed over all tiles, and one transform of those sums at the end.
 */
import { clearSides } from './frame';
import { outerProduct } from './gemm';
import { word } from './simd';
import { COLUMNS, dim, LINES, spreadBlock, STEP, times } from './winograd';

/** A along time: seven lines of `bytes` made of up to five lines of dy, `left` of them in the map. */
function liftLines(a: usize, dy: usize, left: i32, to: usize, line: usize, bytes: usize): void {
  const none = <usize>word(a, 6);
  const p1 = left > 1 ? dy + bytes : none;
  const p2 = left > 2 ? dy + 2 * bytes : none;
  const p3 = left > 3 ? dy + 3 * bytes : none;
  const p4 = left > 4 ? dy + 4 * bytes : none;
  for (let c: usize = 0; c < bytes; c += 16) {
    const y0 = v128.load(dy + c), y1 = v128.load(p1 + c), y2 = v128.load(p2 + c), y3 = v128.load(p3 + c), y4 = v128.load(p4 + c);
    const even = f32x4.add(f32x4.add(y0, y2), y4), odd = f32x4.add(y1, y3);
    const evens = times(16, y4, times(4, y2, y0)), odds = times(8, y3, f32x4.add(y1, y1));
    let at = to + c;
    v128.store(at, y0);
    v128.store((at += line), f32x4.add(even, odd));
    v128.store((at += line), f32x4.sub(even, odd));
    v128.store((at += line), f32x4.add(evens, odds));
    v128.store((at += line), f32x4.sub(evens, odds));
    v128.store((at += line), times(0.0625, y4, times(0.125, y3, times(0.25, y2, times(0.5, y1, y0)))));
    v128.store(at + line, y4);
  }
}

/** A along frequency: five planes' numbers made of three columns, for all channels. */
// @ts-ignore: decorator
@inline
function liftColumns(y: usize, width: usize, to: usize, plane: usize): void {
  for (const end = y + width; y < end; y += 16) {
    const y0 = v128.load(y), y1 = v128.load(y + width), y2 = v128.load(y + 2 * width);
    const even = f32x4.add(y0, y2);
    v128.store(to, y0);
    v128.store(to + plane, f32x4.add(even, y1));
    v128.store(to + 2 * plane, f32x4.sub(even, y1));
    v128.store(to + 3 * plane, times(4, y2, times(2, y1, y0)));
    v128.store(to + 4 * plane, y2);
    to += 16;
  }
}

/** A dy Aᵀ of a block's tiles, `plane` bytes a plane. */
function liftBlock(a: usize, clip: i32, first: i32, down: i32, across: i32, width: usize, to: usize, plane: usize): void {
  const strip = <usize>dim(a, 9);
  const line = <usize>(3 * across) * width;
  const bytes = <usize>dim(a, 4) * width;
  const dy = <usize>word(a, 2) + <usize>(clip * dim(a, 3)) * bytes;
  for (let t = 0; t < down; t++) {
    const top = STEP * (first + t);
    liftLines(a, dy + <usize>top * bytes, dim(a, 3) - top, strip, line, bytes);
    for (let f = 0; f < across; f++) {
      for (let i = 0; i < LINES; i++) {
        liftColumns(strip + <usize>i * line + <usize>(3 * f) * width, width, to + <usize>(COLUMNS * i) * plane, plane);
      }
      to += width;
    }
  }
}

// x, sums (35 matrices [C, N]), dy, dW (added to), seven lines, room, zeros, then as for winograd up to pf;
// lines of tiles in a block, seven lines of dy
export function winogradWeightGradient(a: usize, clips: i32): void {
  const C = dim(a, 2);
  const N = dim(a, 5);
  const across = (dim(a, 4) + 2) / 3;
  const down = (dim(a, 3) + STEP - 1) / STEP;
  const most = dim(a, 8);
  const row = <usize>C << 2;
  const width = <usize>N << 2;
  const matrix = row * <usize>N;
  const sums = <usize>word(a, 1);
  memory.fill(sums, 0, LINES * COLUMNS * matrix);
  clearSides(word(a, 4), LINES, 3 * across + 2, C, dim(a, 7), dim(a, 1));
  clearSides(dim(a, 9), LINES, 3 * across, N, 0, dim(a, 4));
  const spreads = <usize>word(a, 5);
  for (let clip = 0; clip < clips; clip++) {
    for (let first = 0; first < down; first += most) {
      const lines = min(most, down - first);
      const tiles = lines * across;
      const wide = <usize>tiles * row, plane = <usize>tiles * width;
      const lifted = spreads + LINES * COLUMNS * wide;
      spreadBlock(a, clip, first, lines, across, row, spreads, wide);
      liftBlock(a, clip, first, lines, across, width, lifted, plane);
      for (let k = 0; k < LINES * COLUMNS; k++) {
        outerProduct(spreads + <usize>k * wide, row, lifted + <usize>k * plane, width, sums + <usize>k * matrix, width, tiles, C, N, tiles);
      }
    }
  }
  for (let i: usize = 0; i < matrix; i += 16) gatherWeights(sums + i, matrix, word(a, 3) + i);
}

// Sums along frequency of one line of five matrices: what weights' columns 0, 1 and 2 get.
let g0: v128 = f32x4.splat(0);
let g1: v128 = f32x4.splat(0);
let g2: v128 = f32x4.splat(0);

/** Gᵀ along frequency, times a factor of the line's own. */
// @ts-ignore: decorator
@inline
function gatherRow(m: usize, plane: usize, factor: f32): void {
  const half = f32x4.splat(<f32>(0.5 * factor)), sixth = f32x4.splat(factor / <f32>6.0);
  const m0 = f32x4.mul(v128.load(m), half), m1 = f32x4.mul(v128.load(m + plane), half);
  const m2 = f32x4.mul(v128.load(m + 2 * plane), sixth), m3 = f32x4.mul(v128.load(m + 3 * plane), sixth);
  const m4 = f32x4.mul(v128.load(m + 4 * plane), f32x4.splat(factor));
  // At 1 and −1 the distances' products are −2 and −6, at 2 it is 6.
  const sum = f32x4.add(m1, m2);
  g0 = f32x4.add(f32x4.sub(m0, sum), m3);
  g1 = times(2, m3, f32x4.sub(m2, m1));
  g2 = f32x4.add(times(4, m3, f32x4.neg(sum)), m4);
}

/** Adds Gᵀ U G to nine taps of four filters. */
function gatherWeights(u: usize, plane: usize, w: usize): void {
  const far = 5 * plane;
  let a0 = v128.load(w), a1 = v128.load(w + plane), a2 = v128.load(w + 2 * plane);
  gatherRow(u, plane, -0.5);
  a0 = f32x4.add(a0, g0);
  a1 = f32x4.add(a1, g1);
  a2 = f32x4.add(a2, g2);
  let b0 = f32x4.splat(0), b1 = b0, b2 = b0;
  let c0 = v128.load(w + 6 * plane), c1 = v128.load(w + 7 * plane), c2 = v128.load(w + 8 * plane);
  for (let k = 1; k < 6; k++) {
    const p: f32 = k == 1 ? 1 : k == 2 ? -1 : k == 3 ? 2 : k == 4 ? -2 : 0.5;
    const factor: f32 = k == 1 ? -1.0 / 3.0 : k == 2 ? 1.0 / 9.0 : k == 3 ? 1.0 / 36.0 : k == 4 ? -1.0 / 60.0 : 1.0 / 1.40625;
    gatherRow(u + <usize>k * far, plane, factor);
    a0 = f32x4.add(a0, g0);
    a1 = f32x4.add(a1, g1);
    a2 = f32x4.add(a2, g2);
    b0 = times(p, g0, b0);
    b1 = times(p, g1, b1);
    b2 = times(p, g2, b2);
    c0 = times(p * p, g0, c0);
    c1 = times(p * p, g1, c1);
    c2 = times(p * p, g2, c2);
  }
  gatherRow(u + 6 * far, plane, 1);
  v128.store(w, a0);
  v128.store(w + plane, a1);
  v128.store(w + 2 * plane, a2);
  v128.store(w + 3 * plane, f32x4.add(v128.load(w + 3 * plane), b0));
  v128.store(w + 4 * plane, f32x4.add(v128.load(w + 4 * plane), b1));
  v128.store(w + 5 * plane, f32x4.add(v128.load(w + 5 * plane), b2));
  v128.store(w + 6 * plane, f32x4.add(c0, g0));
  v128.store(w + 7 * plane, f32x4.add(c1, g1));
  v128.store(w + 8 * plane, f32x4.add(c2, g2));
}
