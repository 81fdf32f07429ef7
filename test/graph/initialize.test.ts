import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';

function graphOf(extra = false) {
  const g = new GraphBuilder('start');
  const x = g.input('x', [4, 4, 64]);
  let y = extra ? g.conv2d(x, { name: 'extra', channels: 64 }) : x;
  y = g.batchNorm(g.conv2d(y, { channels: 128, kernel: [3, 3], groups: 4 }), { gamma: 0 });
  const sum = g.weightedSum([y, y], { weights: [1, 0.25], learned: true });
  return g.build({ outputs: [g.dense(sum, { channels: 100 })] });
}

const momentsOf = (values: Float32Array) => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const square = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(square) };
};

describe('initializeParameters', () => {
  it('draws kernels with deviation √(2 / fanOut), fanOut by group', () => {
    const weight = initializeParameters(graphOf(), 1)['conv/weight'];
    expect(weight.length).toBe(3 * 3 * 16 * 128);
    const { mean, deviation } = momentsOf(weight);
    const wanted = Math.sqrt(2 / (9 * (128 / 4)));
    // 18,432 draws: the deviation is known to 0.5 %, the mean to 0.0074 of it; four times that.
    expect(Math.abs(deviation / wanted - 1)).toBeLessThan(0.021);
    expect(Math.abs(mean / wanted)).toBeLessThan(0.03);
  });

  it('draws dense layers evenly within ±1 / √inputs, biases too', () => {
    const parameters = initializeParameters(graphOf(), 1);
    const limit = 1 / Math.sqrt(128);
    for (const name of ['dense/weight', 'dense/bias'])
      expect(parameters[name].every((value) => Math.abs(value) <= limit)).toBe(true);
    expect(momentsOf(parameters['dense/weight']).deviation / limit).toBeCloseTo(1 / Math.sqrt(3), 2);
  });

  it('starts constants and given values as they are', () => {
    const parameters = initializeParameters(graphOf(), 1);
    expect(new Set(parameters['norm/gamma'])).toEqual(new Set([0]));
    expect(new Set(parameters['norm/beta'])).toEqual(new Set([0]));
    expect([...parameters['sum/weight']]).toEqual([1, 0.25]);
  });

  it('gives a name the same numbers whatever else is in the graph, and others for another seed', () => {
    const first = initializeParameters(graphOf(), 7);
    expect(initializeParameters(graphOf(true), 7)['conv/weight']).toEqual(first['conv/weight']);
    expect(initializeParameters(graphOf(), 8)['conv/weight']).not.toEqual(first['conv/weight']);
    expect(first['dense/weight'].slice(0, 100)).not.toEqual(first['dense/bias']);
  });
});

describe('initializeStatistics', () => {
  it('starts means at 0 and variances at 1', () => {
    const statistics = initializeStatistics(graphOf());
    expect(Object.keys(statistics)).toEqual(['norm/mean', 'norm/variance']);
    expect(statistics['norm/mean']).toEqual(new Float32Array(128));
    expect(statistics['norm/variance']).toEqual(new Float32Array(128).fill(1));
  });
});
