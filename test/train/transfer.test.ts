import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { ConfigError } from '../../src/errors.js';
import type { Model } from '../../src/formats/model.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Graph } from '../../src/graph/graph.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { buildDrNet } from '../../src/models/build-drnet.js';
import { modelEntry } from '../../src/models/models.js';
import {
  headParameters,
  initializeFrom,
  startPredictor,
  type TransferOptions,
} from '../../src/train/transfer.js';
import { TOY_LABELS, TOY_SHAPE, toyGraph } from '../support/toy-clips.js';
import { routedToy, TOY_BACKBONE } from '../support/toy-routes.js';

const HEAD = ['head/weight', 'head/bias'];

function toyModel(): Model {
  const about = { name: 'toy', labels: TOY_LABELS, frontEnd: DEFAULT_FRONT_END, clipMs: 70 };
  return { ...about, ...trainedToy(toyGraph()) };
}

function trainedToy(graph: Graph): Pick<Model, 'graph' | 'parameters' | 'statistics'> {
  const statistics = initializeStatistics(graph);
  statistics['norm/mean'].fill(5);
  return { graph, parameters: initializeParameters(graph, 1), statistics };
}

/** The toy with so many kernels, and norms more before its head. */
function toyWith(hidden: number, norms: number): Graph {
  const builder = new GraphBuilder('toy-with');
  const x = builder.batchNorm(builder.input('features', TOY_SHAPE));
  let y = builder.batchNorm(builder.dense(x, { channels: hidden, name: 'hidden', bias: false }));
  for (let i = 0; i < norms; i++) y = builder.batchNorm(y);
  return builder.build({
    outputs: [builder.dense(builder.globalAvgPool(y), { channels: 3, name: 'head' })],
  });
}

function options(changes: Partial<TransferOptions> = {}): TransferOptions {
  const labels = ['up', 'left', 'right'];
  return { model: toyModel(), graph: toyGraph(), labels, frontEnd: DEFAULT_FRONT_END, seed: 2, ...changes };
}

function faultOf(changes: Partial<TransferOptions>): ConfigError {
  try {
    initializeFrom(options(changes));
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  return expect.fail('no error');
}

describe('initializeFrom', () => {
  it('takes everything but the head when the labels are others, or in another order', () => {
    const { weights, fresh, trained } = initializeFrom(options());
    const { parameters, statistics } = toyModel();
    const drawn = initializeParameters(toyGraph(), 2);
    expect(fresh).toEqual(HEAD);
    expect(trained).toEqual(Object.keys(parameters));
    expect(weights.statistics).toEqual(statistics);
    for (const [name, values] of Object.entries(weights.parameters)) {
      expect(values, name).toEqual(HEAD.includes(name) ? drawn[name] : parameters[name]);
    }
  });

  it('keeps the head when the labels are the same', () => {
    const { weights, fresh } = initializeFrom(options({ labels: TOY_LABELS }));
    expect(fresh).toEqual([]);
    expect(weights.parameters).toEqual(toyModel().parameters);
  });

  it('makes a head of another size', () => {
    const labels = ['a', 'b', 'c', 'd', 'e'];
    const { weights, fresh } = initializeFrom(options({ labels, graph: toyGraph(5) }));
    expect(fresh).toEqual(HEAD);
    expect(weights.parameters['head/weight']).toHaveLength(8 * 5);
  });

  it('trains the head alone with frozen features, the model’s own arrays untouched', () => {
    const model = toyModel();
    const { trained, weights } = initializeFrom(options({ model, freeze: 'features' }));
    expect(trained).toEqual(HEAD);
    weights.parameters['hidden/weight'].fill(0);
    expect(model.parameters).toEqual(toyModel().parameters);
  });

  it('draws what the model lacks, unless features are to be frozen', () => {
    const deeper = toyWith(8, 1);
    const { fresh } = initializeFrom(options({ graph: deeper }));
    expect(fresh).toEqual([...HEAD, 'norm-3/gamma', 'norm-3/beta']);
    const fault = faultOf({ graph: deeper, freeze: 'features' });
    expect(fault.code).toBe('transfer-network');
    expect(fault.message).toContain(
      'Cannot start from toy: expected all features of toy-with in it, got none for norm-3/gamma',
    );
  });

  it('wants half of the features’ numbers, the head’s not counted', () => {
    // γ and β of the three maps, three kernels of eight, their γ and β: 46, and 16 with every norm more.
    expect(initializeFrom(options({ graph: toyWith(8, 2) })).fresh).toHaveLength(6);
    expect(faultOf({ graph: toyWith(8, 3), labels: TOY_LABELS })).toMatchObject({
      code: 'transfer-network',
      message: 'Cannot start from toy: expected most features of toy-with in it, got 46 of 94 numbers',
    });
    expect(faultOf({ graph: toyWith(9, 0) }).message).toContain('got 6 of 51 numbers');
  });

  it('gives each resolution of a DRNet the norms of its backbone, and shares its kernels', () => {
    const input = [98, 40, 1] as const;
    const backbone = modelEntry('ghost-stack-tiny').build({ labels: 3, input });
    const graph = buildDrNet('ghost-stack-tiny', {}, { labels: 3, input });
    const labels = ['up', 'left', 'right'];
    const learned = {
      parameters: initializeParameters(backbone, 5),
      statistics: initializeStatistics(backbone),
    };
    for (const [index, values] of Object.values({ ...learned.parameters, ...learned.statistics }).entries())
      values.forEach((_, i) => {
        values[i] = index + i / values.length;
      });
    const model = { ...toyModel(), ...learned, name: backbone.name, graph: backbone, labels };
    const { weights, fresh } = initializeFrom(options({ model, graph, labels }));
    const known = { ...learned.parameters, ...learned.statistics };
    const drnet = { ...weights.parameters, ...weights.statistics };
    const predictor = Object.keys(drnet).filter((name) => name.startsWith('predictor'));
    // The input's norm has as many numbers as its map has bands.
    const drawn = ['r1', 'r2'].flatMap((route) => [`${route}.input-norm/gamma`, `${route}.input-norm/beta`]);
    expect(fresh.filter((name) => !predictor.includes(name))).toEqual(drawn);
    for (const [name, values] of Object.entries(known)) {
      const isPrivate = Object.hasOwn(drnet, `r0.${name}`);
      const routes = name.startsWith('input-norm') ? ['r0'] : ['r0', 'r1', 'r2'];
      const places = isPrivate ? routes.map((route) => `${route}.${name}`) : [name];
      for (const place of places) expect(drnet[place], place).toEqual(values);
    }
    expect(Object.keys(drnet).length - predictor.length).toBeGreaterThan(Object.keys(known).length);
  });

  it('does not ask a DRNet’s backbone for the predictor', () => {
    // The predictor has more numbers than all else: a network for words with kernels of its own, and the backbone's again.
    const graph = routedToy({ predictor: { name: 'large', build: () => toyWith(64, 0) } }, [5, 4, 3]);
    const backbone = TOY_BACKBONE.build({ input: [5, 4, 3] });
    const model: Model = { ...toyModel(), ...trainedToy(backbone) };
    const { fresh, weights } = initializeFrom(options({ model, graph }));
    const left = fresh.filter((name) => !name.startsWith('predictor/') && !name.includes('logits'));
    expect(left).toEqual([]);
    expect(weights.parameters['stem/weight']).toEqual(model.parameters['stem/weight']);
  });

  it('refuses another front end and a network of which nothing agrees', () => {
    const fault = faultOf({ frontEnd: { ...DEFAULT_FRONT_END, highHz: 4000 } });
    expect(fault.code).toBe('front-end-mismatch');
    expect(fault.message).toContain('Cannot start from toy: expected the front end');
    const builder = new GraphBuilder('other');
    const x = builder.dense(builder.input('features', TOY_SHAPE), { channels: 5, name: 'body' });
    const graph = builder.build({ outputs: [builder.dense(x, { channels: 3, name: 'head' })] });
    expect(faultOf({ graph })).toMatchObject({
      code: 'transfer-network',
      message: `Cannot start from toy: expected most features of other in it, got 0 of ${3 * 5 + 5} numbers`,
    });
  });
});

describe('startPredictor', () => {
  const graph = routedToy({ predictor: TOY_BACKBONE });
  const words: Model = { ...toyModel(), ...trainedToy(TOY_BACKBONE.build({ input: [3, 2, 3] })) };
  const labels: readonly string[] = TOY_LABELS;
  const given = { model: words, graph, labels, frontEnd: DEFAULT_FRONT_END, seed: 2 };

  it('gives the predictor the network’s tensors and leaves the rest as it was, or draws it', () => {
    const start = { parameters: initializeParameters(graph, 7), statistics: initializeStatistics(graph) };
    const drawn = [startPredictor(undefined, given), startPredictor(start, given)];
    for (const [i, seed] of [2, 7].entries()) {
      const before = initializeParameters(graph, seed);
      for (const [name, values] of Object.entries(drawn[i].parameters)) {
        const own = words.parameters[name.replace('predictor/words/', '')];
        expect(values, name).toEqual(name.startsWith('predictor/words/') ? own : before[name]);
      }
      expect(drawn[i].statistics['predictor/words/norm/mean']).toEqual(words.statistics['norm/mean']);
      expect(drawn[i].statistics['r0.norm/mean']).toEqual(initializeStatistics(graph)['r0.norm/mean']);
    }
  });

  it.each<[string, Partial<typeof given>, string]>([
    [
      'a network that has no such predictor',
      { graph: routedToy() },
      'Cannot start the predictor of routed-toy from toy: expected a DRNet whose predictor says words, got routed-toy',
    ],
    [
      'other labels',
      { labels: ['up', 'left', 'right'] },
      'Cannot start the predictor of routed-toy from toy: expected labels up, left, right, got left, right, up',
    ],
    [
      'another network',
      { model: toyModel() },
      'Cannot start the predictor of routed-toy from toy: expected most of its tensors, got 0 of 5',
    ],
  ])('refuses %s', (_, changes, message) => {
    expect(() => startPredictor(undefined, { ...given, ...changes })).toThrow(
      expect.objectContaining({ code: 'predictor-network', message }),
    );
  });
});

describe('headParameters', () => {
  it('finds the last layers behind pooling, all of them where branches end together', () => {
    expect([...headParameters(toyGraph())]).toEqual(HEAD);
    const builder = new GraphBuilder('two');
    const x = builder.input('features', [4, 4, 2]);
    const a = builder.conv2d(x, { channels: 3, name: 'a' });
    const b = builder.dense(x, { channels: 3, bias: false, name: 'b' });
    const graph = builder.build({ outputs: [builder.globalAvgPool(builder.add(a, b))] });
    expect([...headParameters(graph)]).toEqual(['a/weight', 'b/weight']);
  });
});
