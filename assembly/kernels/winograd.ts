/**
 * 3 × 3 convolutions of stride 1 for inference by Winograd's F(2 × 2, 3 × 3): 16 products for four outputs instead of 36. The map
 * is cut into tiles of 4 × 4 that overlap by two; each of a transformed tile's 16 numbers has a product of matrices of its own.
 * Source: Lavin and Gray, 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.1.
 */
import { Act } from '../op';
import { block } from './direct';
import { clearBorder, fillFrame } from './frame';
import { activate4, real, word } from './simd';
import { setRuns } from './tiles';

/** Tiles transformed at a time; src/engine/wasm/emit/winograd.ts has the same. */
const TILES: i32 = 30;

// x, U (16 packed matrices), bias, y, frame, room for 16 × TILES rows of C and of N numbers, zeros, then:
// T, F, C, To, Fo, N, pt, pf, act, slope
const DIMS: i32 = 7;
// @ts-ignore: decorator
@inline
function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}

/** One row of Bᵀ d B: four numbers made of four, `step` bytes apart. */
// @ts-ignore: decorator
@inline
function spread(to: usize, plane: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(to, f32x4.sub(a, c));
  v128.store((to += plane), f32x4.add(b, c));
  v128.store((to += plane), f32x4.sub(c, b));
  v128.store((to += plane), f32x4.sub(b, d));
}

/** Four channels of a tile at `x` to 16 planes: Bᵀ d B. */
// @ts-ignore: decorator
@inline
function transformInput(x: usize, line: usize, position: usize, to: usize, plane: usize): void {
  const p1 = x + line, p2 = p1 + line, p3 = p2 + line;
  const far = 2 * position, farther = 3 * position;
  const d10 = v128.load(p1), d11 = v128.load(p1 + position), d12 = v128.load(p1 + far), d13 = v128.load(p1 + farther);
  const d20 = v128.load(p2), d21 = v128.load(p2 + position), d22 = v128.load(p2 + far), d23 = v128.load(p2 + farther);
  const next = plane << 2;
  spread(
    to, plane,
    f32x4.sub(v128.load(x), d20), f32x4.sub(v128.load(x + position), d21),
    f32x4.sub(v128.load(x + far), d22), f32x4.sub(v128.load(x + farther), d23),
  );
  spread((to += next), plane, f32x4.add(d10, d20), f32x4.add(d11, d21), f32x4.add(d12, d22), f32x4.add(d13, d23));
  spread((to += next), plane, f32x4.sub(d20, d10), f32x4.sub(d21, d11), f32x4.sub(d22, d12), f32x4.sub(d23, d13));
  spread(
    (to += next), plane,
    f32x4.sub(d10, v128.load(p3)), f32x4.sub(d11, v128.load(p3 + position)),
    f32x4.sub(d12, v128.load(p3 + far)), f32x4.sub(d13, v128.load(p3 + farther)),
  );
}

// @ts-ignore: decorator
@inline
function sumOf(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.add(a, b), c);
}

// @ts-ignore: decorator
@inline
function restOf(b: v128, c: v128, d: v128): v128 {
  return f32x4.sub(f32x4.sub(b, c), d);
}

let act: i32 = 0;
let slope: f32 = 0;

// @ts-ignore: decorator
@inline
function finished(v: v128): v128 {
  return act > Act.Relu ? activate4(act, v, slope) : act == Act.Relu ? f32x4.pmax(v, f32x4.splat(0)) : v;
}

/** Four channels of 2 × 2 outputs, as many as `right` and `below` say the map has: Aᵀ m A + bias. */
// @ts-ignore: decorator
@inline
function transformOutput(m: usize, plane: usize, bias: v128, y: usize, line: usize, position: usize, right: bool, below: bool): void {
  const next = plane << 2;
  const m1 = m + next, m2 = m1 + next, m3 = m2 + next;
  const p2 = 2 * plane, p3 = 3 * plane;
  const b0 = v128.load(m1), b1 = v128.load(m1 + plane), b2 = v128.load(m1 + p2), b3 = v128.load(m1 + p3);
  const c0 = v128.load(m2), c1 = v128.load(m2 + plane), c2 = v128.load(m2 + p2), c3 = v128.load(m2 + p3);
  const s0 = sumOf(v128.load(m), b0, c0), s1 = sumOf(v128.load(m + plane), b1, c1);
  const s2 = sumOf(v128.load(m + p2), b2, c2);
  v128.store(y, finished(f32x4.add(sumOf(s0, s1, s2), bias)));
  if (right) {
    const s3 = sumOf(v128.load(m + p3), b3, c3);
    v128.store(y + position, finished(f32x4.add(restOf(s1, s2, s3), bias)));
  }
  if (!below) return;
  const r0 = restOf(b0, c0, v128.load(m3)), r1 = restOf(b1, c1, v128.load(m3 + plane));
  const r2 = restOf(b2, c2, v128.load(m3 + p2));
  v128.store(y + line, finished(f32x4.add(sumOf(r0, r1, r2), bias)));
  if (right) {
    const r3 = restOf(b3, c3, v128.load(m3 + p3));
    v128.store(y + line + position, finished(f32x4.add(restOf(r1, r2, r3), bias)));
  }
}

/** y = act(bias + W ∗ x); channels on both sides in fours. */
export function winograd(a: usize, clips: i32): void {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const To = dim(a, 3);
  const Fo = dim(a, 4);
  const across = (Fo + 1) >> 1;
  const lines = ((To + 1) & ~1) + 2;
  const columns = 2 * across + 2;
  const row = <usize>C << 2;
  act = dim(a, 8);
  slope = real(a, DIMS + 9);
  clearBorder(word(a, 4), lines, columns, C, dim(a, 6), dim(a, 7), T, F);
  setRuns(1, 0, 1, 0, row);
  for (let clip = 0; clip < clips; clip++) {
    const x = <usize>word(a, 0) + <usize>(clip * T * F) * row;
    fillFrame(word(a, 4), lines, columns, C, dim(a, 6), dim(a, 7), x, row, T, F);
    const tiles = ((To + 1) >> 1) * across;
    for (let first = 0; first < tiles; first += TILES) transformBlock(a, clip, first, min(TILES, tiles - first), across, columns);
  }
}

function transformBlock(a: usize, clip: i32, first: i32, count: i32, across: i32, columns: i32): void {
  const C = dim(a, 2);
  const To = dim(a, 3);
  const Fo = dim(a, 4);
  const N = dim(a, 5);
  const row = <usize>C << 2;
  const width = <usize>N << 2;
  const wide = <usize>TILES * row;
  const plane = <usize>TILES * width;
  const spreads = <usize>word(a, 5);
  const products = spreads + 16 * wide;
  const line = <usize>columns * row;
  for (let i = 0; i < count; i++) {
    const t = (first + i) / across;
    const f = first + i - t * across;
    const x = <usize>word(a, 4) + <usize>(2 * t) * line + <usize>(2 * f) * row;
    const to = spreads + <usize>i * row;
    for (let c: usize = 0; c < row; c += 16) transformInput(x + c, line, row, to + c, wide);
  }
  const matrix = row * <usize>N;
  for (let k = 0; k < 16; k++) {
    block(count, 0, spreads + <usize>k * wide, row, <usize>word(a, 1) + <usize>k * matrix, C, word(a, 6), false, products + <usize>k * plane, width, N);
  }
  for (let i = 0; i < count; i++) {
    const t = (first + i) / across;
    const f = first + i - t * across;
    const y = <usize>word(a, 3) + <usize>((clip * To + 2 * t) * Fo + 2 * f) * width;
    const from = products + <usize>i * width;
    const right = 2 * f + 1 < Fo, below = 2 * t + 1 < To;
    for (let n: usize = 0; n < width; n += 16) {
      transformOutput(from + n, plane, v128.load(word(a, 2) + n), y + n, <usize>Fo * width, width, right, below);
    }
  }
}
