/**
 * 3 × 3 convolutions of stride 1 by Winograd's F(5 × 3, 3 × 3): 35 products for fifteen outputs, five lines of three
 * columns, instead of 135. The map is cut into tiles of 7 × 5 that overlap by two; each of a transformed tile's 35 numbers has a
 * product of matrices of its own. Points along time are 0, ±1, ±2, ½, ∞, along frequency 0, ±1, 2, ∞: factors here are powers of
 * two, hence exact, and what is not is in the weights. Maps of speech have 25 or 49 lines and 5, 10 or 20 columns.
 * Source: Lavin and Gray, 2016, "Fast Algorithms for Convolutional Neural Networks", section 4.
 */
import { Act } from '../op';
import { block, finishRows } from './direct';
import { clearSides } from './frame';
import { fma4, real, word } from './simd';
import { setRuns } from './tiles';

/** Lines of a tile of outputs; lines and columns of one of inputs. */
export const STEP: i32 = 5;
export const LINES: i32 = 7;
export const COLUMNS: i32 = 5;

// x, U (35 packed matrices), bias, y, seven lines, room for 35 × tiles of a block rows of C and of N numbers, zeros, then:
// T, F, C, To, Fo, N, pt, pf, act, slope, lines of tiles in a block, accumulate
const DIMS: i32 = 7;
// @ts-ignore: decorator
@inline
export function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}

// @ts-ignore: decorator
@inline
export function times(factor: f32, v: v128, sum: v128): v128 {
  return fma4(f32x4.splat(factor), v, sum);
}

/**
 * Bᵀ along time: seven lines of `bytes` made of seven, from line `top` of the map on; those outside are zeros. The polynomials
 * of all points but ½ have the factor x − ½, that of ½ is theirs at ∞ without it.
 */
function spreadLines(a: usize, x: usize, top: i32, to: usize, line: usize, bytes: usize): void {
  const T = <u32>dim(a, 0);
  const none = <usize>word(a, 6);
  let at = x + <usize>top * bytes;
  const p0 = <u32>top < T ? at : none;
  const p1 = <u32>(top + 1) < T ? at + bytes : none;
  const p2 = <u32>(top + 2) < T ? at + 2 * bytes : none;
  const p3 = <u32>(top + 3) < T ? at + 3 * bytes : none;
  const p4 = <u32>(top + 4) < T ? at + 4 * bytes : none;
  const p5 = <u32>(top + 5) < T ? at + 5 * bytes : none;
  const p6 = <u32>(top + 6) < T ? at + 6 * bytes : none;
  for (let c: usize = 0; c < bytes; c += 16) {
    const d1 = v128.load(p1 + c), d2 = v128.load(p2 + c), d3 = v128.load(p3 + c), d4 = v128.load(p4 + c), d5 = v128.load(p5 + c);
    const e0 = times(-0.5, v128.load(p0 + c), d1), e1 = times(-0.5, d1, d2), e2 = times(-0.5, d2, d3), e3 = times(-0.5, d3, d4);
    const e4 = times(-0.5, d4, d5), e5 = times(-0.5, d5, v128.load(p6 + c));
    const even = f32x4.sub(e4, e2), odd = f32x4.sub(e3, e1);
    const evens = times(-4, e2, e4), odds = times(-4, e1, e3);
    at = to + c;
    v128.store(at, times(4, f32x4.sub(e0, e2), even));
    v128.store((at += line), f32x4.add(evens, odds));
    v128.store((at += line), f32x4.sub(evens, odds));
    v128.store((at += line), times(2, odd, even));
    v128.store((at += line), times(-2, odd, even));
    v128.store((at += line), times(-4, f32x4.sub(d3, d1), f32x4.sub(d5, d3)));
    v128.store((at += line), times(-4, odd, f32x4.sub(e5, e3)));
  }
}

/** Bᵀ along frequency: five planes' numbers made of five columns, for all channels. */
// @ts-ignore: decorator
@inline
function spreadColumns(x: usize, row: usize, to: usize, plane: usize): void {
  for (const end = x + row; x < end; x += 16) {
    const d1 = v128.load(x + row), d2 = v128.load(x + 2 * row), d3 = v128.load(x + 3 * row);
    const odd = f32x4.sub(d3, d1), rest = f32x4.sub(d3, d2);
    v128.store(to, times(2, f32x4.sub(v128.load(x), d2), odd));
    v128.store(to + plane, times(-2, d1, rest));
    v128.store(to + 2 * plane, times(2, f32x4.sub(d1, d2), rest));
    v128.store(to + 3 * plane, odd);
    v128.store(to + 4 * plane, times(-2, odd, f32x4.sub(v128.load(x + 4 * row), d2)));
    to += 16;
  }
}

/** Aᵀ along frequency: three of five planes made of the five, in place. */
// @ts-ignore: decorator
@inline
function gatherColumns(m: usize, plane: usize, bytes: usize): void {
  for (const end = m + bytes; m < end; m += 16) {
    const m1 = v128.load(m + plane), m2 = v128.load(m + 2 * plane), m3 = v128.load(m + 3 * plane);
    const sum = f32x4.add(m1, m2);
    v128.store(m, f32x4.add(f32x4.add(v128.load(m), sum), m3));
    v128.store(m + plane, times(2, m3, f32x4.sub(m1, m2)));
    v128.store(m + 2 * plane, times(4, m3, f32x4.add(sum, v128.load(m + 4 * plane))));
  }
}

/** Whether results are added to what is there. */
let adds: bool = false;

// @ts-ignore: decorator
@inline
function put(y: usize, v: v128, floor: v128): void {
  if (adds) v = f32x4.add(v, v128.load(y));
  v128.store(y, f32x4.pmax(v, floor));
}

/** Aᵀ along time + bias: one column of outputs, as many lines of it as the map has. */
// @ts-ignore: decorator
@inline
function gatherLines(m: usize, next: usize, bias: usize, floor: v128, y: usize, line: usize, lines: i32, bytes: usize): void {
  for (const end = m + bytes; m < end; m += 16) {
    const b = v128.load(bias);
    let at = m + next;
    const m1 = v128.load(at), m2 = v128.load((at += next)), m3 = v128.load((at += next)), m4 = v128.load((at += next));
    const half = v128.load((at += next));
    const ones = f32x4.add(f32x4.add(m1, m2), b), rest = f32x4.add(f32x4.sub(m1, m2), b);
    const even = f32x4.add(m3, m4), odd = f32x4.sub(m3, m4);
    put(y, f32x4.add(f32x4.add(f32x4.add(v128.load(m), ones), even), half), floor);
    if (lines > 1) {
      put(y + line, times(2, odd, times(0.5, half, rest)), floor);
      if (lines > 2) put(y + 2 * line, times(4, even, times(0.25, half, ones)), floor);
      if (lines > 3) put(y + 3 * line, times(8, odd, times(0.125, half, rest)), floor);
      if (lines > 4) {
        const last = f32x4.add(times(0.0625, half, ones), v128.load(at + next));
        put(y + 4 * line, times(16, even, last), floor);
      }
    }
    bias += 16;
    y += 16;
  }
}

/** y = act(bias + W ∗ x), or y + W ∗ x; channels on both sides in fours. */
export function winograd(a: usize, clips: i32): void {
  const C = dim(a, 2);
  const across = (dim(a, 4) + 2) / 3;
  const down = (dim(a, 3) + STEP - 1) / STEP;
  const most = dim(a, 10);
  adds = dim(a, 11) != 0;
  clearSides(word(a, 4), LINES, 3 * across + 2, C, dim(a, 7), dim(a, 1));
  setRuns(1, 0, 1, 0, <usize>C << 2);
  for (let clip = 0; clip < clips; clip++) {
    for (let first = 0; first < down; first += most) transformBlock(a, clip, first, min(most, down - first), across);
  }
}

/** `down` lines of tiles, from `first` on: transformed, multiplied, transformed back. */
function transformBlock(a: usize, clip: i32, first: i32, down: i32, across: i32): void {
  const C = dim(a, 2);
  const N = dim(a, 5);
  const row = <usize>C << 2;
  const width = <usize>N << 2;
  const tiles = down * across;
  const wide = <usize>tiles * row;
  const plane = <usize>tiles * width;
  const spreads = <usize>word(a, 5);
  const products = spreads + LINES * COLUMNS * wide;
  spreadBlock(a, clip, first, down, across, row, spreads, wide);
  const matrix = row * <usize>N;
  for (let k = 0; k < LINES * COLUMNS; k++) {
    block(tiles, 0, spreads + <usize>k * wide, row, <usize>word(a, 1) + <usize>k * matrix, C, word(a, 6), false, products + <usize>k * plane, width, N);
  }
  for (let i = 0; i < LINES; i++) gatherColumns(products + <usize>(COLUMNS * i) * plane, plane, plane);
  gatherBlock(a, clip, first, down, products, width, plane);
}

/** Bᵀ d B of a block's tiles, `plane` bytes a plane. */
// @ts-ignore: decorator
@inline
export function spreadBlock(a: usize, clip: i32, first: i32, down: i32, across: i32, row: usize, to: usize, plane: usize): void {
  const strip = <usize>word(a, 4);
  const line = <usize>(3 * across + 2) * row;
  const bytes = <usize>dim(a, 1) * row;
  const x = <usize>word(a, 0) + <usize>(clip * dim(a, 0)) * bytes;
  for (let t = 0; t < down; t++) {
    spreadLines(a, x, STEP * (first + t) - dim(a, 6), strip + <usize>dim(a, 7) * row, line, bytes);
    for (let f = 0; f < across; f++) {
      for (let i = 0; i < LINES; i++) {
        spreadColumns(strip + <usize>i * line + <usize>(3 * f) * row, row, to + <usize>(COLUMNS * i) * plane, plane);
      }
      to += row;
    }
  }
}

/** Aᵀ along time of a block's tiles, `plane` bytes a plane, and the activation. */
// @ts-ignore: decorator
@inline
function gatherBlock(a: usize, clip: i32, first: i32, down: i32, from: usize, width: usize, plane: usize): void {
  const Fo = dim(a, 4);
  const act = dim(a, 8);
  const floor = f32x4.splat(act == Act.Relu ? 0 : -Infinity);
  const line = <usize>Fo * width;
  const top = <usize>word(a, 3) + <usize>(clip * dim(a, 3) + STEP * first) * line;
  const left = dim(a, 3) - STEP * first;
  for (let t = 0; t < down; t++) {
    const y = top + <usize>(STEP * t) * line;
    for (let f = 0; f < Fo; f++) {
      const column = f % 3;
      gatherLines(from + <usize>column * plane, COLUMNS * plane, word(a, 2), floor, y + <usize>f * width, line, left - STEP * t, width);
      if (column == 2 || f == Fo - 1) from += width;
    }
  }
  if (act > Act.Relu) finishRows(top, width, min(STEP * down, left) * Fo, dim(a, 5), act, real(a, DIMS + 9));
}
