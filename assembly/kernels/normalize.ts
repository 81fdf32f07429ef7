/**
 * Batch normalisation with its activation and, where there is one, the sum with a residual. Maps are cut into `bands`
 * of frequency; rows of a band are `rows` at a time, `outer` times, `bands × rows × C` numbers apart.
 * Sums run in float32 over some hundred rows (which stay in the first cache while the channels pass) and in float64 beyond.
 */
import { Act } from '../op';
import { activate4, fma4, real, silu4, storeLanes, word } from './simd';
import { layOut, rowsOfLine, scaleLines } from './normalize-lines';
import { CHUNK, fetch, linesOf, rowsOf } from './strips';

/** Adds the lanes of `s` and `q` to float64 pairs. */
export function flush(sums: usize, s: v128, q: v128, lanes: i32): void {
  for (let i = 0; i < lanes; i++) {
    store<f64>(sums, load<f64>(sums) + <f64>f32x4.extract_lane(s, 0));
    store<f64>(sums + 8, load<f64>(sums + 8) + <f64>f32x4.extract_lane(q, 0));
    s = i8x16.shuffle(s, s, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
    q = i8x16.shuffle(q, q, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3);
    sums += 16;
  }
}

// x, sums, mean, variance, scale, shift, 1/deviation, γ, β, ε, outer a clip, rows, C, bands
/** Batch moments of each channel, and y = scale · x + shift that follows from them. */
export function moments(a: usize, clips: i32): void {
  const C = word(a, 12);
  const bands = word(a, 13);
  const rows = bands > 1 ? word(a, 11) : word(a, 11) * clips;
  const outer = bands > 1 ? word(a, 10) * clips : 1;
  const sums = <usize>word(a, 1);
  memory.fill(sums, 0, <usize>(bands * C) << 4);
  for (let b = 0; b < bands; b++) {
    sumBand(word(a, 0) + ((b * rows * C) << 2), sums + (<usize>(b * C) << 4), outer, bands * rows, rows, C);
  }
  const count = <f64>(outer * rows);
  for (let i = 0; i < bands * C; i++) {
    const band = i / C;
    const origin = load<f32>(word(a, 0) + ((band * rows * C + i - band * C) << 2));
    const m = load<f64>(sums + (<usize>i << 4)) / count;
    const variance = max<f64>(0, load<f64>(sums + (<usize>i << 4) + 8) / count - m * m);
    const mean = <f32>(m + <f64>origin);
    const at = <usize>i << 2;
    const inverse = <f32>(1.0 / sqrt(variance + <f64>real(a, 9)));
    const scale = load<f32>(word(a, 7) + at) * inverse;
    store<f32>(word(a, 2) + at, mean);
    store<f32>(word(a, 3) + at, <f32>variance);
    store<f32>(word(a, 4) + at, scale);
    store<f32>(word(a, 5) + at, load<f32>(word(a, 8) + at) - mean * scale);
    store<f32>(word(a, 6) + at, inverse);
  }
}

/** Sums of x − x[first row] and its square; the first row stands in for the mean so that little cancels. */
function sumBand(x: usize, sums: usize, outer: i32, step: i32, rows: i32, C: i32): void {
  // The longer of the two loops runs innermost: a band has few rows, but comes `outer` times.
  if (outer > rows) sumRows(x, sums, rows, 1, outer, step, C);
  else sumRows(x, sums, outer, step, rows, 1, C);
}

/** Over `few` starts (`fewStep` rows apart) of `many` rows each (`manyStep` apart). */
function sumRows(x: usize, sums: usize, few: i32, fewStep: i32, many: i32, manyStep: i32, C: i32): void {
  const row = <usize>C << 2;
  const stride = <usize>manyStep * row;
  for (let r = 0; r < many; r += CHUNK) {
    const count = min(CHUNK, many - r);
    for (let o = 0; o < few; o++) {
      const start = x + <usize>(o * fewStep + r * manyStep) * row;
      for (let c = 0; c < C; c += 4) {
        const at = <usize>c << 2;
        const origin = v128.load(x + at);
        let s = f32x4.splat(0);
        let q = s, s1 = s, q1 = s, s2 = s, q2 = s, s3 = s, q3 = s;
        let p = start + at;
        let i = 0;
        // Four rows at a time, or each sum would wait for the one before.
        for (; i + 4 <= count; i += 4) {
          const v = f32x4.sub(v128.load(p), origin);
          const v1 = f32x4.sub(v128.load((p += stride)), origin);
          const v2 = f32x4.sub(v128.load((p += stride)), origin);
          const v3 = f32x4.sub(v128.load((p += stride)), origin);
          s = f32x4.add(s, v);
          q = fma4(v, v, q);
          s1 = f32x4.add(s1, v1);
          q1 = fma4(v1, v1, q1);
          s2 = f32x4.add(s2, v2);
          q2 = fma4(v2, v2, q2);
          s3 = f32x4.add(s3, v3);
          q3 = fma4(v3, v3, q3);
          p += stride;
        }
        for (; i < count; i++) {
          const v = f32x4.sub(v128.load(p), origin);
          s = f32x4.add(s, v);
          q = fma4(v, v, q);
          p += stride;
        }
        s = f32x4.add(f32x4.add(s, s1), f32x4.add(s2, s3));
        q = f32x4.add(f32x4.add(q, q1), f32x4.add(q2, q3));
        flush(sums + (<usize>c << 4), s, q, min(4, C - c));
      }
    }
  }
}

// x, scale, shift, y, outer a clip, rows, C, bands, act, slope, residual, room for two lines
/** y = act(scale · x + shift + residual). */
export function scaleShift(a: usize, clips: i32): void {
  const C = word(a, 6);
  const bands = word(a, 7);
  const rows = bands > 1 ? word(a, 5) : word(a, 5) * clips;
  const outer = bands > 1 ? word(a, 4) * clips : 1;
  const row = <usize>C << 2;
  const isPlain = (C & 3) == 0 && word(a, 8) <= Act.Relu && word(a, 10) == 0;
  const done = isPlain ? scaleMost(a, outer, bands, rows, C) : 0;
  if (bands == 1) {
    const most = rowsOf(C);
    for (let r = done; r < rows; r += most) {
      const count = min(most, rows - r);
      if (C > 16) fetch(a, 0, 3, 0, <usize>r * row, <usize>count * row);
      applyRows(a, <usize>r * row, 1, 0, count, row, 0, C);
    }
    return;
  }
  const line = <usize>(bands * rows) * row;
  const most = linesOf(bands * rows * C);
  for (let o = done; o < outer; o += most) {
    const lines = min(most, outer - o);
    fetch(a, 0, 3, 0, <usize>o * line, <usize>lines * line);
    for (let b = 0; b < bands; b++) {
      applyRows(a, <usize>o * line + <usize>(b * rows) * row, rows, row, lines, line, <usize>b * row, C);
    }
  }
}

/** All whole lines; returns how many, or how many rows of an uncut map they are. */
function scaleMost(a: usize, outer: i32, bands: i32, rows: i32, C: i32): i32 {
  const group = rowsOfLine(bands, rows, C);
  const lines = bands > 1 ? outer : rows / group;
  const row = <usize>C << 2;
  const width = <usize>(bands * group) * row;
  const room = <usize>word(a, 11);
  const scales = layOut(word(a, 1), room, bands, group, row);
  const shifts = layOut(word(a, 2), room + width, bands, group, row);
  scaleLines(word(a, 0), word(a, 3), scales, shifts, lines, width, f32x4.splat(word(a, 8) == Act.Relu ? 0 : -Infinity));
  return bands > 1 ? lines : lines * group;
}

/** Over `few` starts (`fewStep` bytes apart) of `count` rows each (`row` bytes apart), the first `at` bytes from the map's. */
function applyRows(a: usize, at: usize, few: i32, fewStep: usize, count: i32, row: usize, parameters: usize, C: i32): void {
  const act = word(a, 8);
  const slope = real(a, 9);
  const residual = <usize>word(a, 10);
  const ceiling = f32x4.splat(act == Act.Relu ? Infinity : 6);
  for (let c = 0; c < C; c += 4) {
    const column = <usize>c << 2;
    const scale = v128.load(<usize>word(a, 1) + parameters + column);
    const shift = v128.load(<usize>word(a, 2) + parameters + column);
    const lanes = min(4, C - c);
    for (let o = 0; o < few; o++) {
      const start = at + <usize>o * fewStep + column;
      let x = <usize>word(a, 0) + start;
      let y = <usize>word(a, 3) + start;
      let z = residual + start;
      for (let i = 0; i < count; i++) {
        let v = fma4(v128.load(x), scale, shift);
        if (residual) v = f32x4.add(v, v128.load(z));
        if (act == Act.Relu || act == Act.Relu6) v = f32x4.pmin(f32x4.pmax(v, f32x4.splat(0)), ceiling);
        else if (act == Act.Silu) v = silu4(v);
        else if (act != Act.None) v = activate4(act, v, slope);
        storeLanes(y, v, lanes);
        x += row;
        y += row;
        z += row;
      }
    }
  }
}
