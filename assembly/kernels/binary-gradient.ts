/** Gradients of sums, products and maxima of two maps with broadcasting. */
import { Binary } from '../op';
import { isWhole, lanesAt, NARROW, POSITIONS, put } from './elementwise';
import { word } from './simd';

// kind, own, other, dy, y (mask of a relu, or 0), d own, T, F, C, own steps ×4, other steps ×4, first, accumulate
/** Gradient of one operand, summed where it was repeated (then it must accumulate). `first`: own is operand a (wins ties of maximum). */
export function binaryGradient(a: usize, clips: i32): void {
  const T = word(a, 6);
  const F = word(a, 7);
  const C = word(a, 8);
  const d = <usize>word(a, 3);
  const mask = <usize>word(a, 4);
  if (word(a, 0) == Binary.Add && isWhole(a, 9, T, F, C)) {
    passOn(d, mask, word(a, 5), T * F * C * clips, word(a, 18) != 0);
    return;
  }
  const row = <usize>C << 2;
  if (word(a, 0) == Binary.Add && mask == 0 && (C & 3) == 0 && word(a, 11) == 0 && word(a, 12) == 1) {
    sumRepeated(a, clips);
    return;
  }
  const most = max(1, POSITIONS / F);
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < T; t += most) {
      const at = <usize>((n * T + t) * F) * row;
      const own = <usize>(n * word(a, 9) + t * word(a, 10)) << 2;
      const other = <usize>word(a, 2) + (<usize>(n * word(a, 13) + t * word(a, 14)) << 2);
      const lines = min(most, T - t);
      if (C > NARROW) {
        gradientRows(a, at, own, other, lines);
        continue;
      }
      for (let c = 0; c < C; c += 4) {
        const i = <usize>c << 2;
        gradientBlock(a, d + at + i, mask ? mask + at + i : 0, own, other, i, lines, lanesAt(c, C));
      }
    }
  }
}

/** The gradient of a whole map that was added: dy where y is above zero. */
function passOn(d: usize, mask: usize, to: usize, count: i32, accumulate: bool): void {
  const zero = f32x4.splat(0);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    let v = v128.load(d + at);
    if (mask) v = v128.and(v, f32x4.gt(v128.load(mask + at), zero));
    put(to + at, v, lanesAt(i, count), accumulate);
  }
}

/** The gradient of a map that was added to each frequency: dy's sum along it. */
function sumRepeated(a: usize, clips: i32): void {
  const T = word(a, 6);
  const row = <usize>word(a, 8) << 2;
  const line = <usize>word(a, 7) * row;
  let d = <usize>word(a, 3);
  for (let n = 0; n < clips; n++) {
    for (let t = 0; t < T; t++) {
      const to = <usize>word(a, 5) + (<usize>(n * word(a, 9) + t * word(a, 10)) << 2);
      for (const end = d + line; d < end; d += row) {
        for (let c: usize = 0; c < row; c += 16) v128.store(to + c, f32x4.add(v128.load(to + c), v128.load(d + c)));
      }
    }
  }
}

/** What flows to one operand, of which a number is at p. */
// @ts-ignore: decorator
@inline
function partOf(kind: i32, first: bool, v: v128, p: usize, ownFull: bool, other: usize, otherFull: bool): v128 {
  if (kind == Binary.Add) return v;
  const w = otherFull ? v128.load(other) : v128.load32_splat(other);
  if (kind == Binary.Multiply) return f32x4.mul(v, w);
  const u = ownFull ? v128.load(p) : v128.load32_splat(p);
  return v128.and(v, first ? f32x4.ge(u, w) : f32x4.gt(u, w));
}

/** All channels of one position of some lines after the other. */
function gradientRows(a: usize, at: usize, own: usize, other: usize, lines: i32): void {
  const kind = word(a, 0);
  const F = word(a, 7);
  const C = word(a, 8);
  const ownFull = word(a, 12) != 0, otherFull = word(a, 16) != 0;
  const first = word(a, 17) != 0, adds = word(a, 18) != 0;
  let d = <usize>word(a, 3) + at;
  let mask = <usize>word(a, 4);
  if (mask) mask += at;
  for (let t = 0; t < lines; t++) {
    for (let f = 0; f < F; f++) {
      const ours = own + (<usize>(t * word(a, 10) + f * word(a, 11)) << 2);
      const theirs = other + (<usize>(t * word(a, 14) + f * word(a, 15)) << 2);
      const p = <usize>word(a, 1) + ours, to = <usize>word(a, 5) + ours;
      for (let c = 0; c < C; c += 4) {
        const i = <usize>c << 2;
        let v = v128.load(d + i);
        if (mask) v = v128.and(v, f32x4.gt(v128.load(mask + i), f32x4.splat(0)));
        v = partOf(kind, first, v, ownFull ? p + i : p, ownFull, otherFull ? theirs + i : theirs, otherFull);
        if (ownFull) put(to + i, v, lanesAt(c, C), adds);
        else addLanes(to, v, lanesAt(c, C));
      }
      d += <usize>C << 2;
      if (mask) mask += <usize>C << 2;
    }
  }
}

/** Four channels, `at` bytes from the first, of some lines. */
function gradientBlock(a: usize, d: usize, mask: usize, own: usize, other: usize, at: usize, lines: i32, lanes: i32): void {
  const kind = word(a, 0);
  const F = word(a, 7);
  const row = <usize>word(a, 8) << 2;
  const ownFull = word(a, 12) != 0, otherFull = word(a, 16) != 0;
  const first = word(a, 17) != 0;
  const ownStep = <usize>word(a, 11) << 2, otherStep = <usize>word(a, 15) << 2;
  const ownLine = (<usize>word(a, 10) << 2) - <usize>F * ownStep, otherLine = (<usize>word(a, 14) << 2) - <usize>F * otherStep;
  const zero = f32x4.splat(0);
  // A side that is repeated along a line gets its sum at the line's end.
  const repeated = ownStep == 0;
  const adds = repeated || word(a, 18) != 0;
  let p = <usize>word(a, 1) + own + (ownFull ? at : 0);
  let to = <usize>word(a, 5) + own + (ownFull ? at : 0);
  if (otherFull) other += at;
  for (let t = 0; t < lines; t++) {
    let sum = zero;
    for (let f = 0; f < F; f++) {
      let v = v128.load(d);
      if (mask) {
        v = v128.and(v, f32x4.gt(v128.load(mask), zero));
        mask += row;
      }
      v = partOf(kind, first, v, p, ownFull, other, otherFull);
      if (repeated) sum = f32x4.add(sum, v);
      else if (ownFull) put(to, v, lanes, adds);
      else addLanes(to, v, lanes);
      d += row;
      p += ownStep;
      to += ownStep;
      other += otherStep;
    }
    if (repeated && ownFull) put(to, sum, lanes, true);
    else if (repeated) addLanes(to, sum, lanes);
    p += ownLine;
    to += ownLine;
    other += otherLine;
  }
}

/** Adds the first lanes of v to one number. */
function addLanes(to: usize, v: v128, lanes: i32): void {
  let sum = load<f32>(to) + f32x4.extract_lane(v, 0);
  if (lanes > 1) sum += f32x4.extract_lane(v, 1);
  if (lanes > 2) sum += f32x4.extract_lane(v, 2);
  if (lanes > 3) sum += f32x4.extract_lane(v, 3);
  store<f32>(to, sum);
}
