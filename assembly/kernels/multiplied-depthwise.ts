/** Depthwise convolutions of several outputs a channel: rare, one number at a time. */
import { DIMS, dim } from './depthwise-frame';
import { activate4, real, storeLanes, word } from './simd';

/** y = act(bias + w ∗ x), or y + w ∗ x. */
export function multipliedDepthwise(a: usize, clips: i32): void {
  const T = dim(a, 0);
  const F = dim(a, 1);
  const C = dim(a, 2);
  const m = dim(a, 13);
  const bias = <usize>word(a, 2);
  let to = <usize>word(a, 3);
  for (let clip = 0; clip < clips; clip++) {
    for (let t = 0; t < dim(a, 3); t++) {
      for (let f = 0; f < dim(a, 4); f++) {
        for (let o = 0; o < C * m; o++) {
          let sum: f32 = bias ? load<f32>(bias + (<usize>o << 2)) : 0;
          for (let u = 0; u < dim(a, 5); u++) {
            const ti = t * dim(a, 7) - dim(a, 11) + u * dim(a, 9);
            if (ti < 0 || ti >= T) continue;
            for (let v = 0; v < dim(a, 6); v++) {
              const fi = f * dim(a, 8) - dim(a, 12) + v * dim(a, 10);
              if (fi < 0 || fi >= F) continue;
              const x = load<f32>(<usize>word(a, 0) + (<usize>(((clip * T + ti) * F + fi) * C + o / m) << 2));
              sum += x * load<f32>(<usize>word(a, 1) + (<usize>((u * dim(a, 6) + v) * C * m + o) << 2));
            }
          }
          if (dim(a, 16)) sum += load<f32>(to);
          storeLanes(to, activate4(dim(a, 14), f32x4.splat(sum), real(a, DIMS + 15)), 1);
          to += 4;
        }
      }
    }
  }
}
