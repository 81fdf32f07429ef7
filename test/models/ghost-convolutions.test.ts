import { describe, expect, it } from 'vitest';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import { type Graph, nodesByName, type Tensors } from '../../src/graph/graph.js';
import { routesOf } from '../../src/graph/routes.js';
import { checkGraph } from '../../src/graph/shapes.js';
import type { GhostRule } from '../../src/models/ghost-blocks.js';
import { withGhostConvolutions } from '../../src/models/ghost-convolutions.js';
import { buildModel, MODELS } from '../../src/models/models.js';
import { expectAllClose } from '../support/all-close.js';
import { expectRefused } from '../support/expect-refused.js';
import { expectEveryGradient, parityData, parityGraph, stepOn } from '../support/parity.js';
import { runReference } from '../support/reference.js';
import { randomTensors } from './random-tensors.js';

const engine = await createWasmEngine({ kernels: 'strict' });

/** A 3 × 3 convolution to 5 maps, strided in time, its norm and leaky ReLU. */
function strided(channels = 5): Graph {
  const g = new GraphBuilder('strided');
  const x = g.input('x', [6, 4, 3]);
  const y = g.conv2d(x, { name: 'stem', channels, kernel: [3, 3], stride: [2, 1] });
  const normed = g.batchNorm(y, { name: 'stem-norm', epsilon: 0.25, gamma: 0 });
  return g.build({ outputs: [g.activation(normed, 'leakyRelu', { slope: 0.1 })] });
}

type Map3 = (t: number, f: number, c: number) => number;

/** Sums 3 × 3 products of a map that is 0 outside `frames` × 4; `tap` gives the weight of a place and input channel. */
function convolve(x: Map3, frames: number, channels: readonly number[], at: [number, number], tap: Map3) {
  let sum = 0;
  for (let i = -1; i <= 1; i++)
    for (let j = -1; j <= 1; j++) {
      const [t, f] = [at[0] + i, at[1] + j];
      if (t < 0 || t >= frames || f < 0 || f >= 4) continue;
      for (const c of channels) sum += x(t, f, c) * tap(i + 1, j + 1, c);
    }
  return sum;
}

/** What ends both parts: the norm with ε of ¼, then leaky ReLU of 0.1. */
function finishOf(name: string, parameters: Tensors, statistics: Tensors) {
  return (value: number, c: number) => {
    const centred =
      (value - statistics[`${name}/mean`][c]) / Math.sqrt(statistics[`${name}/variance`][c] + 0.25);
    const y = parameters[`${name}/gamma`][c] * centred + parameters[`${name}/beta`][c];
    return y > 0 ? y : 0.1 * y;
  };
}

/** The shape of a graph without its names: ops with their options, inputs as positions in the list. */
function anonymous(graph: Graph) {
  const places = new Map(graph.nodes.map(({ name }, i) => [name, i]));
  return graph.nodes.map((node) => {
    const options = Object.entries(node).filter(
      ([key, value]) => key !== 'name' && typeof value !== 'string',
    );
    return {
      ...Object.fromEntries(options),
      op: node.op,
      inputs: node.inputs.map((name) => places.get(name)),
    };
  });
}

describe('withGhostConvolutions', () => {
  it('computes ⌈5 / 2⌉ maps by the convolution, the rest from these, both through norm and activation', () => {
    const graph = withGhostConvolutions(strided());
    checkGraph(graph);
    const { parameters, statistics } = randomTensors(graph, 5);
    const features = Float64Array.from({ length: 6 * 4 * 3 }, (_, i) => Math.sin(7 * i));
    const run = { inputs: { x: features }, parameters, statistics, count: 1, training: false };
    const found = runReference(graph, run).maps.get(graph.outputs[0])!;

    const input: Map3 = (t, f, c) => features[(t * 4 + f) * 3 + c];
    const kernel = parameters['stem/primary/weight'];
    const finish = finishOf('stem/norm', parameters, statistics);
    const own: Map3 = (t, f, m) => {
      const tap: Map3 = (i, j, c) => kernel[((i * 3 + j) * 3 + c) * 3 + m];
      return finish(convolve(input, 6, [0, 1, 2], [2 * t, f], tap), m);
    };
    const finishCheap = finishOf('stem/norm-2', parameters, statistics);
    const cheap: Map3 = (t, f, m) => {
      const tap: Map3 = (i, j) => parameters['stem/cheap/weight'][(i * 3 + j) * 3 + m];
      return finishCheap(convolve(own, 3, [m], [t, f], tap), m);
    };
    const expected = [0, 1, 2].flatMap((t) =>
      [0, 1, 2, 3].flatMap((f) => [own(t, f, 0), own(t, f, 1), own(t, f, 2), cheap(t, f, 0), cheap(t, f, 1)]),
    );
    expect(found.shape).toEqual([3, 4, 5]);
    expectAllClose(found.data, expected, { relative: 1e-9, absolute: 1e-9 });
  });

  it('names parameters after the convolution and starts γ as its norm did', () => {
    const { parameters, statistics } = withGhostConvolutions(strided(), { ratio: 3, cheapKernel: [5, 1] });
    const shapes = Object.entries(parameters).map(([name, { shape }]) => [name, shape]);
    expect(Object.fromEntries(shapes)).toEqual({
      'stem/primary/weight': [3, 3, 3, 2],
      'stem/cheap/weight': [5, 1, 2, 2],
      'stem/norm/gamma': [2],
      'stem/norm/beta': [2],
      'stem/norm-2/gamma': [4],
      'stem/norm-2/beta': [4],
    });
    expect(Object.keys(statistics)).toHaveLength(4);
    for (const name of ['stem/norm/gamma', 'stem/norm-2/gamma'])
      expect(parameters[name].init).toEqual({ kind: 'constant', value: 0 });
  });

  it.each([
    ['resnet-56', 'ghost-resnet-56', 2],
    ['vgg-16', 'ghost-vgg-16', 2],
    ['vgg-16', 'ghost-vgg-16-s3', 3],
    ['vgg-16', 'ghost-vgg-16-s4', 4],
    ['vgg-16', 'ghost-vgg-16-s5', 5],
  ])('makes of %s what %s is built as, names aside', (plain, ghost, ratio) => {
    const rewritten = withGhostConvolutions(buildModel(plain), { ratio });
    const built = buildModel(ghost);
    expect(anonymous(rewritten)).toEqual(anonymous(built));
    const { parameters, macs } = costsOf(built);
    expect(costsOf(rewritten)).toMatchObject({ parameters, macs });
  });

  /** Table 3 of the paper, VGG-16 on CIFAR-10: millions of parameters and of MACs, some rounded down. */
  it.each([
    [2, 7.7, 158],
    [3, 5.2, 107],
    [4, 4, 80],
    [5, 3.3, 65],
  ])(
    'gives VGG-16 at a ratio of %i the %d million parameters and %i million MACs of the paper',
    (ratio, parameters, macs) => {
      const costs = costsOf(withGhostConvolutions(buildModel('vgg-16'), { ratio }));
      expect(Math.abs(costs.parameters / 1e6 / parameters - 1)).toBeLessThan(0.01);
      expect(Math.abs(costs.macs / 1e6 / macs - 1)).toBeLessThan(0.011);
    },
  );

  it('leaves the 16 convolutions in groups of ResNeXt-50, and none of its 1 × 1 but as a primary one', () => {
    const { nodes } = withGhostConvolutions(buildModel('resnext-50-32x4d'));
    const plain = nodes.flatMap((node) =>
      node.op === 'conv2d' && !/primary$/.test(node.name) ? [node] : [],
    );
    expect(plain.map(({ groups }) => groups)).toEqual(Array(16).fill(32));
  });

  it('leaves depthwise convolutions, those in groups, of one map, to one map, without norm, and with two readers', () => {
    const g = new GraphBuilder('kept');
    const x = g.input('x', [6, 4, 1]);
    let y = g.relu(g.batchNorm(g.conv2d(x, { name: 'of-one', channels: 4 })));
    y = g.batchNorm(g.depthwiseConv2d(y, { name: 'depthwise' }));
    y = g.batchNorm(g.conv2d(y, { name: 'groups', channels: 4, groups: 2 }));
    y = g.relu(g.conv2d(y, { name: 'no-norm', channels: 4 }));
    const read = g.conv2d(y, { name: 'read-twice', channels: 4 });
    y = g.add(g.batchNorm(read), read);
    const gate = g.batchNorm(g.conv2d(y, { name: 'to-one', channels: 1 }));
    const kept = g.multiply(y, gate);
    const before = g.build({ outputs: [kept] });
    const after = g.build({
      outputs: [g.batchNorm(g.conv2d(kept, { name: 'last', channels: 4 }), { name: 'end' })],
    });
    expect(() => withGhostConvolutions(before)).toThrow(ConfigError);
    const { nodes, outputs } = withGhostConvolutions(after);
    expect(nodes.slice(0, before.nodes.length)).toEqual(before.nodes);
    expect(outputs).toEqual(['last/concat']);
  });

  it('changes no network twice', () => {
    const once = withGhostConvolutions(buildModel('vgg-16'));
    expect(() => withGhostConvolutions(once)).toThrow('expected conv to be plain');
    const ghosts = withGhostConvolutions(buildModel('ghostnet-tiny'));
    expect(ghosts.nodes.some(({ name }) => name.includes('primary/primary'))).toBe(false);
  });

  it('gives ghosts no kernel along an axis of one position', () => {
    const { nodes } = withGhostConvolutions(buildModel('tc-resnet-8'));
    const cheap = nodes.flatMap((node) => (node.op === 'depthwiseConv2d' ? [node.kernel] : []));
    expect(cheap.length).toBeGreaterThan(5);
    for (const kernel of cheap) expect(kernel).toEqual([3, 1]);
  });

  it('pads no time where the network pads none', () => {
    const graph = withGhostConvolutions(buildModel('bl-am-tiny'));
    const windows = graph.nodes.flatMap((node) => ('padding' in node ? [node] : []));
    expect(windows.some(({ name, kernel }) => name.endsWith('/cheap') && kernel.join() === '1,3')).toBe(true);
    for (const { padding } of windows) expect(padding[0]).toEqual([0, 0]);
  });

  it('lets the resolutions of a DRNet share their weights as before', () => {
    const { branches } = routesOf(withGhostConvolutions(buildModel('drnet-bl-resnet-small')))!;
    const backbone = withGhostConvolutions(buildModel('bl-resnet-small'));
    const kernels = ({ parameters }: Graph) =>
      Object.keys(parameters)
        .filter((name) => parameters[name].role === 'kernel')
        .sort();
    const [large, ...smaller] = branches.map(({ graph }) => kernels(graph));
    expect(large).toEqual(kernels(backbone));
    for (const branch of smaller) expect(branch).toEqual(large);
  });

  it.each(Object.values(MODELS))(
    'rewrites $name to a sound graph, or says that it has no such convolution',
    (entry) => {
      const graph = entry.build();
      let ghost: Graph;
      try {
        ghost = withGhostConvolutions(graph);
      } catch (error) {
        expect(error).toMatchObject({ code: 'ghost-conv' });
        expect(['ghostnet', 'honk-resnet']).toContain(entry.family);
        return;
      }
      checkGraph(ghost);
      expect(JSON.parse(JSON.stringify(ghost))).toStrictEqual(ghost);
      const logits = (of: Graph) => nodesByName(of).get('logits')!.shape;
      expect(logits(ghost)).toEqual(logits(graph));
      expect(ghost.inputs).toEqual(graph.inputs);
      expect(costsOf(ghost).macs).toBeLessThan(costsOf(graph).macs);
    },
  );

  it.each([
    'bl-resnet-tiny',
    'csp-resnet-tiny',
    'peleenet-tiny',
    'rexnet-tiny',
    'mobilenet-v2-tiny',
    'shufflenet-v2-tiny',
    'inception-tiny',
    'tc-resnet-8',
    'bc-resnet-1',
  ])('gives every parameter of %s a gradient', async (name) => {
    const graph = withGhostConvolutions(parityGraph(name));
    const draws = [7, 8, 9, 10, 11];
    // A draw may leave a narrow layer of rectifiers without a positive number.
    for (const key of draws) {
      const { loss, gradients } = await stepOn(engine, graph, parityData(graph, undefined, key));
      expect(loss).toBeGreaterThan(0);
      try {
        return expectEveryGradient(graph, gradients);
      } catch (error) {
        if (key === draws.at(-1)) throw error;
      }
    }
  });

  it.each<[GhostRule, string, string]>([
    [{ ratio: 1 }, 'ghost-ratio', 'ratio to be a whole number of 2 or more, got 1'],
    [{ ratio: 2.5 }, 'ghost-ratio', 'ratio to be a whole number of 2 or more, got 2.5'],
    [
      { cheapKernel: [3, 2] },
      'ghost-cheap-kernel',
      'cheapKernel to be a pair of odd whole numbers, got 3 × 2',
    ],
    [
      { cheapKernel: 3 as never },
      'ghost-cheap-kernel',
      'cheapKernel to be a pair of odd whole numbers, got 3',
    ],
    [
      { cheapKernel: [3] as never },
      'ghost-cheap-kernel',
      'cheapKernel to be a pair of odd whole numbers, got 3',
    ],
    [{ rato: 4 } as GhostRule, 'ghost-option', 'option to be one of ratio, cheapKernel, got rato'],
    [4 as GhostRule, 'ghost-option', 'options to be an object, got 4'],
  ])('refuses %j', (rule, code, message) => {
    expectRefused(() => withGhostConvolutions(strided(), rule), code, `strided: expected ${message}`);
  });

  it('refuses a network without a convolution to replace', () => {
    const message = 'plain where no convolution of two maps or more has a BatchNorm behind it, got ghost';
    const rewrite = () => withGhostConvolutions(buildModel('res8'));
    expectRefused(rewrite, 'ghost-conv', `res8: expected conv to be ${message}`);
  });
});
