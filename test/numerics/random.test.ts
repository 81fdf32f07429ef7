import { describe, expect, it } from 'vitest';
import { hashKey, hashText, mix32, Random } from '../../src/numerics/random.js';

/** Pearson's statistic of counts that should be equal; for k cells its mean is k − 1 and its variance 2 (k − 1). */
function chiSquare(counts: ArrayLike<number>): number {
  const list = Array.from(counts);
  const mean = list.reduce((sum, n) => sum + n, 0) / list.length;
  return list.reduce((sum, n) => sum + (n - mean) ** 2 / mean, 0);
}

/** Within five deviations of what chance gives. */
function expectUniform(counts: ArrayLike<number>, what: string): void {
  const freedom = counts.length - 1;
  expect(Math.abs(chiSquare(counts) - freedom), what).toBeLessThan(5 * Math.sqrt(2 * freedom));
}

function draws(count: number, draw: () => number): number[] {
  return Array.from({ length: count }, draw);
}

describe('mix32', () => {
  it('is lowbias32, computed here in big integers', () => {
    const oracle = (value: number) => {
      let x = BigInt.asUintN(32, BigInt(value));
      x ^= x >> 16n;
      x = BigInt.asUintN(32, x * 0x7feb352dn);
      x ^= x >> 15n;
      x = BigInt.asUintN(32, x * 0x846ca68bn);
      return Number(x ^ (x >> 16n));
    };
    for (const value of [0, 1, 2, -1, 12345, 0x7fffffff, 0x80000000, 0xffffffff]) {
      expect(mix32(value)).toBe(oracle(value));
    }
  });

  it('lets each input bit flip each output bit about half the time', () => {
    for (let bit = 0; bit < 32; bit++) {
      const flips = new Array(32).fill(0);
      for (let i = 0; i < 2000; i++) {
        const difference = mix32(i * 2654435) ^ mix32((i * 2654435) ^ (1 << bit));
        for (let out = 0; out < 32; out++) flips[out] += (difference >>> out) & 1;
      }
      for (const count of flips) expect(Math.abs(count - 1000)).toBeLessThan(200);
    }
  });
});

describe('hashKey', () => {
  it('minds order, length and sign', () => {
    const lists = [[], [0], [0, 0], [1], [-1], [1, 2], [2, 1], [1, 2, 0], [2 ** 32 - 2]];
    expect(new Set(lists.map((words) => hashKey(...words))).size).toBe(lists.length);
  });

  it('spreads neighbouring (seed, epoch, clip) over all keys', () => {
    const keys = new Set<number>();
    const cells = new Array(256).fill(0);
    for (let seed = 0; seed < 4; seed++) {
      for (let epoch = 0; epoch < 50; epoch++) {
        for (let clip = 0; clip < 200; clip++) {
          const key = hashKey(seed, epoch, clip);
          keys.add(key);
          cells[key >>> 24]++;
        }
      }
    }
    // 40,000 keys of 2^32: 0.2 collisions are expected.
    expect(keys.size).toBeGreaterThan(40000 - 6);
    expectUniform(cells, 'top byte');
  });
});

describe('hashText', () => {
  it('differs for texts that differ little', () => {
    const texts = ['', 'a', 'b', 'ab', 'ba', 'yes/1.wav', 'yes/2.wav', 'é', 'ü'];
    expect(new Set(texts.map(hashText)).size).toBe(texts.length);
  });
});

describe('Random', () => {
  it('gives the n-th draw of a key whatever was drawn before', () => {
    const first = new Random(7, 3);
    const all = draws(100, () => first.uint32());
    const late = new Random(7, 3);
    late.counter = 60;
    expect(draws(40, () => late.uint32())).toEqual(all.slice(60));
    expect(first.counter).toBe(100);
  });

  it('draws bytes and their pairs evenly', () => {
    const random = new Random(1);
    for (const shift of [0, 8, 16, 24]) {
      const single = new Array(256).fill(0);
      const pairs = new Array(4096).fill(0);
      let before = 0;
      for (let i = 0; i < 200000; i++) {
        const byte = (random.uint32() >>> shift) & 255;
        single[byte]++;
        pairs[((before & 63) << 6) | (byte & 63)]++;
        before = byte;
      }
      expectUniform(single, `byte at ${shift}`);
      expectUniform(pairs, `pairs at ${shift}`);
    }
  });

  it('draws independently under neighbouring keys and at neighbouring counters', () => {
    const perKey = Array.from({ length: 300 }, (_, key) => {
      const random = new Random(5, key);
      return draws(300, () => random.uniform() - 0.5);
    });
    const correlation = (key: number, other: number, lag: number) => {
      let sum = 0;
      for (let i = 0; i + lag < 300; i++) sum += perKey[key][i] * perKey[other][i + lag];
      return (sum * 12) / (300 - lag);
    };
    let total = 0;
    for (let key = 0; key + 1 < 300; key++) {
      for (const lag of [0, 1, 2]) {
        const value = correlation(key, key + 1, lag);
        total += value;
        expect(Math.abs(value), `keys ${key}, ${key + 1} at lag ${lag}`).toBeLessThan(5.5 / Math.sqrt(300));
      }
    }
    expect(Math.abs(total / 897)).toBeLessThan(5 / Math.sqrt(897 * 300));
    // The same counter of many keys: a column.
    const cells = new Array(16).fill(0);
    for (const row of perKey) for (const x of row.slice(0, 100)) cells[Math.floor((x + 0.5) * 16)]++;
    expectUniform(cells, 'first draws of all keys');
  });

  it('stays within its ranges', () => {
    const random = new Random(2);
    const between = draws(20000, () => random.between(-3, 5));
    expect(between.every((x) => x >= -3 && x < 5)).toBe(true);
    const integers = draws(20000, () => random.integer(7));
    expect([...new Set(integers)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('draws integers evenly', () => {
    const random = new Random(3);
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 70000; i++) counts[random.integer(7)]++;
    expectUniform(counts, 'seven cells');
  });

  it('draws normal numbers: moments and tails', () => {
    const random = new Random(4);
    const list = draws(200000, () => random.normal());
    const moment = (power: number) => list.reduce((sum, x) => sum + x ** power, 0) / list.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.012);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(0.02);
    expect(Math.abs(moment(3))).toBeLessThan(0.05);
    expect(Math.abs(moment(4) - 3)).toBeLessThan(0.15);
    expect(list.every(Number.isFinite)).toBe(true);
    // P(|x| > 1.959964) = 5 %.
    const beyond = list.filter((x) => Math.abs(x) > 1.959964).length / list.length;
    expect(Math.abs(beyond - 0.05)).toBeLessThan(0.0025);
  });

  it('draws Beta(a, a): mean ½, variance 1 / (4 (2a + 1))', () => {
    for (const a of [0.2, 0.3, 1]) {
      const random = new Random(6);
      const list = draws(20000, () => random.beta(a));
      const mean = list.reduce((sum, x) => sum + x, 0) / list.length;
      const variance = list.reduce((sum, x) => sum + (x - mean) ** 2, 0) / list.length;
      expect(Math.abs(mean - 0.5), `mean for ${a}`).toBeLessThan(0.015);
      expect(Math.abs(variance - 1 / (4 * (2 * a + 1))), `variance for ${a}`).toBeLessThan(0.005);
      expect(list.every((x) => x >= 0 && x <= 1)).toBe(true);
    }
  });

  it('shuffles into every order alike, losing nothing', () => {
    const random = new Random(8);
    const orders = new Map<string, number>();
    for (let i = 0; i < 24000; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join('');
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    expectUniform([...orders.values()], 'orders of four');
    expect(random.shuffle(Array.from({ length: 100 }, (_, i) => i)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 100 }, (_, i) => i),
    );
  });
});
