/** For bench/roofline.mjs: what one core can do at most through WebAssembly, with 128-bit vectors. */

/** 12 sums of 4 numbers, `rounds` fused multiply-adds each of what lies at `at`, none waiting for another. */
export function multiplyAdd(at: usize, rounds: i32): f32 {
  // Loaded, because constants would be made anew for each use.
  const x = v128.load(at);
  const y = v128.load(at, 16);
  let a = y,
    b = y,
    c = y,
    d = y,
    e = y,
    f = y,
    g = y,
    h = y,
    i = y,
    j = y,
    k = y,
    l = y;
  for (let n = 0; n < rounds; n++) {
    a = f32x4.relaxed_madd(x, y, a);
    b = f32x4.relaxed_madd(x, y, b);
    c = f32x4.relaxed_madd(x, y, c);
    d = f32x4.relaxed_madd(x, y, d);
    e = f32x4.relaxed_madd(x, y, e);
    f = f32x4.relaxed_madd(x, y, f);
    g = f32x4.relaxed_madd(x, y, g);
    h = f32x4.relaxed_madd(x, y, h);
    i = f32x4.relaxed_madd(x, y, i);
    j = f32x4.relaxed_madd(x, y, j);
    k = f32x4.relaxed_madd(x, y, k);
    l = f32x4.relaxed_madd(x, y, l);
  }
  const sum = f32x4.add(
    f32x4.add(f32x4.add(a, b), f32x4.add(c, d)),
    f32x4.add(f32x4.add(e, f), f32x4.add(g, h)),
  );
  return f32x4.extract_lane(f32x4.add(sum, f32x4.add(f32x4.add(i, j), f32x4.add(k, l))), 0);
}

/** z = x + y over three runs of `bytes` bytes, one behind the other from `at` on. */
export function sum(at: usize, bytes: usize): void {
  const y = at + bytes;
  const z = y + bytes;
  for (let i: usize = 0; i < bytes; i += 64) {
    v128.store(z + i, f32x4.add(v128.load(at + i), v128.load(y + i)));
    v128.store(z + i, f32x4.add(v128.load(at + i, 16), v128.load(y + i, 16)), 16);
    v128.store(z + i, f32x4.add(v128.load(at + i, 32), v128.load(y + i, 32)), 32);
    v128.store(z + i, f32x4.add(v128.load(at + i, 48), v128.load(y + i, 48)), 48);
  }
}
