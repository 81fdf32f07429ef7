/**
 * Normalisation and its gradients line by line, in the order of memory: for maps of whole vectors, without activation or with a
 * ReLU. A line is some rows of channels, or, where a map is cut into bands, all frequencies of a moment; what rows share is laid out
 * once for each. Rows left over are for normalize.ts and normalize-gradient.ts.
 */
import { Norm } from '../op';
import { fma4 } from './simd';

/** Rows of a band in a line: all of them, or, where the map is not cut, as src/engine/wasm/emit/normalize.ts makes room for. */
export function rowsOfLine(bands: i32, rows: i32, C: i32): i32 {
  return bands > 1 ? rows : (Norm.Line + C - 1) / C;
}

/** Copies what each of `bands` has for its channels to all of its `rows`, and returns where; a line of one row needs no copy. */
export function layOut(from: usize, to: usize, bands: i32, rows: i32, row: usize): usize {
  if (bands * rows == 1) return from;
  let at = to;
  for (let b = 0; b < bands; b++) {
    for (let r = 0; r < rows; r++) {
      memory.copy(at, from + <usize>b * row, row);
      at += row;
    }
  }
  return to;
}

/** y = max(scale · x + shift, floor) of `lines` lines of `width` bytes. */
export function scaleLines(x: usize, y: usize, scales: usize, shifts: usize, lines: i32, width: usize, floor: v128): void {
  for (let l = 0; l < lines; l++) {
    for (let i: usize = 0; i < width; i += 16) {
      v128.store(y + i, f32x4.pmax(fma4(v128.load(x + i), v128.load(scales + i), v128.load(shifts + i)), floor));
    }
    x += width;
    y += width;
  }
}

/**
 * Adds Σ dz and Σ dz · (x − mean) of `lines` lines to `sums`, `width` bytes of one, then of the other; z above `floor` count. Two
 * lines at a time: what rows share and the sums are read half as often.
 */
export function reduceLines(x: usize, d: usize, means: usize, scales: usize, shifts: usize, sums: usize, lines: i32, width: usize, floor: v128): void {
  for (let l = 0; l < lines; l += 2) {
    // The last of an odd number counts with itself, once.
    const next = l + 1 < lines ? width : 0;
    const both = l + 1 < lines ? i32x4.splat(-1) : i32x4.splat(0);
    for (let i: usize = 0; i < width; i += 16) {
      const mean = v128.load(means + i), scale = v128.load(scales + i), shift = v128.load(shifts + i);
      const v = v128.load(x + i), v1 = v128.load(x + next + i);
      const dz = v128.and(v128.load(d + i), f32x4.gt(fma4(v, scale, shift), floor));
      const dz1 = v128.and(v128.and(v128.load(d + next + i), both), f32x4.gt(fma4(v1, scale, shift), floor));
      v128.store(sums + i, f32x4.add(v128.load(sums + i), f32x4.add(dz, dz1)));
      const q = fma4(dz, f32x4.sub(v, mean), f32x4.mul(dz1, f32x4.sub(v1, mean)));
      v128.store(sums + width + i, f32x4.add(v128.load(sums + width + i), q));
    }
    x += 2 * width;
    d += 2 * width;
  }
}

/** As `reduceLines` where every z counts. */
export function sumLines(x: usize, d: usize, means: usize, sums: usize, lines: i32, width: usize): void {
  for (let l = 0; l < lines; l++) {
    for (let i: usize = 0; i < width; i += 16) {
      const dz = v128.load(d + i);
      v128.store(sums + i, f32x4.add(v128.load(sums + i), dz));
      v128.store(sums + width + i, fma4(dz, f32x4.sub(v128.load(x + i), v128.load(means + i)), v128.load(sums + width + i)));
    }
    x += width;
    d += width;
  }
}

/** dx = scale · dz + slope · (x − mean) + rest of `lines` lines; z above `floor` count. */
export function gradientLines(x: usize, d: usize, dx: usize, scales: usize, shifts: usize, means: usize, slopes: usize, rests: usize, lines: i32, width: usize, floor: v128): void {
  for (let l = 0; l < lines; l++) {
    for (let i: usize = 0; i < width; i += 16) {
      const v = v128.load(x + i);
      const scale = v128.load(scales + i);
      const dz = v128.and(v128.load(d + i), f32x4.gt(fma4(v, scale, v128.load(shifts + i)), floor));
      const moved = fma4(v128.load(slopes + i), f32x4.sub(v, v128.load(means + i)), v128.load(rests + i));
      v128.store(dx + i, fma4(scale, dz, moved));
    }
    x += width;
    d += width;
    dx += width;
  }
}

/** As `gradientLines` where every z counts. */
export function plainGradientLines(x: usize, d: usize, dx: usize, scales: usize, means: usize, slopes: usize, rests: usize, lines: i32, width: usize): void {
  for (let l = 0; l < lines; l++) {
    for (let i: usize = 0; i < width; i += 16) {
      // Not slope · x: the mean may be many deviations large, and the difference would be lost.
      const moved = fma4(v128.load(slopes + i), f32x4.sub(v128.load(x + i), v128.load(means + i)), v128.load(rests + i));
      v128.store(dx + i, fma4(v128.load(scales + i), v128.load(d + i), moved));
    }
    x += width;
    d += width;
    dx += width;
  }
}
