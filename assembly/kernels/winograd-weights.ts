/** Weights of 3 × 3 convolutions for winograd.ts, made anew whenever they have changed: in training, on each shard. */
import { word } from './simd';

/** (a + p · (b + p · c)) · factor: a polynomial at the point p over the product of p's distances from the other points. */
// @ts-ignore: decorator
@inline
function at(p: f32, factor: f32, a: v128, b: v128, c: v128): v128 {
  const point = f32x4.splat(p);
  const value = f32x4.add(a, f32x4.mul(point, f32x4.add(b, f32x4.mul(point, c))));
  return f32x4.mul(value, f32x4.splat(factor));
}

/** Five numbers of four filters, `plane` bytes apart: a row of G g Gᵀ, from three of G g. */
function spreadRow(a: v128, b: v128, c: v128, to: usize, plane: usize): void {
  v128.store(to, f32x4.mul(a, f32x4.splat(0.5)));
  v128.store((to += plane), at(1, -0.5, a, b, c));
  v128.store((to += plane), at(-1, <f32>(-1.0 / 6.0), a, b, c));
  v128.store((to += plane), at(2, <f32>(1.0 / 6.0), a, b, c));
  v128.store(to + plane, c);
}

/** Tap (u, v) of four filters. `step`: bytes from a filter's to the next one's. */
// @ts-ignore: decorator
@inline
function tap(w: usize, step: usize): v128 {
  if (step == 4) return v128.load(w);
  let v = v128.load32_splat(w);
  v = v128.load32_lane(w + step, v, 1);
  v = v128.load32_lane(w + 2 * step, v, 2);
  return v128.load32_lane(w + 3 * step, v, 3);
}

/** Four filters of one input, taps `next` bytes apart (backwards for turned ones). */
function spreadFilters(w: usize, next: isize, step: usize, to: usize, plane: usize): void {
  const g0 = tap(w, step), g1 = tap(w + next, step), g2 = tap(w + 2 * next, step);
  const h0 = tap(w + 3 * next, step), h1 = tap(w + 4 * next, step), h2 = tap(w + 5 * next, step);
  const i0 = tap(w + 6 * next, step), i1 = tap(w + 7 * next, step), i2 = tap(w + 8 * next, step);
  // Lines at the six points along time, each over the product of its distances from the others, and at ∞.
  const far = 5 * plane;
  spreadRow(at(0, -0.5, g0, h0, i0), at(0, -0.5, g1, h1, i1), at(0, -0.5, g2, h2, i2), to, plane);
  const third = <f32>(-1.0 / 3.0), ninth = <f32>(1.0 / 9.0);
  spreadRow(at(1, third, g0, h0, i0), at(1, third, g1, h1, i1), at(1, third, g2, h2, i2), (to += far), plane);
  spreadRow(at(-1, ninth, g0, h0, i0), at(-1, ninth, g1, h1, i1), at(-1, ninth, g2, h2, i2), (to += far), plane);
  const a = <f32>(1.0 / 36.0), b = <f32>(-1.0 / 60.0), c = <f32>(1.0 / 1.40625);
  spreadRow(at(2, a, g0, h0, i0), at(2, a, g1, h1, i1), at(2, a, g2, h2, i2), (to += far), plane);
  spreadRow(at(-2, b, g0, h0, i0), at(-2, b, g1, h1, i1), at(-2, b, g2, h2, i2), (to += far), plane);
  spreadRow(at(0.5, c, g0, h0, i0), at(0.5, c, g1, h1, i1), at(0.5, c, g2, h2, i2), (to += far), plane);
  spreadRow(i0, i1, i2, to + far, plane);
}

/**
 * w `[3, 3, C, N]`, packed, C, N, turned: 35 matrices `[C, N]` in panels of eight columns (four for the last, if they are enough); if
 * turned `[N, C]` of filters turned round, which give the gradient of the map. Both sides in fours.
 */
export function winogradWeights(a: usize, _clips: i32): void {
  const w = <usize>word(a, 0);
  const C = word(a, 2);
  const N = word(a, 3);
  const turned = word(a, 4) != 0;
  const inputs = turned ? N : C;
  const outputs = turned ? C : N;
  const plane = <usize>(C * N) << 2;
  const next = turned ? -(<isize>plane) : <isize>plane;
  const first = turned ? w + 8 * plane : w;
  // From an input to the next, from an output to the next.
  const along = <usize>(turned ? 1 : N) << 2;
  const step = <usize>(turned ? N : 1) << 2;
  for (let o = 0; o < outputs; o += 4) {
    const panel = o & ~7;
    const width = outputs - panel > 4 ? 8 : 4;
    let to = <usize>word(a, 1) + (<usize>(panel * inputs + o - panel) << 2);
    let from = first + <usize>o * step;
    for (let i = 0; i < inputs; i++) {
      spreadFilters(from, next, step, to, plane);
      to += <usize>width << 2;
      from += along;
    }
  }
}
