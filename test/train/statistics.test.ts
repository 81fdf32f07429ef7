import { describe, expect, it } from 'vitest';
import { Random } from '../../src/numerics/random.js';
import { addMoments, createMomentSums, mergeMoments, statisticsFrom } from '../../src/train/statistics.js';
import { expectAllClose } from '../support/all-close.js';
import { toyGraph } from '../support/toy-clips.js';

describe('mergeMoments', () => {
  it('moves by the part given, only what the moments name', () => {
    const running = { mean: Float32Array.of(0, 8), kept: Float32Array.of(1) };
    mergeMoments(running, { mean: Float32Array.of(8, 8) }, 0.125);
    expect([...running.mean]).toEqual([1, 8]);
    expect(running.kept[0]).toBe(1);
  });
});

describe('statisticsFrom', () => {
  it('gives mean and variance of all numbers together, batches of unequal size', () => {
    const graph = toyGraph();
    const random = new Random(1);
    const batches = [5, 11, 2].map((length, b) =>
      Array.from({ length }, () => 3 * b + (1 + b) * random.normal()),
    );
    const total = createMomentSums();
    for (const values of batches) {
      const [mean, variance] = moments(values);
      const fill = (value: number, size: number) => new Float32Array(size).fill(value);
      const names = Object.keys(graph.statistics).map((name): [string, Float32Array] => {
        const { role, shape } = graph.statistics[name];
        return [name, fill(role === 'mean' ? mean : variance, shape[0])];
      });
      addMoments(total, graph, Object.fromEntries(names), values.length);
    }
    const [mean, variance] = moments(batches.flat());
    const found = statisticsFrom(total, graph);
    expect(Object.keys(found).sort()).toEqual(Object.keys(graph.statistics).sort());
    expectAllClose(found['norm/mean'], [mean, mean, mean], { relative: 1e-6 });
    expectAllClose(found['norm/variance'], [variance, variance, variance], { relative: 1e-6 });
  });
});

function moments(values: number[]): [mean: number, variance: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
}
