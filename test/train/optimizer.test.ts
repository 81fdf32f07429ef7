import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { GraphBuilder } from '../../src/graph/builder.js';
import { Random } from '../../src/numerics/random.js';
import { createOptimizerState, decayedParameters, stepOptimizer } from '../../src/train/optimizer.js';
import type { AdamWRecipe, OptimizerRecipe, SgdRecipe } from '../../src/train/recipe.js';
import { expectAllClose } from '../support/all-close.js';

const sgd: SgdRecipe = { kind: 'sgd', momentum: 0.9, nesterov: false, weightDecay: 0, decays: 'all' };
const adam: AdamWRecipe = {
  kind: 'adamw',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  decays: 'all',
};
const nothing = new Set<string>();

function randomValues(seed: number, length = 24): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length }, () => random.normal());
}

/** Ten steps with gradients drawn anew each time. */
function runOurs(recipe: OptimizerRecipe, learningRate: number): Float32Array {
  const parameters = { w: randomValues(1) };
  const state = createOptimizerState(recipe, parameters);
  for (let step = 0; step < 10; step++) {
    const gradients = { w: randomValues(100 + step) };
    stepOptimizer(recipe, { parameters, gradients, state, learningRate, decayed: nothing });
  }
  return parameters.w;
}

/** The same with an optimizer of TensorFlow.js: the gradient of Σ w · c is c. */
function runTheirs(optimizer: tf.Optimizer): Float32Array {
  const w = tf.variable(tf.tensor1d(randomValues(1)));
  for (let step = 0; step < 10; step++) {
    const c = tf.tensor1d(randomValues(100 + step));
    optimizer.minimize(() => tf.sum(tf.mul(w, c)) as tf.Scalar, false, [w]);
  }
  return w.dataSync() as Float32Array;
}

describe('stepOptimizer', () => {
  beforeAll(async () => {
    await tf.setBackend('cpu');
  });

  it.each([false, true])('agrees with momentum of TensorFlow.js over ten steps (Nesterov %s)', (nesterov) => {
    const theirs = runTheirs(tf.train.momentum(0.05, 0.9, nesterov));
    expectAllClose(runOurs({ ...sgd, nesterov }, 0.05), theirs, { relative: 1e-6 });
  });

  it('agrees with Adam of TensorFlow.js over ten steps', () => {
    const theirs = runTheirs(tf.train.adam(0.01, 0.9, 0.999, 1e-8));
    // Their float32 accumulators of 1 − β₂ᵗ carry relative errors of about 1e-5 in the first steps.
    expectAllClose(runOurs(adam, 0.01), theirs, { absolute: 1e-6 });
  });

  it('takes two steps of SGD with coupled decay as by hand', () => {
    const parameters = { w: Float32Array.of(2) };
    const recipe = { ...sgd, momentum: 0.5, nesterov: true, weightDecay: 0.25 };
    const state = createOptimizerState(recipe, parameters);
    const step = () =>
      stepOptimizer(recipe, {
        parameters,
        gradients: { w: Float32Array.of(1) },
        state,
        learningRate: 0.5,
        decayed: new Set(['w']),
      });
    step(); // g = 1 + 0.25 · 2 = 1.5, v = 1.5, w = 2 − 0.5 · (1.5 + 0.5 · 1.5)
    expect(parameters.w[0]).toBe(0.875);
    step(); // g = 1 + 0.21875, v = 0.75 + 1.21875 = 1.96875, w = 0.875 − 0.5 · (1.21875 + 0.984375)
    expect(parameters.w[0]).toBe(-0.2265625);
    expect(state.slots.velocity.w[0]).toBe(1.96875);
    expect(state.step).toBe(2);
  });

  it('decays AdamW weights apart from the gradient, and only those named', () => {
    const parameters = { kernel: Float32Array.of(4), bias: Float32Array.of(4) };
    const recipe = { ...adam, weightDecay: 0.5 };
    const state = createOptimizerState(recipe, parameters);
    const gradients = { kernel: Float32Array.of(0), bias: Float32Array.of(0) };
    stepOptimizer(recipe, { parameters, gradients, state, learningRate: 0.25, decayed: new Set(['kernel']) });
    expect(parameters.kernel[0]).toBe(3.5);
    expect(parameters.bias[0]).toBe(4);
  });

  it('leaves a parameter without a gradient, and its state, as they are', () => {
    const parameters = { a: Float32Array.of(1), b: Float32Array.of(1) };
    const recipe = { ...sgd, weightDecay: 0.5 };
    const state = createOptimizerState(recipe, parameters);
    const decayed = new Set(['a', 'b']);
    stepOptimizer(recipe, {
      parameters,
      gradients: { a: Float32Array.of(1) },
      state,
      learningRate: 1,
      decayed,
    });
    expect(parameters.b[0]).toBe(1);
    expect(state.slots.velocity.b[0]).toBe(0);
    expect(parameters.a[0]).toBe(-0.5);
  });
});

describe('decayedParameters', () => {
  const graph = () => {
    const builder = new GraphBuilder('g');
    const x = builder.input('features', [4, 4, 1]);
    const y = builder.batchNorm(builder.conv2d(x, { channels: 2, kernel: [3, 3] }));
    return builder.build({ outputs: [builder.dense(builder.globalAvgPool(y), { channels: 3 })] });
  };

  it('takes kernels alone, or everything', () => {
    expect([...decayedParameters(adam, graph())]).toHaveLength(5);
    expect([...decayedParameters({ ...adam, decays: 'kernels' }, graph())]).toEqual([
      'conv/weight',
      'dense/weight',
    ]);
  });
});
