import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/errors.js';
import { GraphBuilder } from '../../src/graph/builder.js';
import { costsOf } from '../../src/graph/costs.js';
import { nodesByName } from '../../src/graph/graph.js';
import { initializeParameters } from '../../src/graph/initialize.js';
import { choosingParameters, routesOf } from '../../src/graph/routes.js';
import { checkGraph } from '../../src/graph/shapes.js';
import { buildDrNet } from '../../src/models/build-drnet.js';
import { type Backbone, type DrNetConfig, wrapBackbone } from '../../src/models/drnet.js';
import { buildModel, describeModel, MODELS } from '../../src/models/models.js';

const wrap = (backbone: string, config: DrNetConfig = {}, input = MODELS[backbone].input) =>
  wrapBackbone('wrapped', MODELS[backbone], config, { labels: 12, input });

const NO_RESOLUTION =
  'Cannot build wrapped: expected each of resolutions to be a part of the input above 0 and at most 1, or a pair of whole numbers, got ';

describe('the published DRNet', () => {
  it('counts ResNet-50 with three and five resolutions as its authors do', () => {
    const three = describeModel('drnet-resnet-50');
    expect(three).toMatchObject({ parameters: 30_570_603, macs: 4_089_184_256, saving: null });
    expect(three.routing).toEqual({
      resolutions: [
        [224, 224],
        [168, 168],
        [112, 112],
      ],
      macs: [4_089_184_256, 2_503_027_712, 1_077_899_264],
      predictorMacs: 290_194_944,
    });
    const five = describeModel('drnet-resnet-50-m5').routing!;
    expect(five.resolutions.map(([rows]) => rows)).toEqual([224, 192, 168, 112, 96]);
    expect([five.macs[1], five.macs[4]]).toEqual([3_004_841_984, 752_746_496]);
  });

  it('parts into the 4,907,331 parameters of its predictor and 25,663,272 of a classifier with three sets of norms', () => {
    const graph = buildModel('drnet-resnet-50');
    const { predictor } = routesOf(graph)!;
    expect(costsOf(predictor).parameters).toBe(4_907_331);
    expect(costsOf(graph).parameters - costsOf(predictor).parameters).toBe(25_663_272);
  });
});

describe('wrapBackbone', () => {
  it('gives predictors of the sizes they were planned with, and a norm of the 20 bands each sees', () => {
    const sizes = (['residual', 'separable'] as const).map(
      (predictor) => costsOf(routesOf(wrap('bl-resnet-small', { predictor }))!.predictor).parameters,
    );
    expect(sizes).toEqual([31_307 + 40, 6_691 + 40]);
  });

  it.each(['bl-resnet-small', 'ghostnet-small', 'csp-resnet-tiny', 'mobilenet-v2-tiny'])(
    'shares kernels, biases and heads of %s by its own names, and no norm',
    (name) => {
      const graph = wrap(name, { predictor: 'separable' });
      checkGraph(graph);
      const { branches, predictor } = routesOf(graph)!;
      const whole = MODELS[name].build();
      for (const [key, spec] of Object.entries(whole.parameters)) {
        const isNorm = spec.role === 'gamma' || spec.role === 'beta';
        const users = branches.filter((branch) => key in branch.graph.parameters).length;
        if (isNorm) expect([key, users]).toEqual([key, 0]);
        else if (!key.startsWith('bands/')) expect([key, users]).toEqual([key, 3]);
      }
      const plain = whole.nodes.map(({ op }) => op);
      expect(branches[0].graph.nodes.map(({ op }) => op)).toEqual(plain);
      expect(branches.map(({ graph }) => costsOf(graph).macs)).toEqual(
        branches.map(({ resolution }) => costsOf(MODELS[name].build({ input: [...resolution, 1] })).macs),
      );
      const own = [predictor, ...branches.map((branch) => branch.graph)].map(({ statistics }) =>
        Object.keys(statistics),
      );
      expect(new Set(own.flat()).size).toBe(own.flat().length);
    },
  );

  it('keeps to itself a weight whose shape hangs on the resolution', () => {
    const graph = wrap('csp-resnet-tiny');
    const heights = [0, 1, 2].map((i) => graph.parameters[`r${i}.bands/weight`].shape);
    expect(heights).toEqual([
      [5, 5, 44, 1],
      [5, 4, 44, 1],
      [5, 3, 44, 1],
    ]);
    expect(graph.parameters).not.toHaveProperty(['bands/weight']);
  });

  it('shows the predictor one resize, or every candidate from its own resolution', () => {
    const stems = (['resize', 'candidates'] as const).map((predictorInput) => {
      const graph = wrap('bl-resnet-small', { predictorInput });
      checkGraph(graph);
      return graph.parameters['predictor/stem/weight'].shape;
    });
    expect(stems).toEqual([
      [3, 3, 1, 8],
      [3, 3, 3, 8],
    ]);
    const { predictor } = routesOf(wrap('bl-resnet-small', { predictorInput: 'candidates' }))!;
    const seen = predictor.nodes.filter(({ op }) => op === 'resize').map(({ shape }) => shape.join('×'));
    expect(seen).toEqual(['74×30×1', '49×20×1', '49×20×1', '49×20×1']);
    expect(nodesByName(predictor).get('predictor-inputs')!.shape).toEqual([49, 20, 3]);
  });

  it('lets a network for words choose by how sure it is: eight numbers behind its own', () => {
    const graph = wrap('ghostnet-187k', { predictor: MODELS['ghostnet-27k'] });
    checkGraph(graph);
    const found = routesOf(graph)!;
    const alone = MODELS['ghostnet-27k'].build({ labels: 12, input: [49, 20, 1] });
    const { parameters, macs } = costsOf(alone);
    expect(costsOf(found.words!).parameters).toBe(parameters);
    expect(found.words!.nodes.slice(2).map(({ op }) => op)).toEqual(alone.nodes.slice(1).map(({ op }) => op));
    expect(costsOf(found.predictor).parameters - parameters).toBe(2 + 3 + 3);
    expect(found.predictorMacs).toBeGreaterThan(macs);
    expect(choosingParameters(found)).toEqual([
      'predictor/norm/gamma',
      'predictor/norm/beta',
      'predictor/route/weight',
      'predictor/route/bias',
    ]);
    const start = initializeParameters(graph, 5);
    expect([...start['predictor/route/weight']]).toEqual([-1, 0, 1]);
    expect([...start['predictor/route/bias']]).toEqual([0, 0, 0]);
    expect(routesOf(wrap('ghostnet-187k'))!.words).toBeUndefined();
  });

  it.each(Object.keys(MODELS).filter((name) => name.startsWith('bc-resnet-')))(
    'gives %s a head as high as what each resolution leaves of the bands',
    (name) => {
      // The stem and two stages halve 40, 30 and 20 bands to 5, 4 and 3 rows.
      const graph = wrap(name);
      checkGraph(graph);
      const heads = [0, 1, 2].map((i) => graph.parameters[`r${i}.head/weight`].shape.slice(0, 2));
      expect(heads).toEqual([
        [5, 5],
        [5, 4],
        [5, 3],
      ]);
    },
  );

  it('says which resolutions a backbone of wide kernels can take', () => {
    const backbone: Backbone = {
      name: 'wide',
      build: ({ labels = 2, input = [20, 20, 1] }) => {
        const g = new GraphBuilder('wide');
        const padding = [
          [0, 0],
          [0, 0],
        ] as const;
        const x = g.conv2d(g.input('features', input), { channels: 2, kernel: [7, 12], padding });
        return g.build({ outputs: [g.dense(g.globalAvgPool(x), { name: 'logits', channels: labels })] });
      },
    };
    const sizes = (resolutions: DrNetConfig['resolutions']) =>
      wrapBackbone('wrapped', backbone, { resolutions }, { labels: 2, input: [20, 20, 1] });
    expect(() => sizes([1, [7, 12]])).not.toThrow();
    expect(() => sizes([1, [9, 11]])).toThrow(
      'Cannot build wrapped: expected resolutions that wide can take, of at least 7 × 12, got 9 × 11 (',
    );
    expect(() => sizes([1, [9, 11]])).toThrow(ConfigError);
  });

  it.each<[number, number, string]>([
    [6, 8, '4 × 16, got 6 × 8'],
    [8, 8, '4 × 16, got 8 × 8'],
  ])('names the strides for an input of %i × %i', (time, frequency, end) => {
    // So small a map is one frame high before its last halving.
    const build = () => buildModel('drnet-bl-resnet-small', { input: [time, frequency, 1] });
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(
      `Cannot build drnet-bl-resnet-small: expected resolutions of at least the strides of bl-resnet-small, ${end}`,
    );
  });

  it('takes sizes as parts of the input or as they are', () => {
    const sizes = routesOf(wrap('ghostnet-small', { resolutions: [1, [60, 40], [60, 24], 0.5] }))!;
    expect(sizes.branches.map(({ resolution }) => resolution)).toEqual([
      [98, 40],
      [60, 40],
      [60, 24],
      [49, 20],
    ]);
  });

  it.each<[string, string, DrNetConfig, string, string]>([
    [
      'one resolution',
      'bl-resnet-small',
      { resolutions: [1] },
      'drnet-resolutions',
      'Cannot build wrapped: expected two resolutions or more, got 1',
    ],
    [
      'a resolution below the strides',
      'resnet-50',
      { resolutions: [1, [16, 16]] },
      'drnet-resolutions',
      'Cannot build wrapped: expected resolutions of at least the strides of resnet-50, 32 × 32, got 16 × 16',
    ],
    [
      'a resolution below strides that odd maps blur',
      'bl-resnet-small',
      { resolutions: [1, [8, 8]] },
      'drnet-resolutions',
      // Stem 2 × 2, modules 1 × 2 and 2 × 2; the low branch of the last halves both once more.
      'Cannot build wrapped: expected resolutions of at least the strides of bl-resnet-small, 8 × 16, got 8 × 8',
    ],
    [
      'an option that there is none of',
      'ghostnet-small',
      { resolution: [1, 0.5] } as DrNetConfig,
      'drnet-option',
      'Cannot build wrapped: expected option to be one of resolutions, candidates, predictor, predictorSize, predictorInput, got resolution',
    ],
    [
      'candidates of a coarser front end of three maps',
      'bl-am-tiny',
      { candidates: 'front-end', resolutions: [1, 0.5] },
      'drnet-candidates',
      'Cannot build wrapped: expected candidates to be resize for an input of 3 maps (front-end is for log-mel maps alone), got front-end',
    ],
    [
      'a resolution above the input',
      'ghostnet-small',
      { resolutions: [1.5, 1] },
      'drnet-resolutions',
      `${NO_RESOLUTION}1.5`,
    ],
    [
      'a pair above the input',
      'ghostnet-small',
      { resolutions: [[147, 60], 1] },
      'drnet-resolutions',
      'Cannot look at resolution 147 × 60: expected 1 to 98 × 1 to 40, got 147 × 60',
    ],
    [
      'resolutions that are no list',
      'ghostnet-small',
      { resolutions: 0.5 as never },
      'drnet-resolutions',
      'Cannot build wrapped: expected a list of resolutions, got 0.5',
    ],
    ...[
      [[[98, 40, 1] as never, [49, 20, 1] as never], '98 × 40 × 1'],
      [[[98, 40], '49x20' as never], '49x20'],
      [['1' as never, '.5' as never], '"1"'],
      [[1, null as never], 'null'],
      [[1, [49.5, 20]], '49.5 × 20'],
      [[1, [49] as never], '49'],
      [[1, 0], '0'],
    ].map(([resolutions, found]): [string, string, DrNetConfig, string, string] => [
      `a resolution of ${found}`,
      'ghostnet-small',
      { resolutions: resolutions as DrNetConfig['resolutions'] },
      'drnet-resolutions',
      `${NO_RESOLUTION}${found}`,
    ]),
    ...['half', null, 1.5, Number.NaN, [49, 20, 1], {}].map(
      (size): [string, string, DrNetConfig, string, string] => [
        `a predictor's map of ${JSON.stringify(size)}`,
        'ghostnet-small',
        { predictorSize: size as never },
        'drnet-predictorSize',
        `Cannot build wrapped: expected predictorSize to be a part of the input above 0 and at most 1, or a pair of whole numbers, got ${Array.isArray(size) ? size.join(' × ') : typeof size === 'object' && size ? '{}' : size}`,
      ],
    ),
    [
      "a predictor's map above the input",
      'ghostnet-small',
      { predictorSize: [99, 40] },
      'drnet-predictorSize',
      'Cannot look at predictor 99 × 40: expected 1 to 98 × 1 to 40, got 99 × 40',
    ],
    [
      'a resolution that is no number',
      'ghostnet-small',
      { resolutions: [1, Number.NaN] },
      'drnet-resolutions',
      `${NO_RESOLUTION}NaN`,
    ],
    [
      'resolutions that grow',
      'ghostnet-small',
      { resolutions: [0.5, 1] },
      'drnet-resolutions',
      'Cannot build wrapped: expected a size below 49 × 20 next, got 98 × 40',
    ],
    [
      'a backbone of many answers',
      'bl-am-tiny',
      { resolutions: [1, [90, 40]] },
      'drnet-backbone',
      'Cannot build wrapped: expected a backbone of one answer a clip, got 44 of bl-am-tiny',
    ],
    [
      'a predictor of many answers',
      'ghostnet-small',
      { predictor: MODELS['bl-am-tiny'], predictorSize: 1 },
      'drnet-predictor',
      'Cannot build wrapped: expected a predictor of one answer a clip, got 44 of bl-am-tiny',
    ],
    [
      'a predictor whose layers do not fit on what it sees',
      'ghostnet-small',
      { predictor: MODELS.res8, predictorSize: [2, 2] },
      'drnet-predictorSize',
      'Cannot build wrapped: expected predictorSize that res8 can take, of at least 4 × 3, got 2 × 2 (it cannot build node avgPool: expected at least 4 positions on axis 0, got 2)',
    ],
    [
      'an unknown predictor',
      'ghostnet-small',
      { predictor: 'large' as 'image' },
      'drnet-predictor',
      'Cannot build a DRNet: expected predictor image or residual or separable, got large',
    ],
    [
      'an unknown input of it',
      'ghostnet-small',
      { predictorInput: 'all' as 'resize' },
      'drnet-predictorInput',
      'Cannot build a DRNet: expected predictorInput resize or candidates, got all',
    ],
  ])('refuses %s', (_, backbone, config, code, message) => {
    let thrown: unknown;
    try {
      wrap(backbone, config);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({ code, message });
  });
});

describe('buildDrNet', () => {
  it('wraps a network of the registry at its own input and labels, or others', () => {
    expect(buildDrNet('bl-resnet-small', { predictor: 'ghostnet-27k' })).toEqual(
      buildModel('drnet-bl-resnet-small'),
    );
    expect(buildDrNet('bl-resnet-small', { predictor: 'residual' })).toEqual(buildDrNet('bl-resnet-small'));
    const { branches } = routesOf(buildDrNet('ds-cnn-s', {}, { labels: 3, input: [48, 40, 1] }))!;
    expect(branches.map(({ resolution }) => resolution.join('×'))).toEqual(['48×40', '36×30', '24×20']);
  });

  it.each([
    ['drnet-predictor', { predictor: 'drnet-ghostnet-187k' }, 'a predictor that does not choose for itself'],
    ['model-name', { predictor: 'ghostnet-72k' }, 'ghostnet-72k'],
  ])('refuses %s', (code, config, words) => {
    expect(() => buildDrNet('ghostnet-small', config)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(words) }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %s labels', (labels) => {
    let thrown: unknown;
    try {
      buildDrNet('ghostnet-small', {}, { labels });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({
      code: 'model-labels',
      value: labels,
      message: `Cannot build drnet-ghostnet-small: expected labels to be a whole number of 1 or more, got ${labels}`,
    });
  });

  it.each([
    [{}, { head: 'efm' }, 'model-option', 'option to be one of labels, input, got head'],
    [{}, null, 'model-option', 'options to be an object, got null'],
    [
      {},
      { input: [98, 40] },
      'model-input',
      '[time, frequency, maps] of whole numbers of 1 or more, got 98 × 40',
    ],
    [{ resolution: [1] }, {}, 'drnet-option', 'predictorSize, predictorInput, got resolution'],
    [null, {}, 'drnet-option', 'options to be an object, got null'],
    ['candidates', {}, 'drnet-option', 'options to be an object, got candidates'],
  ])('refuses %j with %j', (config, options, code, end) => {
    const build = () => buildDrNet('ghostnet-small', config as never, options as never);
    expect(build).toThrow(ConfigError);
    expect(build).toThrow(
      expect.objectContaining({
        code,
        message: expect.stringMatching(/^Cannot build drnet-ghostnet-small: expected /),
      }),
    );
    expect(build).toThrow(end);
  });

  it('names the nearest network for a backbone that does not exist', () => {
    expect(() => buildDrNet('bl-resnet-smal')).toThrow(ConfigError);
    expect(() => buildDrNet('bl-resnet-smal')).toThrow(
      'Cannot build model: expected a name that `hearken models` lists, such as bl-resnet-small, got bl-resnet-smal',
    );
  });

  it('refuses to wrap what is wrapped', () => {
    expect(() => buildDrNet('drnet-bl-resnet-small')).toThrow(
      'Cannot build drnet-drnet-bl-resnet-small: expected a backbone that does not choose for itself, got drnet-bl-resnet-small',
    );
  });
});
