import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import type { Shape } from '../../src/graph/graph.js';
import { checkGraph } from '../../src/graph/shapes.js';
import {
  type FuseScalesOptions,
  fuseScales,
  type ScaleFusion,
  scalesFor,
} from '../../src/models/feature-fusion.js';
import { expectRefused } from '../support/expect-refused.js';

describe('scalesFor', () => {
  it.each([
    ['fpn', [[0, 1], [1, 2], [2, 3], [3]]],
    [
      'gfm',
      [
        [0, 1, 2, 3],
        [0, 1, 2, 3],
        [0, 1, 2, 3],
        [0, 1, 2, 3],
      ],
    ],
    [
      'efm',
      [
        [0, 1],
        [0, 1, 2],
        [1, 2, 3],
        [2, 3],
      ],
    ],
  ] as const)('%s gathers what figure 4 draws', (fusion, expected) => {
    expect([0, 1, 2, 3].map((scale) => scalesFor(fusion, scale, 4))).toEqual(expected);
  });
});

describe('fuseScales', () => {
  const SHAPES: readonly Shape[] = [
    [9, 20, 4],
    [9, 10, 6],
    [5, 5, 8],
  ];

  function build(fusion: ScaleFusion, shapes = SHAPES, pieces = 2) {
    const g = new GraphBuilder('head');
    const maps = shapes.map((shape, i) => g.input(`map${i}`, shape));
    const graph = g.build({ outputs: [fuseScales(g, maps, { fusion, channels: 3, pieces })] });
    checkGraph(graph);
    return graph;
  }

  it('gives a vector of all scales', () => {
    for (const fusion of ['fpn', 'gfm', 'efm'] as const)
      expect(build(fusion).nodes.at(-1)!.shape).toEqual([1, 1, 9]);
  });

  it('concatenates each scale with its neighbours at its own size', () => {
    const gathered = build('efm').nodes.filter(({ name }) => name.endsWith('/concat'));
    expect(gathered.map(({ shape }) => shape)).toEqual([
      [9, 20, 10],
      [9, 10, 18],
      [5, 5, 14],
    ]);
  });

  it('compresses by Maxout over the pieces', () => {
    const compressed = build('efm', SHAPES, 3).nodes.filter(({ op }) => op === 'maxout');
    expect(compressed).toMatchObject([
      { pieces: 3, shape: [9, 20, 3] },
      { pieces: 3, shape: [9, 10, 3] },
      { pieces: 3, shape: [5, 5, 3] },
    ]);
  });

  it('refuses a network of one stage', () => {
    try {
      build('efm', SHAPES.slice(0, 1));
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({
        code: 'fusion-scales',
        message: 'Cannot build head efm: expected the maps of two stages or more, got 1',
        value: 1,
      });
    }
  });

  type Refused = [options: object, code: string, message: string];

  it.each<Refused>([
    [{ fusion: 'fpm' }, 'fusion-kind', 'Cannot build head: expected fusion to be fpn, gfm, efm, got fpm'],
    [
      { channels: 0 },
      'fusion-channels',
      'Cannot build head efm: expected channels to be a whole number of 1 or more, got 0',
    ],
    [
      { pieces: 1.5 },
      'fusion-pieces',
      'Cannot build head efm: expected pieces to be a whole number of 1 or more, got 1.5',
    ],
    ...[Number.NaN, Infinity, -Infinity, 2 ** 53, 1e9, 21, 0, 1.5, 'x'].map(
      (bands): Refused => [
        { bands },
        'fusion-bands',
        `Cannot build head efm: expected bands to be a whole number from 1 to 20, the rows, got ${bands}`,
      ],
    ),
  ])('refuses %j', (options, code, message) => {
    const g = new GraphBuilder('head');
    const maps = SHAPES.map((shape, i) => g.input(`map${i}`, shape));
    const all = { fusion: 'efm', channels: 3, ...options } as FuseScalesOptions;
    try {
      fuseScales(g, maps, all);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(error).toMatchObject({ code, message, value: Object.values(options)[0] });
    }
  });

  it('refuses an option that it does not know', () => {
    const g = new GraphBuilder('head');
    const maps = SHAPES.map((shape, i) => g.input(`map${i}`, shape));
    const options = { fusion: 'efm', channels: 3, band: 2 } as const;
    const rest = 'head: expected option to be one of fusion, channels, pieces, bands, got band';
    expectRefused(() => fuseScales(g, maps, options), 'fusion-option', rest);
  });
});
