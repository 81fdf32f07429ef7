import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder, type Value } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { type CrossStageOptions, crossStage, type Fusion } from '../../src/models/cross-stage.js';
import { describeModels } from '../../src/models/models.js';
import { expectAllClose } from '../support/all-close.js';
import { expectRefused } from '../support/expect-refused.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

/** A stage of linear transitions around one 3 × 3 convolution that widens what it is given by 2. */
const block = (g: GraphBuilder, x: Value) =>
  g.relu(g.conv2d(x, { name: 'block', kernel: [3, 3], channels: x.shape[2] + 2 }));

function buildStage(options: Partial<CrossStageOptions>): Graph {
  const g = new GraphBuilder('stage');
  const x = g.input('x', [4, 6, 8]);
  const stage = { fusion: 'both', channels: 5, blocks: block, activation: 'linear', ...options } as const;
  const graph = g.build({ outputs: [crossStage(g, x, stage)] });
  checkGraph(graph);
  return graph;
}

const X = Float64Array.from({ length: 4 * 6 * 8 }, (_, i) => Math.sin(i * i));

describe('crossStage', () => {
  const kernels = (options: Partial<CrossStageOptions>) => {
    const { parameters } = buildStage(options);
    return Object.entries(parameters).map(([name, { shape }]) => [name.split('/')[0], ...shape.slice(2)]);
  };

  it('sends the share of 1 − γ through the blocks', () => {
    expect(kernels({})).toEqual([
      ['block', 4, 6],
      ['transition1', 6, 6],
      ['transition2', 10, 5],
    ]);
    expect(kernels({ gamma: 0.25 })).toEqual([
      ['block', 6, 8],
      ['transition1', 8, 8],
      ['transition2', 10, 5],
    ]);
  });

  it('meets before its one transition, or after it', () => {
    expect(kernels({ fusion: 'first' })).toEqual([
      ['block', 4, 6],
      ['transition', 10, 5],
    ]);
    expect(kernels({ fusion: 'last' })).toEqual([
      ['block', 4, 6],
      ['transition', 6, 1],
    ]);
  });

  it('has one part where it is plain', () => {
    expect(kernels({ fusion: 'plain' })).toEqual([
      ['block', 8, 10],
      ['transition', 10, 5],
    ]);
    expect(kernels({ fusion: 'plain', plainTransition: false })).toEqual([['block', 8, 10]]);
  });

  it('hands the bypassing channels on untouched where it fuses last', () => {
    const graph = buildStage({ fusion: 'last' });
    const run = { inputs: { x: X }, ...randomTensors(graph, 4), count: 1, training: false };
    const { data } = runReference(graph, run).maps.get(graph.outputs[0])!;
    for (let place = 0; place < 24; place++)
      expectAllClose(data.slice(place * 5, place * 5 + 4), X.slice(place * 8, place * 8 + 4), {
        absolute: 0,
      });
  });

  it('pools before the transition that reads both parts, and behind the one that reads one', () => {
    const shapes = (options: Partial<CrossStageOptions>) =>
      buildStage({ ...options, pool: [1, 2] }).nodes.map(({ op, shape }) => [op, shape[1]]);
    for (const fusion of ['both', 'first'] as const)
      expect(shapes({ fusion }).slice(-3)).toEqual([
        ['concat', 6],
        ['avgPool', 3],
        ['conv2d', 3],
      ]);
    const last = shapes({ fusion: 'last' });
    expect(last.filter(([op]) => op === 'conv2d')).toEqual([
      ['conv2d', 6],
      ['conv2d', 6],
    ]);
    expect(last.slice(-3)).toEqual([
      ['avgPool', 3],
      ['avgPool', 3],
      ['concat', 3],
    ]);
  });

  it('normalises and rectifies its transitions unless told', () => {
    const ops = buildStage({ activation: 'silu' }).nodes.map(({ op }) => op);
    expect(ops.filter((op) => op === 'batchNorm')).toHaveLength(2);
    expect(ops.at(-1)).toBe('activation');
  });

  it.each([-0.5, 0, 0.01, 1, 1.5, Number.NaN])('refuses a γ of %d', (gamma) => {
    expect(() => buildStage({ gamma })).toThrow(ConfigError);
    expect(() => buildStage({ gamma })).toThrow(
      'Cannot build a cross-stage partial stage of 8 channels: expected a gamma above 0 and below 1 ' +
        `that leaves channels on both sides, got ${gamma}`,
    );
  });

  it('refuses such a γ where it is plain too', () => {
    expect(() => buildStage({ fusion: 'plain', gamma: 2 })).toThrow(ConfigError);
  });

  it('refuses a fusion that does not exist', () => {
    try {
      buildStage({ fusion: 'middle' as Fusion });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({
        code: 'csp-fusion',
        message:
          'Cannot build a cross-stage partial stage of 8 channels: expected fusion to be plain, both, first, last, ' +
          'got middle',
        value: 'middle',
      });
    }
  });

  it.each([
    ['plain', 'swish'],
    ['both', 'swish'],
    ['last', null],
  ] as const)('refuses with fusion %s an activation %s that does not exist', (fusion, activation) => {
    const known =
      'linear, none, relu, relu6, leakyRelu, elu, silu, softplus, hardSwish, sigmoid, hardSigmoid, mish';
    let thrown: unknown;
    try {
      buildStage({ fusion, activation: activation as never });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({
      code: 'csp-activation',
      message: `Cannot build a cross-stage partial stage of 8 channels: expected activation to be ${known}, got ${activation}`,
      value: activation,
    });
  });

  it('takes transitions without an activation', () => {
    for (const activation of ['linear', 'none'] as const)
      expect(buildStage({ activation }).nodes.filter(({ op }) => op === 'activation')).toHaveLength(1);
  });

  it('refuses blocks that are no function', () => {
    const blocks = 3 as never;
    const rest = 'a cross-stage partial stage of 8 channels: expected blocks to be a function, got 3';
    expectRefused(() => buildStage({ blocks }), 'csp-blocks', rest);
  });

  it('refuses an option that it does not know', () => {
    const known = 'fusion, gamma, channels, firstChannels, blocks, pool, activation, plainTransition';
    expectRefused(
      () => buildStage({ gama: 0.25 } as object),
      'csp-option',
      `a cross-stage partial stage of 8 channels: expected option to be one of ${known}, got gama`,
    );
  });

  it('refuses to fuse last into fewer channels than bypass', () => {
    try {
      buildStage({ fusion: 'last', channels: 4 });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ code: 'csp-width', value: 4 });
    }
  });
});

describe('the gradients of a cross-stage partial stage', () => {
  /** Gradients of one step with a fixed gradient of the output, the input's first half as given. */
  async function gradientsOf(graph: Graph, bypass: number) {
    const engine = await createWasmEngine({ kernels: 'strict' });
    const program = await engine.compileTraining(graph, { maxBatch: 1, normShard: 1 });
    const { parameters } = randomTensors(graph, 6);
    for (const [name, values] of Object.entries(parameters)) program.parameters[name].set(values);
    const x = Float32Array.from(X, (value, i) => (i % 8 < 4 ? bypass * value : value));
    const output = Float32Array.from({ length: 4 * 6 * 5 }, (_, i) => Math.cos(i));
    const outputGradients = { [graph.outputs[0]]: output };
    const { gradients } = await program.step({ inputs: { x }, count: 1, seed: 1, outputGradients });
    const copies = structuredClone(gradients);
    engine.dispose();
    return copies;
  }

  it('of block and first transition do not hang on what bypasses, where there are two transitions', async () => {
    const graph = buildStage({ fusion: 'both' });
    const [one, other] = [await gradientsOf(graph, 1), await gradientsOf(graph, -3)];
    for (const name of ['block/weight', 'transition1/weight']) expect(other[name]).toEqual(one[name]);
    expect(one['block/weight'].some((value) => value !== 0)).toBe(true);
    expect(other['transition2/weight']).not.toEqual(one['transition2/weight']);
  });

  it('of the one transition do, where the parts are fused first', async () => {
    const graph = buildStage({ fusion: 'first' });
    const [one, other] = [await gradientsOf(graph, 1), await gradientsOf(graph, -3)];
    expect(other['transition/weight']).not.toEqual(one['transition/weight']);
  });
});

describe('the speech networks with cross-stage partial stages', () => {
  const rows = describeModels().filter(({ domain, name }) => domain === 'speech' && name.startsWith('csp-'));
  const crossed = rows.filter(({ twin }) => twin);

  it('each name a twin, unless they are one', () => {
    expect(crossed.length).toBeGreaterThan(10);
    for (const { name, twin } of rows) expect(name.includes('-plain')).toBe(twin === null);
  });

  it.each(crossed)('$name saves a tenth of the MACs of its twin or more', ({ saving }) => {
    expect(1 - 1 / saving!).toBeGreaterThanOrEqual(0.1);
  });
});
