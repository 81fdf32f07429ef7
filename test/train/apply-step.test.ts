import { describe, expect, it } from 'vitest';
import { initializeParameters } from '../../src/graph/initialize.js';
import { applyStep, momentumAt } from '../../src/train/apply-step.js';
import { DEFAULT_RECIPE, type Recipe } from '../../src/train/recipe.js';
import { createTrainingState } from '../../src/train/training-state.js';
import { expectAllClose } from '../support/all-close.js';
import { toyGraph } from '../support/toy-clips.js';

const RECIPE: Recipe = {
  ...DEFAULT_RECIPE,
  optimizer: { kind: 'sgd', momentum: 0, nesterov: false, weightDecay: 0, decays: 'all' },
  clipNorm: 1,
};

function setUp(recipe: Recipe) {
  const graph = toyGraph();
  const trained = Object.keys(graph.parameters);
  const state = createTrainingState({ graph, recipe, seed: 1, trained });
  const moments = {
    'norm/mean': Float32Array.of(8, 16, 24),
    'norm/variance': Float32Array.of(5, 5, 5),
  };
  const gradients = initializeParameters(graph, 2);
  const apply = (share = 1) => {
    const result = { loss: 1, logits: new Float32Array(3), gradients: structuredClone(gradients), moments };
    return applyStep(state, result, { recipe, learningRate: 0.5, share, trained, decayed: new Set() });
  };
  return { graph, state, gradients, apply };
}

describe('applyStep', () => {
  it('clips all gradients by one factor before the optimizer and reports their norm', () => {
    const { graph, state, gradients, apply } = setUp(RECIPE);
    const norm = apply();
    const squares = Object.values(gradients).flatMap((values) => [...values].map((value) => value * value));
    expect(norm).toBeCloseTo(Math.sqrt(squares.reduce((sum, square) => sum + square, 0)), 5);
    expect(norm).toBeGreaterThan(1);
    const start = initializeParameters(graph, 1);
    for (const [name, values] of Object.entries(state.weights.parameters)) {
      const expected = start[name].map((value, i) => value - (0.5 * gradients[name][i]) / norm);
      expectAllClose(values, expected, { absolute: 1e-6 }, name);
    }
  });

  it('moves the average of weights and statistics along, by the decay of that step', () => {
    const { state, apply } = setUp(RECIPE);
    const before = structuredClone(state.ema!.parameters);
    apply();
    for (const [name, values] of Object.entries(state.ema!.parameters)) {
      const now = state.weights.parameters[name];
      const expected = before[name].map((value, i) => value + 0.9 * (now[i] - value));
      expectAllClose(values, expected, { absolute: 1e-6 }, name);
    }
    expectAllClose(state.ema!.statistics['norm/mean'], [7.2, 14.4, 21.6], { relative: 1e-6 });
  });

  it('weights the moments of a small batch by its share', () => {
    const { state, apply } = setUp(RECIPE);
    apply(0.5);
    expect([...state.weights.statistics['norm/mean']]).toEqual([4, 8, 12]);
    expect([...state.weights.statistics['norm/variance']]).toEqual([3, 3, 3]);
    expect([...state.weights.statistics['norm-2/variance']]).toEqual(new Array(8).fill(1));
    expect(state).toMatchObject({ step: 1, batch: 1 });
  });
});

describe('momentumAt', () => {
  it('is a plain mean at first, then the momentum; 0 stays 0', () => {
    expect([0, 1, 3, 9, 10, 500].map((step) => momentumAt(0.1, step))).toEqual([1, 0.5, 0.25, 0.1, 0.1, 0.1]);
    expect(momentumAt(0, 0)).toBe(0);
  });
});
