import { afterAll, describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { ConfigError } from '../../../src/errors.js';
import { type Graph, sizeOf, type Tensors } from '../../../src/graph/graph.js';
import { initializeStatistics } from '../../../src/graph/initialize.js';
import { choosingParameters, type Routes, routesOf } from '../../../src/graph/routes.js';
import { subgraph } from '../../../src/graph/subgraph.js';
import { Random } from '../../../src/numerics/random.js';
import type { Batch } from '../../../src/train/batches.js';
import { splitFrozen } from '../../../src/train/freeze.js';
import { withLoss } from '../../../src/train/loss.js';
import { RoutedNetwork } from '../../../src/train/routing/routed-network.js';
import type { RoutingRecipe } from '../../../src/train/routing/routing-recipe.js';
import type { NetworkStep } from '../../../src/train/training-network.js';
import { expectAllClose } from '../../support/all-close.js';
import { distributions, drawParameters, normals } from '../../support/case-data.js';
import { idleParameters } from '../../support/parity.js';
import { type GradientProbe, probeGradients, runReference } from '../../support/reference.js';
import { routedToy, routedToyRecipe, TOY_BACKBONE } from '../../support/toy-routes.js';

const engine = await createWasmEngine();
afterAll(() => engine.dispose());

const SHAPE = [6, 4, 2] as const;
const COUNT = 9;
const SEED = 12;
const LABELS = 3;
const plain = network(routedToy({ predictorSize: [4, 3] }, SHAPE));
/** Whose predictor says words. */
const wordy = network(routedToy({ predictor: TOY_BACKBONE, predictorSize: [4, 3] }, SHAPE));
const { graph, routes, parameters } = plain;
const JOINT = 4;

function network(of: Graph) {
  return { graph: of, routes: routesOf(of) as Routes, parameters: drawParameters(of, 3) };
}

function batch(key = 5): Batch {
  const random = new Random(key);
  return {
    features: normals(random, COUNT * sizeOf(SHAPE)),
    targets: distributions(random, COUNT, LABELS),
    sampleWeights: Float32Array.from({ length: COUNT }, () => random.between(0.5, 1.5)),
    count: COUNT,
  };
}

interface Given {
  readonly of?: typeof plain;
  readonly routing?: Partial<RoutingRecipe>;
  readonly epoch?: number;
  readonly clips?: Batch;
  readonly normShard?: number;
  readonly threads?: number;
}

/** One step of a network fresh from its parameters, its arrays copied. */
async function step({ of = plain, routing, epoch = JOINT, clips = batch(), ...given }: Given = {}) {
  const { graph, routes, parameters } = of;
  const { normShard = 16, threads } = given;
  const recipe = routedToyRecipe(routing, { normShard });
  const weights = { parameters, statistics: initializeStatistics(graph) };
  const trained = Object.keys(graph.parameters);
  const network = await RoutedNetwork.compile({ engine, graph, recipe, weights, trained, threads }, routes);
  await network.beginEpoch(epoch);
  const result: NetworkStep = structuredClone(await network.step(clips, SEED));
  network.dispose();
  return result;
}

/** Which clips the gates of a reference run draw for each route. */
function drawnClips({ features }: Batch): number[][] {
  const predictor = subgraph(graph, [routes.gate]);
  const run = { inputs: { features }, parameters, statistics: {}, count: COUNT, training: true, seed: SEED };
  const gates = runReference(predictor, run).maps.get(routes.gate)!.data;
  const clips = Array.from({ length: COUNT }, (_, clip) => clip);
  return routes.branches.map((_, route) =>
    clips.filter((clip) => gates[clip * routes.branches.length + route] === 1),
  );
}

/** Some rows of a batch as a run of their own. */
function rowsOf(clips: readonly number[], { features, targets, sampleWeights }: Batch) {
  const rows = (values: Float32Array) => {
    const size = values.length / COUNT;
    return Float32Array.from(clips.flatMap((clip) => [...values.subarray(clip * size, (clip + 1) * size)]));
  };
  const inputs = { features: rows(features), targets: rows(targets) };
  const run = { inputs, parameters, statistics: {}, count: clips.length, training: true, seed: SEED };
  return { ...run, sampleWeights: rows(sampleWeights!) };
}

function expectGradient(found: Float32Array, probe: GradientProbe, scale: number, name: string) {
  for (const { index, slope } of probe.elements)
    expect(Math.abs(found[index] - slope), `${name}[${index}]: ${found[index]}, ${slope}`).toBeLessThan(
      2e-4 * scale,
    );
  for (const { direction, slope } of probe.directions) {
    const along = direction.reduce((sum, part, i) => sum + part * found[i], 0);
    expect(Math.abs(along - slope), name).toBeLessThan(2e-3 * scale);
  }
}

/** Only so many: each number costs two runs of the slow loops. */
function probing(of: Graph, names: readonly string[]): Graph {
  return { ...of, parameters: Object.fromEntries(names.map((name) => [name, of.parameters[name]])) };
}

const largest = (tensors: Tensors) =>
  Math.max(
    ...Object.values(tensors).map((values) =>
      values.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
    ),
  );

describe('RoutedNetwork', () => {
  it('draws what the reference draws, and every route', async () => {
    const { routes: counts } = await step();
    expect(counts).toEqual(drawnClips(batch()).map(({ length }) => length));
    expect(counts!.every((count) => count > 0)).toBe(true);
  });

  it('gives branches the gradients of their own clips by finite differences in float64', async () => {
    const { gradients, loss } = await step({ routing: { weight: 0 } });
    const clips = drawnClips(batch());
    const probes = routes.branches.map(({ graph: branch }, route) =>
      probeGradients(withLoss(branch), { ...rowsOf(clips[route], batch()), normShard: 16 }, {}, []),
    );
    const share = (route: number) => clips[route].length / COUNT;
    for (const name of Object.keys(graph.parameters)) {
      const own = probes.flatMap((probe, route) =>
        name in probe ? [{ probe: probe[name], share: share(route) }] : [],
      );
      if (own.length === 0) continue;
      const summed: GradientProbe = {
        ...own[0].probe,
        elements: own[0].probe.elements.map(({ index }) => ({
          index,
          slope: own.reduce(
            (sum, { probe, share: part }) =>
              sum + part * probe.elements.find((e) => e.index === index)!.slope,
            0,
          ),
        })),
        directions: [],
      };
      expectGradient(gradients[name], summed, largest(gradients), name);
    }
    const losses = routes.branches.map(
      ({ graph: branch }, route) =>
        share(route) *
        runReference(withLoss(branch), { ...rowsOf(clips[route], batch()), normShard: 16 }).loss,
    );
    expect(loss).toBeCloseTo(
      losses.reduce((sum, part) => sum + part, 0),
      5,
    );
  });

  it('teaches the predictor by the gradient of each gate and of the MACs, by finite differences in float64', async () => {
    const routing = { weight: 0.4, targetShare: 0.1 };
    const { gradients, logits, routes: counts, loss } = await step({ routing });
    const { targets, sampleWeights, features } = batch();
    const macs = routes.branches.map((branch) => branch.macs);
    const range = Math.max(...macs) - Math.min(...macs);
    const gate = new Float32Array(COUNT * 3);
    drawnClips(batch()).forEach((clips, route) => {
      for (const clip of clips) {
        // d CE(h · z) / d h at h = 1 is Σ (softmax(z) − target) · z.
        const z = [...logits.subarray(clip * LABELS, (clip + 1) * LABELS)];
        const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
        const slope = z.reduce(
          (sum, value, i) => sum + (Math.exp(value) / total - targets[clip * LABELS + i]) * value,
          0,
        );
        gate[clip * 3 + route] += (sampleWeights![clip] * slope) / COUNT;
      }
    });
    for (let i = 0; i < gate.length; i++) gate[i] += (0.4 * macs[i % 3]) / (range * COUNT);
    const predictor = subgraph(graph, [routes.gate]);
    const run = {
      inputs: { features },
      parameters,
      statistics: {},
      count: COUNT,
      training: true,
      seed: SEED,
      normShard: 16,
    };
    const names = ['input-norm/gamma', 'stem/weight', 'block1/depthwise/weight', 'logits/weight'];
    const part = probing(
      predictor,
      names.map((name) => `predictor/${name}`),
    );
    const probes = probeGradients(part, run, { [routes.gate]: gate }, []);
    const scale = largest(Object.fromEntries(Object.keys(probes).map((name) => [name, gradients[name]])));
    for (const [name, probe] of Object.entries(probes)) expectGradient(gradients[name], probe, scale, name);
    const mean = counts!.reduce((sum, count, i) => sum + (count * macs[i]) / COUNT, 0);
    const { loss: without } = await step({ routing: { ...routing, weight: 0 } });
    expect(loss - without).toBeCloseTo((0.4 * (mean - 0.1 * macs[0])) / range, 5);
  });

  it('with soft routes has the gradients of the whole network by finite differences in float64', async () => {
    const { gradients, moments, momentShares } = await step({ routing: { route: 'soft', weight: 0 } });
    const clips = Array.from({ length: COUNT }, (_, clip) => clip);
    const run = { ...rowsOf(clips, batch()), normShard: 16 };
    const names = ['predictor/logits/bias', 'predictor/input-norm/gamma', 'stem/weight', 'logits/bias'];
    const part = probing(withLoss(graph), [...names, 'r0.norm/gamma', 'r1.norm/beta']);
    const probes = probeGradients(part, run, {}, []);
    for (const [name, probe] of Object.entries(probes))
      expectGradient(gradients[name], probe, largest(gradients), name);
    expect(momentShares).toBeUndefined();
    const expected = runReference(withLoss(graph), run).moments;
    for (const name of Object.keys(graph.statistics))
      expectAllClose(moments[name], expected[name], { absolute: 1e-5 }, name);
  });

  it.each([
    ['a predictor of its own', plain],
    ['a predictor that says words', wordy],
  ])(
    'with soft routes past branches that stand still teaches %s alone how to choose, by finite differences in float64',
    async (_, of) => {
      const { graph, routes, parameters } = of;
      const result = await step({ of, routing: { route: 'soft', weight: 0, classifierRate: 0 } });
      const clips = Array.from({ length: COUNT }, (_, clip) => clip);
      const { inputs, ...rest } = rowsOf(clips, batch());
      const run = { ...rest, parameters };
      const choosing = new Set(choosingParameters(routes));
      expect(new Set(Object.keys(result.gradients))).toEqual(choosing);
      // As in use: what the branches answer hangs on running statistics, not on the batch.
      const still = { ...run, inputs, statistics: initializeStatistics(graph), training: false };
      const { maps } = runReference(graph, still);
      const { tail, joints } = splitFrozen(graph, choosing);
      expect(new Set(Object.keys(result.moments))).toEqual(new Set(Object.keys(tail.statistics)));
      const answers = Object.fromEntries(
        joints.map((name) => [name, Float32Array.from(maps.get(name)!.data)]),
      );
      const joint = { ...run, inputs: { ...inputs, ...answers }, normShard: 16 };
      expect(result.loss).toBeCloseTo(runReference(withLoss(tail), joint).loss, 5);
      const names = [...choosing].filter((name) => !name.includes('block'));
      const probes = probeGradients(probing(withLoss(tail), names), joint, {}, []);
      for (const [name, probe] of Object.entries(probes))
        expectGradient(result.gradients[name], probe, largest(result.gradients), name);
    },
  );

  it('lets a predictor learn the words first, as one more branch on all clips', async () => {
    const { graph, routes, parameters } = wordy;
    const clips = Array.from({ length: COUNT }, (_, clip) => clip);
    const run = { ...rowsOf(clips, batch()), parameters, normShard: 16 };
    const result = await step({ of: wordy, epoch: 0 });
    const words = withLoss(routes.words!);
    const branches = routes.branches.map((branch) => withLoss(branch.graph));
    const losses = [...branches, words].map((part) => runReference(part, run).loss);
    expect(result.loss).toBeCloseTo(
      losses.reduce((sum, loss) => sum + loss, 0),
      5,
    );
    const choosing = choosingParameters(routes);
    expect(new Set(Object.keys(result.gradients))).toEqual(
      new Set(Object.keys(graph.parameters).filter((name) => !choosing.includes(name))),
    );
    const probes = probeGradients(words, run, {}, []);
    for (const [name, probe] of Object.entries(probes))
      if (!idleParameters(words).has(name))
        expectGradient(result.gradients[name], probe, largest(result.gradients), name);
  });

  it('chooses by the largest probability of a predictor that says words', () => {
    const { graph, parameters } = wordy;
    const statistics = initializeStatistics(graph);
    statistics['predictor/norm/mean'].fill(0.375);
    statistics['predictor/norm/variance'].fill(0.0625);
    const inputs = { features: batch().features };
    const { maps } = runReference(graph, { inputs, parameters, statistics, count: COUNT, training: false });
    const words = maps.get('predictor/words/logits')!.data;
    const [weight, bias, gamma, beta] = ['route/weight', 'route/bias', 'norm/gamma', 'norm/beta'].map(
      (name) => parameters[`predictor/${name}`],
    );
    for (let clip = 0; clip < COUNT; clip++) {
      const powers = [...words.subarray(clip * LABELS, (clip + 1) * LABELS)].map(Math.exp);
      const sure = Math.max(...powers) / powers.reduce((sum, power) => sum + power, 0);
      const normal = (gamma[0] * (sure - 0.375)) / Math.sqrt(0.0625 + 1e-5) + beta[0];
      const logits = [0, 1, 2].map((route) => weight[route] * normal + bias[route]);
      expectAllClose(maps.get('predictor/route')!.data.subarray(clip * 3, (clip + 1) * 3), logits, {
        absolute: 1e-9,
      });
      const gate = [0, 1, 2].map((route) => (logits[route] === Math.max(...logits) ? 1 : 0));
      expect([...maps.get('gate')!.data.subarray(clip * 3, (clip + 1) * 3)]).toEqual(gate);
    }
  });

  it('gives every parameter a gradient, in the joint stage the predictor too', async () => {
    const idle = idleParameters(withLoss(graph));
    const all = await step({ epoch: 0 });
    const joint = await step({ routing: { targetShare: 0.1 } });
    for (const name of Object.keys(graph.parameters)) {
      const isPredictor = name in routes.predictor.parameters;
      expect([name, name in all.gradients]).toEqual([name, !isPredictor]);
      if (idle.has(name)) continue;
      expect(
        joint.gradients[name].some((value) => Math.abs(value) > 1e-7),
        name,
      ).toBe(true);
    }
  });

  it('sums the losses of all branches on all clips at first, and lets the predictor rest', async () => {
    const clips = Array.from({ length: COUNT }, (_, clip) => clip);
    const run = { ...rowsOf(clips, batch()), normShard: 16 };
    const result = await step({ epoch: 0 });
    const references = routes.branches.map(({ graph: branch }) => runReference(withLoss(branch), run));
    expect(result.loss).toBeCloseTo(
      references.reduce((sum, { loss }) => sum + loss, 0),
      5,
    );
    expectAllClose(result.logits, references[0].maps.get('r0.logits')!.data, { relative: 1e-5 });
    expect(result.routes).toBeUndefined();
    const probes = routes.branches.map(({ graph: branch }) => probeGradients(withLoss(branch), run, {}, []));
    const slopes = probes.map((probe) => probe['logits/bias'].elements);
    for (const { index } of slopes[0]) {
      const sum = slopes.reduce(
        (total, of) => total + of.find((element) => element.index === index)!.slope,
        0,
      );
      expect(result.gradients['logits/bias'][index]).toBeCloseTo(sum, 4);
    }
  });

  it('lets no clip reach the norms of a branch that it does not go through', async () => {
    const before = batch();
    const [first, , third] = drawnClips(before);
    const features = before.features.slice();
    for (let i = 0; i < sizeOf(SHAPE); i++) features[third[0] * sizeOf(SHAPE) + i] *= 1.001;
    const after = { ...before, features };
    expect(drawnClips(after)).toEqual(drawnClips(before));
    const [a, b] = [await step({ clips: before }), await step({ clips: after })];
    for (const route of [0, 1, 2])
      for (const name of Object.keys(routes.branches[route].graph.statistics))
        expect([name, a.moments[name].join() === b.moments[name].join()]).toEqual([name, route !== 2]);
    expect(a.gradients['r0.norm/gamma']).toEqual(b.gradients['r0.norm/gamma']);
    expect(a.momentShares).toMatchObject({
      'r0.norm/mean': first.length / COUNT,
      'r2.norm/mean': third.length / COUNT,
    });
    const expected = runReference(withLoss(routes.branches[0].graph), {
      ...rowsOf(first, before),
      normShard: 16,
    });
    expectAllClose(a.moments['r0.norm/mean'], expected.moments['r0.norm/mean'], { absolute: 1e-5 });
  });

  it.each<[string, Partial<RoutingRecipe>]>([
    ['hard routes', { route: 'hard' }],
    ['soft routes', { route: 'soft' }],
    ['soft routes, branches that stand still', { route: 'soft', classifierRate: 0 }],
  ])('gives the same bytes on one thread and on two (%s)', async (_, routing) => {
    const one = await step({ routing, normShard: 2, threads: 1 });
    expect(await step({ routing, normShard: 2, threads: 2 })).toEqual(one);
  });

  it('leaves out a branch that no clip goes through', async () => {
    const { features, targets } = batch();
    const {
      gradients,
      moments,
      routes: counts,
    } = await step({ clips: { features, targets: targets.subarray(0, 3), count: 1 } });
    const empty = counts!.indexOf(0);
    expect(counts!.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(gradients).not.toHaveProperty([`r${empty}.norm/gamma`]);
    expect(moments).not.toHaveProperty([`r${empty}.norm/mean`]);
  });

  it.each<[string, string, string, (plain: ReturnType<typeof options>) => ReturnType<typeof options>]>([
    [
      'a recipe without routing',
      'recipe',
      'Cannot train with recipe: expected routing for routed-toy, which chooses its resolution, got none',
      (plain) => ({ ...plain, recipe: { ...plain.recipe, routing: undefined } }),
    ],
    [
      'frozen parameters',
      'routed-freeze',
      'Cannot train graph routed-toy: expected no frozen parameter in a network that chooses its resolution, got predictor/input-norm/gamma',
      (plain) => ({ ...plain, trained: ['logits/weight'] }),
    ],
  ])('refuses %s', async (_, code, message, change) => {
    const thrown = await RoutedNetwork.compile(change(options(graph)), routes).catch(
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({ code, message });
  });
});

function options(of: Graph) {
  const weights = { parameters, statistics: initializeStatistics(of) };
  return { engine, graph: of, recipe: routedToyRecipe(), weights, trained: Object.keys(of.parameters) };
}
