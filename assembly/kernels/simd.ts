/** Four lanes at a time: multiply-add, exp, log and the activations with their derivatives. */
import { Act } from '../op';


/** Fused where relaxed kernels may be; never in those of quantised networks (`--use EXACT=1`), which promise equal bits. */
// @ts-ignore: decorator
@inline
export function fma4(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD && !isDefined(EXACT)) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
export function word(a: usize, i: i32): i32 {
  return load<i32>(a + (<usize>i << 2));
}

// @ts-ignore: decorator
@inline
export function real(a: usize, i: i32): f32 {
  return load<f32>(a + (<usize>i << 2));
}

/** Stores the first `n` (1 … 4) lanes. */
// @ts-ignore: decorator
@inline
export function storeLanes(to: usize, v: v128, n: i32): void {
  if (n >= 4) {
    v128.store(to, v);
  } else {
    if (n >= 2) v128.store64_lane(to, v, 0);
    if (n == 1) v128.store32_lane(to, v, 0);
    if (n == 3) v128.store32_lane(to, v, 2, 8);
  }
}

/** e to the x, relative error about 1e-7 for |x| < 87; below −87 it is 0-ish, above 88 about 1.6e38. */
export function exp4(x: v128): v128 {
  return expInPlace(x);
}

// @ts-ignore: decorator
@inline
function expInPlace(x: v128): v128 {
  const v = f32x4.pmin(f32x4.splat(88.0), f32x4.pmax(f32x4.splat(-87.0), x));
  const n = f32x4.nearest(f32x4.mul(v, f32x4.splat(1.44269504)));
  const r = fma4(n, f32x4.splat(2.12194440e-4), fma4(n, f32x4.splat(-0.693359375), v));
  let p = f32x4.splat(1.3888889e-3);
  p = fma4(p, r, f32x4.splat(8.3333333e-3));
  p = fma4(p, r, f32x4.splat(4.1666667e-2));
  p = fma4(p, r, f32x4.splat(1.6666667e-1));
  p = fma4(p, r, f32x4.splat(0.5));
  p = fma4(p, r, f32x4.splat(1.0));
  p = fma4(p, r, f32x4.splat(1.0));
  const scale = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  // NaN stays NaN: pmin and pmax above would have swallowed it.
  return v128.bitselect(f32x4.mul(p, scale), x, f32x4.eq(x, x));
}

/** Natural logarithm for positive finite x, relative error about 1e-7. */
export function log4(x: v128): v128 {
  const bits = i32x4.sub(x, i32x4.splat(0x3f3504f3));
  const n = i32x4.shr_s(bits, 23);
  const m = i32x4.sub(x, i32x4.shl(n, 23));
  const z = f32x4.div(f32x4.sub(m, f32x4.splat(1.0)), f32x4.add(m, f32x4.splat(1.0)));
  const z2 = f32x4.mul(z, z);
  let p = f32x4.splat(0.22222222);
  p = f32x4.add(f32x4.mul(p, z2), f32x4.splat(0.28571429));
  p = f32x4.add(f32x4.mul(p, z2), f32x4.splat(0.4));
  p = f32x4.add(f32x4.mul(p, z2), f32x4.splat(0.66666667));
  p = f32x4.add(f32x4.mul(f32x4.mul(p, z2), z), f32x4.add(z, z));
  return f32x4.add(p, f32x4.mul(f32x4.convert_i32x4_s(n), f32x4.splat(0.693147181)));
}

// @ts-ignore: decorator
@inline
export function expOf(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

// @ts-ignore: decorator
@inline
export function logOf(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

// @ts-ignore: decorator
@inline
export function relu4(x: v128): v128 {
  return f32x4.pmax(x, f32x4.splat(0));
}

function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}

// @ts-ignore: decorator
@inline
function sigmoidInPlace(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, expInPlace(f32x4.neg(x))));
}

/** SiLU without a call, so that a loop's next numbers need not wait for these. */
// @ts-ignore: decorator
@inline
export function silu4(x: v128): v128 {
  return f32x4.mul(x, sigmoidInPlace(x));
}

/** SiLU's derivative, likewise. */
// @ts-ignore: decorator
@inline
export function siluSlope4(x: v128): v128 {
  const one = f32x4.splat(1);
  const s = sigmoidInPlace(x);
  return f32x4.mul(s, fma4(x, f32x4.sub(one, s), one));
}

/** log(1 + e^x) = max(x, 0) + log(1 + e^−|x|). */
function softplus4(x: v128): v128 {
  const e = exp4(f32x4.neg(f32x4.abs(x)));
  const one = f32x4.splat(1);
  // For tiny e the logarithm of 1 + e rounds to 0; the series' first term keeps what matters.
  const near = f32x4.lt(e, f32x4.splat(1e-4));
  const tail = v128.bitselect(e, log4(f32x4.add(one, e)), near);
  return f32x4.add(relu4(x), tail);
}

function hardSigmoid4(x: v128): v128 {
  const y = f32x4.mul(f32x4.add(x, f32x4.splat(3)), f32x4.splat(0.16666667));
  return f32x4.pmin(f32x4.pmax(y, f32x4.splat(0)), f32x4.splat(1));
}

/** tanh from one exponential: (1 − e) / (1 + e) with e = e^−2|x|, sign put back. */
function tanh4(x: v128): v128 {
  const one = f32x4.splat(1);
  const e = exp4(f32x4.mul(f32x4.abs(x), f32x4.splat(-2)));
  const t = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e));
  return v128.or(t, v128.and(x, f32x4.splat(-0.0)));
}

export function activate4(kind: i32, x: v128, slope: f32): v128 {
  const zero = f32x4.splat(0);
  switch (kind) {
    case Act.Relu:
      return relu4(x);
    case Act.Relu6:
      return f32x4.pmin(relu4(x), f32x4.splat(6));
    case Act.LeakyRelu:
      return v128.bitselect(f32x4.mul(x, f32x4.splat(slope)), x, f32x4.lt(x, zero));
    case Act.Elu:
      return v128.bitselect(f32x4.sub(exp4(x), f32x4.splat(1)), x, f32x4.lt(x, zero));
    case Act.Silu:
      return f32x4.mul(x, sigmoid4(x));
    case Act.Softplus:
      return softplus4(x);
    case Act.HardSwish:
      return f32x4.mul(x, hardSigmoid4(x));
    case Act.Sigmoid:
      return sigmoid4(x);
    case Act.HardSigmoid:
      return hardSigmoid4(x);
    case Act.Mish:
      return f32x4.mul(x, tanh4(softplus4(x)));
    default:
      return x;
  }
}

/** The activation's derivative at x. */
export function derivative4(kind: i32, x: v128, slope: f32): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  switch (kind) {
    case Act.Relu:
      return v128.and(one, f32x4.gt(x, zero));
    case Act.Relu6:
      return v128.and(one, v128.and(f32x4.gt(x, zero), f32x4.lt(x, f32x4.splat(6))));
    case Act.LeakyRelu:
      return v128.bitselect(f32x4.splat(slope), one, f32x4.lt(x, zero));
    case Act.Elu:
      return v128.bitselect(exp4(x), one, f32x4.lt(x, zero));
    case Act.Silu: {
      const s = sigmoid4(x);
      return f32x4.mul(s, fma4(x, f32x4.sub(one, s), one));
    }
    case Act.Softplus:
      return sigmoid4(x);
    case Act.HardSwish: {
      const inside = f32x4.add(f32x4.mul(x, f32x4.splat(0.33333333)), f32x4.splat(0.5));
      const low = v128.andnot(inside, f32x4.le(x, f32x4.splat(-3)));
      return v128.bitselect(one, low, f32x4.ge(x, f32x4.splat(3)));
    }
    case Act.Sigmoid: {
      const s = sigmoid4(x);
      return f32x4.mul(s, f32x4.sub(one, s));
    }
    case Act.HardSigmoid:
      return v128.and(f32x4.splat(0.16666667), f32x4.lt(f32x4.abs(x), f32x4.splat(3)));
    case Act.Mish: {
      const t = tanh4(softplus4(x));
      return f32x4.add(t, f32x4.mul(f32x4.mul(x, sigmoid4(x)), f32x4.sub(one, f32x4.mul(t, t))));
    }
    default:
      return one;
  }
}
