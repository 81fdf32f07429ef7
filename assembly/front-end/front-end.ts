/**
 * Mel energies of many frames. Two neighbouring frames run side by side in the two lanes of an f64x2, so no step shuffles
 * and a frame's numbers do not depend on its neighbour. The real 512-point FFT of a frame is a complex one of 256 points
 * (even samples real, odd imaginary; four radix-4 Stockham passes) and a split.
 *
 * The caller fills the tables at the addresses below; src/audio/wasm-front-end.ts has the same list.
 */

/** 512 × f64: the window, zero beyond its end. */
const WINDOW: usize = 1024;
/** 64 × 3 × (re, im): e^(−2πi p j / 256), j = 1, 2, 3. */
const TWIDDLES: usize = 5120;
/** 128 × (re, im): e^(−2πi k / 512). */
const SPLIT: usize = 8192;
/** 256 × (re, im) × two frames, twice. */
const BUFFER_A: usize = 10240;
const BUFFER_B: usize = 18432;
/** 256 × two frames: four times the power. */
const POWER: usize = 26624;
/** A pair of i32 a band: first bin, bins. */
const FILTERS: usize = 30720;
/** The weights of all filters one after another, f64, at most 512. */
const WEIGHTS: usize = 31744;

// @ts-ignore: decorator
@inline
function twiddle(p: usize): usize {
  return TWIDDLES + p * 48;
}

/** Frames a and b: samples 2n + `part` for lane 0 and 1. */
// @ts-ignore: decorator
@inline
function windowed(a: v128, b: v128, odd: bool, n: usize): v128 {
  const pair = odd
    ? v128.shuffle<f32>(a, b, 1, 5, 1, 5)
    : v128.shuffle<f32>(a, b, 0, 4, 0, 4);
  const weight = v128.load64_splat(WINDOW + n * 16 + (odd ? 8 : 0));
  return f64x2.mul(f64x2.promote_low_f32x4(pair), weight);
}

/** One radix-4 butterfly; the results lie `step` bytes apart, the last three turned by the twiddles at `w`. */
// @ts-ignore: decorator
@inline
function butterfly(
  ar: v128, ai: v128, br: v128, bi: v128, cr: v128, ci: v128, dr: v128, di: v128,
  to: usize, step: usize, w: usize,
): void {
  const acr = f64x2.add(ar, cr), aci = f64x2.add(ai, ci);
  const amr = f64x2.sub(ar, cr), ami = f64x2.sub(ai, ci);
  const bdr = f64x2.add(br, dr), bdi = f64x2.add(bi, di);
  const bmr = f64x2.sub(br, dr), bmi = f64x2.sub(bi, di);
  v128.store(to, f64x2.add(acr, bdr));
  v128.store(to, f64x2.add(aci, bdi), 16);
  turn(f64x2.add(amr, bmi), f64x2.sub(ami, bmr), to + step, w);
  turn(f64x2.sub(acr, bdr), f64x2.sub(aci, bdi), to + 2 * step, w + 16);
  turn(f64x2.sub(amr, bmi), f64x2.add(ami, bmr), to + 3 * step, w + 32);
}

/** Stores (re, im) × the twiddle at `w`; as it is where `w` is below 48, the mark of a pass without twiddles. */
// @ts-ignore: decorator
@inline
function turn(re: v128, im: v128, to: usize, w: usize): void {
  if (w < 48) {
    v128.store(to, re);
    v128.store(to, im, 16);
    return;
  }
  const wr = v128.load64_splat(w), wi = v128.load64_splat(w, 8);
  v128.store(to, f64x2.sub(f64x2.mul(re, wr), f64x2.mul(im, wi)));
  v128.store(to, f64x2.add(f64x2.mul(re, wi), f64x2.mul(im, wr)), 16);
}

// @ts-ignore: decorator
@inline
function pointFrom(from: usize, to: usize, step: usize, w: usize): void {
  butterfly(
    v128.load(from), v128.load(from, 16),
    v128.load(from, 2048), v128.load(from, 2064),
    v128.load(from, 4096), v128.load(from, 4112),
    v128.load(from, 6144), v128.load(from, 6160),
    to, step, w,
  );
}

/** Window and first pass, frames at `a` and `b` → BUFFER_A. */
function firstPass(a: usize, b: usize): void {
  for (let p: usize = 0; p < 64; p++) {
    const a0 = v128.load64_zero(a + p * 8), b0 = v128.load64_zero(b + p * 8);
    const a1 = v128.load64_zero(a + p * 8, 512), b1 = v128.load64_zero(b + p * 8, 512);
    const a2 = v128.load64_zero(a + p * 8, 1024), b2 = v128.load64_zero(b + p * 8, 1024);
    const a3 = v128.load64_zero(a + p * 8, 1536), b3 = v128.load64_zero(b + p * 8, 1536);
    butterfly(
      windowed(a0, b0, false, p), windowed(a0, b0, true, p),
      windowed(a1, b1, false, p + 64), windowed(a1, b1, true, p + 64),
      windowed(a2, b2, false, p + 128), windowed(a2, b2, true, p + 128),
      windowed(a3, b3, false, p + 192), windowed(a3, b3, true, p + 192),
      BUFFER_A + p * 128, 32, twiddle(p),
    );
  }
}

/** A middle pass over `span` twiddles, runs of `run` points. */
// @ts-ignore: decorator
@inline
function middlePass(from: usize, to: usize, span: usize, run: usize): void {
  for (let p: usize = 0; p < span; p++) {
    const w = twiddle(p * run);
    for (let q: usize = 0; q < run; q++) {
      pointFrom(from + (q + run * p) * 32, to + (q + run * 4 * p) * 32, run * 32, w);
    }
  }
}

function transform(a: usize, b: usize): void {
  firstPass(a, b);
  middlePass(BUFFER_A, BUFFER_B, 16, 4);
  middlePass(BUFFER_B, BUFFER_A, 4, 16);
  for (let q: usize = 0; q < 64; q++) pointFrom(BUFFER_A + q * 32, BUFFER_B + q * 32, 2048, 0);
}

/** From the complex FFT in BUFFER_B: 4 × |X[k]|² for k = 0 … 255. */
function splitPower(): void {
  const four = f64x2.splat(4);
  const dc = f64x2.add(v128.load(BUFFER_B), v128.load(BUFFER_B, 16));
  v128.store(POWER, f64x2.mul(four, f64x2.mul(dc, dc)));
  const mr = v128.load(BUFFER_B, 4096), mi = v128.load(BUFFER_B, 4112);
  v128.store(POWER, f64x2.mul(four, f64x2.add(f64x2.mul(mr, mr), f64x2.mul(mi, mi))), 2048);
  for (let k: usize = 1; k < 128; k++) {
    const z = BUFFER_B + k * 32, y = BUFFER_B + (256 - k) * 32;
    const zr = v128.load(z), zi = v128.load(z, 16), yr = v128.load(y), yi = v128.load(y, 16);
    const er = f64x2.add(zr, yr), ei = f64x2.sub(zi, yi);
    const or = f64x2.add(zi, yi), oi = f64x2.sub(yr, zr);
    const wr = v128.load64_splat(SPLIT + k * 16), wi = v128.load64_splat(SPLIT + k * 16, 8);
    const tr = f64x2.sub(f64x2.mul(or, wr), f64x2.mul(oi, wi));
    const ti = f64x2.add(f64x2.mul(or, wi), f64x2.mul(oi, wr));
    const pr = f64x2.add(er, tr), pi = f64x2.add(ei, ti);
    const qr = f64x2.sub(er, tr), qi = f64x2.sub(ei, ti);
    v128.store(POWER + k * 16, f64x2.add(f64x2.mul(pr, pr), f64x2.mul(pi, pi)));
    v128.store(POWER + (256 - k) * 16, f64x2.add(f64x2.mul(qr, qr), f64x2.mul(qi, qi)));
  }
}

/** ln of two positive normal numbers to 1e-10: x = 2^e m with m in [√½, √2), ln m = 2 artanh((m − 1) / (m + 1)). */
// @ts-ignore: decorator
@inline
function log2Lanes(x: v128): v128 {
  // Adding the bits of 1 − √½ carries into the exponent exactly where the mantissa passes √2.
  const shifted = i64x2.add(x, i64x2.splat(0x3ff0000000000000 - 0x3fe6a09e667f3bcd));
  const exponent = i64x2.sub(i64x2.shr_u(shifted, 52), i64x2.splat(1023));
  const bits = v128.and(shifted, i64x2.splat(0x000fffffffffffff));
  const m = i64x2.add(bits, i64x2.splat(0x3fe6a09e667f3bcd));
  const e = f64x2.convert_low_i32x4_s(v128.shuffle<i32>(exponent, exponent, 0, 2, 0, 2));
  const one = f64x2.splat(1);
  const z = f64x2.div(f64x2.sub(m, one), f64x2.add(m, one));
  const s = f64x2.mul(z, z);
  let sum = f64x2.splat(2.0 / 13);
  sum = f64x2.add(f64x2.mul(sum, s), f64x2.splat(2.0 / 11));
  sum = f64x2.add(f64x2.mul(sum, s), f64x2.splat(2.0 / 9));
  sum = f64x2.add(f64x2.mul(sum, s), f64x2.splat(2.0 / 7));
  sum = f64x2.add(f64x2.mul(sum, s), f64x2.splat(2.0 / 5));
  sum = f64x2.add(f64x2.mul(sum, s), f64x2.splat(2.0 / 3));
  sum = f64x2.add(f64x2.mul(sum, s), f64x2.splat(2.0));
  return f64x2.add(f64x2.mul(e, f64x2.splat(0.6931471805599453)), f64x2.mul(z, sum));
}

/** Bands of two frames to `outA` and `outB`; ln(E + floor) where `floor` is above 0. */
function writeBands(bands: i32, floor: f64, outA: usize, outB: usize): void {
  let weight = WEIGHTS;
  for (let band = 0; band < bands; band++) {
    let power = POWER + (<usize>load<i32>(FILTERS + band * 8)) * 16;
    const end = weight + (<usize>load<i32>(FILTERS + band * 8, 4)) * 8;
    let sum = f64x2.splat(floor);
    while (weight < end) {
      sum = f64x2.add(sum, f64x2.mul(v128.load(power), v128.load64_splat(weight)));
      power += 16;
      weight += 8;
    }
    const value = f32x4.demote_f64x2_zero(floor > 0 ? log2Lanes(sum) : sum);
    v128.store_lane<f32>(outA + band * 4, value, 0);
    v128.store_lane<f32>(outB + band * 4, value, 1);
  }
}

/**
 * Mel bands of `frames` frames, the first at `samples` (f32), each `hop` samples after the one before; 512 samples from
 * the start of the last frame must be readable and finite. Result: `[frames, bands]` f32 at `out`.
 */
export function melBands(samples: usize, frames: i32, hop: i32, bands: i32, floor: f64, out: usize): void {
  for (let t = 0; t < frames; t += 2) {
    const other = min(t + 1, frames - 1); // the last of an odd number of frames runs beside itself
    transform(samples + (<usize>(t * hop) << 2), samples + (<usize>(other * hop) << 2));
    splitPower();
    writeBands(bands, floor, out + (<usize>(t * bands) << 2), out + (<usize>(other * bands) << 2));
  }
}
