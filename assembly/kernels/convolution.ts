/**
 * k×k, strided, dilated and grouped convolutions: patches of a tile of output positions are gathered into rows
 * (zeros where they reach over the edge) and multiplied like any matrix; gradients scatter them back.
 */
import { Act } from '../op';
import { activateInPlace, outerProduct, outerRows, packedWidth, product } from './gemm';
import { real, word } from './simd';

// Arguments: x, packed W, bias, y, scratch, then the dimensions from word 5 on.
const DIMS: i32 = 5;
// @ts-ignore: decorator
@inline
function dim(a: usize, i: i32): i32 {
  return word(a, DIMS + i);
}
// T, F, C, To, Fo, N, kt, kf, st, sf, dt, df, pt, pf, groups, act, slope, accumulate

/** Rows of patches that are summed at once, at least: fewer would read weights and their gradients too often. */
const ROWS: i32 = 48;

/** Rows of patches held at once: few enough for the first cache where patches are small. */
export function patchRows(patch: i32): i32 {
  return patch * 2 * ROWS <= 8192 ? 2 * ROWS : ROWS;
}

/** Copies in fours, the last of which may write up to three numbers too many: what follows is written later. */
// @ts-ignore: decorator
@inline
function copyFloats(to: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) v128.store(to + (<usize>i << 2), v128.load(from + (<usize>i << 2)));
}

/** Zeros in fours, likewise. */
// @ts-ignore: decorator
@inline
function clearFloats(to: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) v128.store(to + (<usize>i << 2), f32x4.splat(0));
}

// @ts-ignore: decorator
@inline
function addFloats(to: usize, from: usize, count: i32): void {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const at = to + (<usize>i << 2);
    v128.store(at, f32x4.add(v128.load(at), v128.load(from + (<usize>i << 2))));
  }
  for (; i < count; i++) {
    const at = to + (<usize>i << 2);
    store<f32>(at, load<f32>(at) + load<f32>(from + (<usize>i << 2)));
  }
}

/** Gathers (`scatter` false) or scatters back the patches of output positions first … first + count − 1 of one group. */
function patches(a: usize, x: usize, rows: usize, first: i32, count: i32, group: i32, scatter: bool): void {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const To = dim(a, 3);
  const Fo = dim(a, 4);
  const kt = dim(a, 6);
  const kf = dim(a, 7);
  const st = dim(a, 8);
  const sf = dim(a, 9);
  const dt = dim(a, 10);
  const df = dim(a, 11);
  const pt = dim(a, 12);
  const pf = dim(a, 13);
  const part = C / dim(a, 14);
  const run = kf * part;
  const joined = df == 1 && part == C;
  const line = <usize>(F * C) << 2;
  const runBytes = <usize>run << 2;
  let clip = first / (To * Fo);
  let to = (first - clip * To * Fo) / Fo;
  let fo = first - (clip * To + to) * Fo;
  for (let i = 0; i < count; i++) {
    const t0 = to * st - pt;
    const f0 = fo * sf - pf;
    const whole = joined && f0 >= 0 && f0 + kf <= F;
    // Lines above the map are stepped over, never read.
    let from = x + (<usize>((clip * T + t0) * F * C + group * part) << 2);
    for (let u = 0; u < kt; u++) {
      const t = t0 + u * dt;
      if (t < 0 || t >= T) {
        if (!scatter) clearFloats(rows, run);
      } else if (whole) {
        const at = from + (<usize>(f0 * C) << 2);
        if (scatter) addFloats(at, rows, run);
        else copyFloats(rows, at, run);
      } else {
        edge(from, rows, f0, df, F, C, kf, part, scatter);
      }
      rows += runBytes;
      from += <usize>dt * line;
    }
    if (++fo == Fo) {
      fo = 0;
      if (++to == To) {
        to = 0;
        clip++;
      }
    }
  }
}

/** One line of a patch, tap by tap: those beyond the map are zeros. */
function edge(from: usize, rows: usize, f0: i32, df: i32, F: i32, C: i32, kf: i32, part: i32, scatter: bool): void {
  for (let v = 0; v < kf; v++) {
    const f = f0 + v * df;
    if (f >= 0 && f < F) {
      const at = from + (<usize>(f * C) << 2);
      if (scatter) addFloats(at, rows, part);
      else copyFloats(rows, at, part);
    } else if (!scatter) {
      clearFloats(rows, part);
    }
    rows += <usize>part << 2;
  }
}

/** y = act(bias + W ∗ x). */
export function convolution(a: usize, clips: i32): void {
  const N = dim(a, 5);
  const groups = dim(a, 14);
  const act = dim(a, 15);
  const n = N / groups;
  const patch = dim(a, 6) * dim(a, 7) * (dim(a, 2) / groups);
  const positions = dim(a, 3) * dim(a, 4) * clips;
  const tile = patchRows(patch);
  const scratch = <usize>word(a, 4);
  const y = <usize>word(a, 3);
  for (let first = 0; first < positions; first += tile) {
    const rows = min(tile, positions - first);
    for (let g = 0; g < groups; g++) {
      patches(a, word(a, 0), scratch, first, rows, g, false);
      const b = <usize>word(a, 1) + <usize>(g * packedWidth(n) * patch) * 4;
      const to = y + (<usize>(first * N + g * n) << 2);
      const bias = <usize>word(a, 2) + (<usize>(g * n) << 2);
      product(scratch, patch << 2, b, bias, to, N << 2, rows, patch, n, act, false);
    }
    if (act > Act.Relu) activateInPlace(y + (<usize>(first * N) << 2), rows * N, act, real(a, DIMS + 16));
  }
}

/** x, dy, -, dW (added to), scratch, dimensions as above. dW is laid out [kt, kf, C / groups, N]. */
export function convolutionWeightGradient(a: usize, clips: i32): void {
  const N = dim(a, 5);
  const groups = dim(a, 14);
  const n = N / groups;
  const patch = dim(a, 6) * dim(a, 7) * (dim(a, 2) / groups);
  const positions = dim(a, 3) * dim(a, 4) * clips;
  const tile = patchRows(patch);
  const scratch = <usize>word(a, 4);
  for (let first = 0; first < positions; first += tile) {
    const rows = min(tile, positions - first);
    for (let g = 0; g < groups; g++) {
      patches(a, word(a, 0), scratch, first, rows, g, false);
      const d = <usize>word(a, 1) + (<usize>(first * N + g * n) << 2);
      outerProduct(scratch, patch << 2, d, N << 2, <usize>word(a, 3) + (<usize>(g * n) << 2), N << 2, rows, patch, n, max(ROWS, outerRows(patch, n)));
    }
  }
}

/** dx (added to), packed Wᵀ by group, zero bias, dy, scratch, dimensions as above. */
export function convolutionDataGradient(a: usize, clips: i32): void {
  const N = dim(a, 5);
  const groups = dim(a, 14);
  const n = N / groups;
  const patch = dim(a, 6) * dim(a, 7) * (dim(a, 2) / groups);
  const positions = dim(a, 3) * dim(a, 4) * clips;
  const tile = patchRows(patch);
  const scratch = <usize>word(a, 4);
  for (let first = 0; first < positions; first += tile) {
    const rows = min(tile, positions - first);
    for (let g = 0; g < groups; g++) {
      const d = <usize>word(a, 3) + (<usize>(first * N + g * n) << 2);
      const b = <usize>word(a, 1) + <usize>(g * packedWidth(patch) * n) * 4;
      product(d, N << 2, b, word(a, 2), scratch, patch << 2, rows, n, patch, 0, false);
      patches(a, word(a, 0), scratch, first, rows, g, true);
    }
  }
}
