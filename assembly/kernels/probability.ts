/** Softmax, cross-entropy, dropout and Gumbel samples. Noise is drawn by counter: see src/engine/noise.ts. */
import { expOf, logOf, real, word } from './simd';

/** What a call of `run` is about: seed, index of its first clip in the batch, 1 / clips of the batch, shard. */
// @ts-ignore: decorator
@lazy let registers: usize = 0;

export function setRegisters(at: usize): void {
  registers = at;
}

export function clipOffset(): i32 {
  return load<i32>(registers, 4);
}

export function shardIndex(): i32 {
  return load<i32>(registers, 12);
}

function mix32(x: u32): u32 {
  x ^= x >> 16;
  x *= 0x7feb352d;
  x ^= x >> 15;
  x *= 0x846ca68b;
  return x ^ (x >> 16);
}

function clipKey(node: u32, clip: i32): u32 {
  return mix32(load<u32>(registers) ^ mix32(node + <u32>(clip + clipOffset()) * 0x9e3779b9));
}

// @ts-ignore: decorator
@inline
function bitsOf(key: u32, element: u32): u32 {
  return mix32(key ^ mix32(element + 0x85ebca6b));
}

// x, y, vectors a clip: outer and inner, length, step of an element in numbers (inner vectors lie side by side)
export function softmax(a: usize, clips: i32): void {
  const outer = word(a, 2) * clips;
  const inner = word(a, 3);
  const length = word(a, 4);
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = <usize>(o * inner * length + i) << 2;
      softmaxVector(word(a, 0) + start, word(a, 1) + start, length, <usize>inner << 2, 1);
    }
  }
}

function largest(x: usize, length: i32, step: usize): f32 {
  let best = load<f32>(x);
  for (let i = 1; i < length; i++) best = max(best, load<f32>(x + <usize>i * step));
  return best;
}

function softmaxVector(x: usize, y: usize, length: i32, step: usize, inverseTemperature: f32): f32 {
  const top = largest(x, length, step);
  let sum: f32 = 0;
  for (let i = 0; i < length; i++) {
    const e = expOf((load<f32>(x + <usize>i * step) - top) * inverseTemperature);
    store<f32>(y + <usize>i * step, e);
    sum += e;
  }
  for (let i = 0; i < length; i++) store<f32>(y + <usize>i * step, load<f32>(y + <usize>i * step) / sum);
  return sum;
}

// y, dy, dx (added to), outer a clip, inner, length: dx += y · (dy − Σ y · dy)
export function softmaxGradient(a: usize, clips: i32): void {
  const outer = word(a, 3) * clips;
  const inner = word(a, 4);
  const length = word(a, 5);
  const step = <usize>inner << 2;
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < inner; i++) {
      const start = <usize>(o * inner * length + i) << 2;
      vectorGradient(word(a, 0) + start, word(a, 1) + start, word(a, 2) + start, length, step, 1);
    }
  }
}

function vectorGradient(y: usize, dy: usize, dx: usize, length: i32, step: usize, factor: f32): void {
  let dot: f32 = 0;
  for (let i = 0; i < length; i++) dot += load<f32>(y + <usize>i * step) * load<f32>(dy + <usize>i * step);
  for (let i = 0; i < length; i++) {
    const at = <usize>i * step;
    store<f32>(dx + at, load<f32>(dx + at) + factor * load<f32>(y + at) * (load<f32>(dy + at) - dot));
  }
}

/** x, y, rows a clip, length: 1 where a row is largest (the first of equals), else 0. */
export function argmaxOneHot(a: usize, clips: i32): void {
  const rows = word(a, 2) * clips;
  const length = word(a, 3);
  for (let r = 0; r < rows; r++) oneHot(word(a, 0) + ((r * length) << 2), word(a, 1) + ((r * length) << 2), length);
}

function oneHot(x: usize, y: usize, length: i32): void {
  let best = 0;
  for (let i = 1; i < length; i++) if (load<f32>(x + (<usize>i << 2)) > load<f32>(x + (<usize>best << 2))) best = i;
  for (let i = 0; i < length; i++) store<f32>(y + (<usize>i << 2), i == best ? 1 : 0);
}

// x, y, soft, rows a clip, length, node key, temperature; backward: y's place holds dy and `dx` follows
/** y = one-hot of the largest of log p + g; soft = softmax((log p + g) / temperature), kept for the gradient. */
export function gumbel(a: usize, clips: i32): void {
  const rows = word(a, 3);
  const length = word(a, 4);
  if (word(a, 7)) {
    for (let r = 0; r < rows * clips; r++) {
      const at = <usize>(r * length) << 2;
      vectorGradient(word(a, 2) + at, word(a, 1) + at, word(a, 7) + at, length, 4, <f32>1 / real(a, 6));
    }
    return;
  }
  for (let n = 0; n < clips; n++) {
    const key = clipKey(word(a, 5), n);
    for (let r = 0; r < rows; r++) {
      const at = <usize>((n * rows + r) * length) << 2;
      const soft = <usize>word(a, 2) + at;
      // log softmax(x) differs from x by one number a row, which changes neither argmax nor softmax.
      for (let i = 0; i < length; i++) {
        const u = (<f64>bitsOf(key, r * length + i) + 0.5) / 4294967296.0;
        const g = -logOf(<f32>-naturalLog(u));
        store<f32>(soft + (<usize>i << 2), load<f32>(word(a, 0) + at + (<usize>i << 2)) + g);
      }
      oneHot(soft, word(a, 1) + at, length);
      softmaxVector(soft, soft, length, 4, <f32>1 / real(a, 6));
    }
  }
}

/** log u in float64 for u in (0, 1): near 1 float32 would lose it. */
function naturalLog(u: f64): f64 {
  const bits = reinterpret<u64>(u);
  let e = <i32>((bits >> 52) & 0x7ff) - 1022;
  let m = reinterpret<f64>((bits & 0xfffffffffffff) | 0x3fe0000000000000);
  if (m < 0.7071067811865476) {
    m *= 2;
    e -= 1;
  }
  const z = (m - 1) / (m + 1);
  const z2 = z * z;
  let sum: f64 = 0;
  for (let n = 19; n >= 1; n -= 2) sum = sum * z2 + 1.0 / <f64>n;
  return <f64>e * 0.6931471805599453 + 2 * z * sum;
}

function scaleColumn(x: usize, y: usize, rows: i32, C: i32, factor: f32, accumulate: bool): void {
  const row = <usize>C << 2;
  for (let r = 0; r < rows; r++) {
    const v = load<f32>(x) * factor;
    store<f32>(y, accumulate ? load<f32>(y) + v : v);
    x += row;
    y += row;
  }
}

// x, y, positions a clip, channels, whole channels, rate, node key, accumulate
/** y = x / (1 − rate) where kept, else 0; run again on dy it gives the gradient. */
export function dropout(a: usize, clips: i32): void {
  const positions = word(a, 2);
  const C = word(a, 3);
  const whole = word(a, 4) != 0;
  const rate = real(a, 5);
  const keep = <f32>1 / (<f32>1 - rate);
  // uniform ≥ rate, as whole numbers
  const limit = <u64>Math.ceil(<f64>rate * 4294967296.0);
  let at: usize = 0;
  for (let n = 0; n < clips; n++) {
    const key = clipKey(word(a, 6), n);
    if (whole) {
      for (let c = 0; c < C; c++) {
        const factor: f32 = <u64>bitsOf(key, c) >= limit ? keep : 0;
        scaleColumn(<usize>word(a, 0) + at, <usize>word(a, 1) + at, positions, C, factor, word(a, 7) != 0);
        at += 4;
      }
      at += <usize>((positions - 1) * C) << 2;
      continue;
    }
    for (let p = 0; p < positions; p++) {
      for (let c = 0; c < C; c++) {
        const kept = <u64>bitsOf(key, p * C + c) >= limit;
        let v: f32 = kept ? load<f32>(word(a, 0) + at) * keep : 0;
        if (word(a, 7)) v += load<f32>(word(a, 1) + at);
        store<f32>(word(a, 1) + at, v);
        at += 4;
      }
    }
  }
}

// logits, targets, loss a clip, d logits (added to, or 0), positions, classes, temperature, weight, clip weights, scratch, d loss
/**
 * loss = weight · mean over positions of −Σ target · log softmax(logits / τ). Its gradient is clip weight / clips where
 * the graph names it a loss (clip weights not 0), and what flows in besides (d loss, or 0).
 */
export function crossEntropy(a: usize, clips: i32): void {
  const positions = word(a, 4);
  const classes = word(a, 5);
  const inverse = <f32>1 / real(a, 6);
  const share = real(a, 7) / <f32>positions;
  const p = <usize>word(a, 9);
  for (let n = 0; n < clips; n++) {
    let total: f32 = 0;
    let flow: f32 = word(a, 8) ? load<f32>(word(a, 8) + ((clipOffset() + n) << 2)) * load<f32>(registers, 8) : 0;
    if (word(a, 10)) flow += load<f32>(word(a, 10) + (n << 2));
    const factor = share * inverse * flow;
    for (let i = 0; i < positions; i++) {
      const at = <usize>((n * positions + i) * classes) << 2;
      const x = <usize>word(a, 0) + at;
      const target = <usize>word(a, 1) + at;
      const top = largest(x, classes, 4);
      const logSum = logOf(softmaxVector(x, p, classes, 4, inverse));
      let mass: f32 = 0;
      for (let c = 0; c < classes; c++) {
        const w = load<f32>(target + (<usize>c << 2));
        mass += w;
        total += w * (logSum - (load<f32>(x + (<usize>c << 2)) - top) * inverse);
      }
      if (!word(a, 3)) continue;
      for (let c = 0; c < classes; c++) {
        const to = <usize>word(a, 3) + at + (<usize>c << 2);
        const d = mass * load<f32>(p + (<usize>c << 2)) - load<f32>(target + (<usize>c << 2));
        store<f32>(to, load<f32>(to) + factor * d);
      }
    }
    store<f32>(word(a, 2) + (n << 2), total * share);
  }
}

/** whole batch, own place, numbers a clip: copies this shard's clips in. */
export function loadBatch(a: usize, clips: i32): void {
  const size = <usize>word(a, 2) << 2;
  memory.copy(word(a, 1), <usize>word(a, 0) + <usize>clipOffset() * size, <usize>clips * size);
}

/** own place, whole batch, numbers a clip: copies this shard's clips out. */
export function storeBatch(a: usize, clips: i32): void {
  const size = <usize>word(a, 2) << 2;
  memory.copy(<usize>word(a, 1) + <usize>clipOffset() * size, word(a, 0), <usize>clips * size);
}

/** own place, slots, bytes: copies what belongs to the whole shard into its slot. */
export function storeShard(a: usize, _clips: i32): void {
  memory.copy(<usize>word(a, 1) + <usize>shardIndex() * <usize>word(a, 2), word(a, 0), word(a, 2));
}

/** target, bytes, bytes a clip: zeros. */
export function fill(a: usize, clips: i32): void {
  memory.fill(word(a, 0), 0, <usize>word(a, 1) + <usize>word(a, 2) * <usize>clips);
}
