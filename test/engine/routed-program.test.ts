import { afterAll, describe, expect, it } from 'vitest';
import {
  compileNetwork,
  isRouted,
  type RoutedProgram,
  type Routing,
} from '../../src/engine/routed-program.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { ConfigError } from '../../src/errors.js';
import { costsOf } from '../../src/graph/costs.js';
import { sizeOf } from '../../src/graph/graph.js';
import { Random } from '../../src/numerics/random.js';
import { expectAllClose } from '../support/all-close.js';
import { drawParameters, drawStatistics, normals } from '../support/case-data.js';
import { runReference } from '../support/reference.js';
import { TOY_SHAPE, toyGraph } from '../support/toy-clips.js';
import { routedToy } from '../support/toy-routes.js';

const engine = await createWasmEngine();
afterAll(() => engine.dispose());

const graph = routedToy();
const tensors = { ...drawParameters(graph, 6), ...drawStatistics(graph, 6) };
const COUNT = 11;
const size = sizeOf(TOY_SHAPE);
const features = normals(new Random(4), COUNT * size, 2);
const run = { inputs: { features }, parameters: tensors, statistics: tensors, count: COUNT, training: false };
balance();

/** Moves the predictor's logits until each route is as likely as another. */
function balance(): void {
  const logits = runReference(graph, run).maps.get('predictor/logits')!.data;
  for (let route = 0; route < 3; route++) {
    const mean = logits.reduce((sum, value, i) => sum + (i % 3 === route ? value / COUNT : 0), 0);
    tensors['predictor/logits/bias'][route] -= mean;
  }
}

async function program(routing?: Routing): Promise<RoutedProgram> {
  const compiled = (await compileNetwork(engine, graph, { maxBatch: 16 })) as RoutedProgram;
  compiled.assign(tensors);
  if (routing) compiled.routeBy(routing);
  return compiled;
}

describe('compileNetwork', () => {
  it('gives the answers of the whole graph in float64, from the branch that its gate picks', async () => {
    const routed = await program();
    const { logits } = routed.run({ features }, COUNT);
    const run = {
      inputs: { features },
      parameters: tensors,
      statistics: tensors,
      count: COUNT,
      training: false,
    };
    const { maps } = runReference(graph, run);
    expectAllClose(logits, maps.get('logits')!.data, { absolute: 1e-4 });
    const gates = maps.get('gate')!.data;
    expect(routed.chosen.length).toBe(16);
    for (let clip = 0; clip < COUNT; clip++) expect(gates[clip * 3 + routed.chosen[clip]]).toBe(1);
    expect(new Set(routed.chosen.subarray(0, COUNT)).size).toBe(3);
    routed.dispose();
  });

  it('computes no branch but the chosen one, and no predictor when told the route', async () => {
    const runs: string[] = [];
    const spying: typeof engine = {
      ...engine,
      compileInference: async (of, options) => {
        const inner = await engine.compileInference(of, options);
        const run: typeof inner.run = (inputs, count) => {
          runs.push(`${of.outputs[0]} ${count}`);
          return inner.run(inputs, count);
        };
        return { assign: (values) => inner.assign(values), run, dispose: () => inner.dispose() };
      },
    };
    const routed = (await compileNetwork(spying, graph, { maxBatch: 16 })) as RoutedProgram;
    routed.assign(tensors);
    routed.run({ features }, 1);
    expect(runs).toEqual(['predictor/logits 1', `r${routed.chosen[0]}.logits 1`]);
    runs.length = 0;
    routed.routeBy({ kind: 'fixed', route: 2 });
    routed.run({ features }, COUNT);
    expect(runs).toEqual([`r2.logits ${COUNT}`]);
    routed.dispose();
  });

  it('counts the MACs of the branch, and of the predictor where it chose', async () => {
    const routed = await program();
    const branches = routed.routes.branches.map((branch) => costsOf(branch.graph).macs);
    const predictor = costsOf(routed.routes.predictor).macs;
    expect([0, 1, 2].map((route) => routed.macsOf(route))).toEqual(branches.map((macs) => macs + predictor));
    routed.routeBy({ kind: 'fixed', route: 1 });
    expect(routed.macsOf(1)).toBe(branches[1]);
    routed.dispose();
  });

  it('draws random routes by seed and number of the clip, at the shares asked for', async () => {
    const shares = [0.5, 0.2, 0.3];
    const draw = async (counts: readonly number[], seed = 8) => {
      const routed = await program({ kind: 'random', shares, seed });
      const chosen = counts.flatMap((count) => {
        routed.run({ features }, count);
        return [...routed.chosen.subarray(0, count)];
      });
      routed.dispose();
      return chosen;
    };
    const many = await draw(Array.from({ length: 100 }, () => 11));
    expect(await draw([1, 3, 7])).toEqual(many.slice(0, 11));
    expect(await draw([11], 9)).not.toEqual(many.slice(0, 11));
    const parts = shares.map((_, route) => many.filter((one) => one === route).length / many.length);
    // Three deviations of a share of ½ of 1100 clips.
    expectAllClose(parts, shares, { absolute: 0.045 });
  });

  it('leaves no program behind when one cannot be compiled', async () => {
    const [made, ended] = [[] as string[], [] as string[]];
    const failing: typeof engine = {
      ...engine,
      compileInference: async (of, options) => {
        const name = of.outputs[0];
        if (name === 'r1.logits') throw new Error('no memory');
        made.push(name);
        const inner = await engine.compileInference(of, options);
        return {
          assign: (values) => inner.assign(values),
          run: (inputs, count) => inner.run(inputs, count),
          dispose: () => void ended.push(name),
        };
      },
    };
    await expect(compileNetwork(failing, graph, { maxBatch: 1 })).rejects.toThrow('no memory');
    expect([made, ended]).toEqual([['predictor/logits', 'r0.logits'], made]);
  });

  it('takes a plain network as the engine does', async () => {
    const plain = await compileNetwork(engine, toyGraph(), { maxBatch: 1 });
    expect(isRouted(plain)).toBe(false);
    plain.dispose();
  });

  it.each<[Routing, string]>([
    [{ kind: 'fixed', route: 3 }, 'Cannot choose a route: expected a route from 0 to 2, got 3'],
    [{ kind: 'fixed', route: 0.5 }, 'Cannot choose a route: expected a route from 0 to 2, got 0.5'],
    [
      { kind: 'random', shares: [1, 1], seed: 1 },
      'Cannot choose a route: expected 3 shares of 0 or more, not all 0, got 1, 1',
    ],
    [
      { kind: 'random', shares: [0, 0, 0], seed: 1 },
      'Cannot choose a route: expected 3 shares of 0 or more, not all 0, got 0, 0, 0',
    ],
    [
      { kind: 'random', shares: [1, -1, 1], seed: 1 },
      'Cannot choose a route: expected 3 shares of 0 or more, not all 0, got 1, -1, 1',
    ],
    [
      { kind: 'random' } as Routing,
      'Cannot choose a route: expected 3 shares of 0 or more, not all 0, got undefined',
    ],
    [
      { kind: 'random', shares: [1, 1, 1] } as unknown as Routing,
      'Cannot choose a route: expected a seed that is a whole number, got undefined',
    ],
    [
      { kind: 'x' } as unknown as Routing,
      'Cannot choose a route: expected a kind of predicted, fixed, random, got x',
    ],
    [
      'random' as unknown as Routing,
      'Cannot choose a route: expected a kind of predicted, fixed, random, got undefined',
    ],
  ])('refuses %j', async (routing, message) => {
    const thrown = await program(routing).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({ code: 'routing', message });
  });
});
