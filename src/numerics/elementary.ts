/**
 * exp, log, sin, cos and pow from the four operations that IEEE 754 fixes to the bit. `Math.exp` and its
 * kin may differ in the last bit from one JavaScript engine to the next; what training depends on may not.
 * All are good to about 2e-15 relative (sin and cos: absolute) over the ranges used here.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const PI_2_HIGH = 1.5707963267341256;
const PI_2_LOW = 6.077100506506192e-11;

/** e to the x, in float64; 0 below −745, Infinity above 709.78. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019411) return 0;
  const k = Math.round(x / Math.LN2);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 17; n >= 1; n--) sum = 1 + (r * sum) / n;
  // Two steps, so that results near the ends of the range neither overflow nor vanish early.
  const half = Math.trunc(k / 2);
  return sum * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Natural logarithm in float64; −Infinity at 0, NaN below. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return x;
  let exponent = 0;
  let mantissa = x;
  while (mantissa >= Math.SQRT2) {
    const step = mantissa > 4294967296 ? 32 : 1;
    mantissa /= step === 32 ? 4294967296 : 2;
    exponent += step;
  }
  while (mantissa < Math.SQRT1_2) {
    const step = mantissa < 1 / 4294967296 ? 32 : 1;
    mantissa *= step === 32 ? 4294967296 : 2;
    exponent -= step;
  }
  // log m = 2 artanh((m − 1) / (m + 1)); |z| ≤ 0.1716, so z² shrinks by 34 a term.
  const z = (mantissa - 1) / (mantissa + 1);
  const z2 = z * z;
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = sum * z2 + 1 / n;
  return exponent * LN2_HIGH + (exponent * LN2_LOW + 2 * z * sum);
}

/** base to the exponent for a base ≥ 0. */
export function pow(base: number, exponent: number): number {
  if (exponent === 0) return 1;
  return base === 0 ? 0 : exp(exponent * log(base));
}

/** Cosine of an angle in radians, |x| up to about 1e6. */
export function cos(x: number): number {
  return sin(x, 1);
}

/** Sine of an angle in radians (of the angle plus `quarterTurns` right angles), |x| up to about 1e6. */
export function sin(x: number, quarterTurns = 0): number {
  const k = Math.round(x / (Math.PI / 2));
  const r = x - k * PI_2_HIGH - k * PI_2_LOW;
  const quadrant = (((k + quarterTurns) % 4) + 4) % 4;
  const value = quadrant % 2 === 0 ? sineSeries(r) : cosineSeries(r);
  return quadrant < 2 ? value : -value;
}

function sineSeries(r: number): number {
  let sum = 1;
  for (let n = 18; n >= 2; n -= 2) sum = 1 - (r * r * sum) / (n * (n + 1));
  return r * sum;
}

function cosineSeries(r: number): number {
  let sum = 1;
  for (let n = 19; n >= 1; n -= 2) sum = 1 - (r * r * sum) / (n * (n + 1));
  return sum;
}

function powerOfTwo(k: number): number {
  let result = 1;
  const base = k < 0 ? 0.5 : 2;
  for (let n = Math.abs(k); n > 0; n--) result *= base;
  return result;
}
