import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END, featureShape } from '../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../src/audio/meyda-front-end.js';
import { ConfigError } from '../../src/errors.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { routesOf } from '../../src/graph/routes.js';
import { wrapBackbone } from '../../src/models/drnet.js';
import { loadModel } from '../../src/stream/load-model.js';
import { createRecognizer } from '../../src/stream/recognizer.js';
import { drawParameters, drawStatistics } from '../support/case-data.js';
import { runReference } from '../support/reference.js';
import { TINY_CLIP_MS, tinyModel } from '../support/tiny-model.js';
import { TOY_BACKBONE } from '../support/toy-routes.js';
import { tone } from './loudness-model.js';

const input = featureShape(DEFAULT_FRONT_END, TINY_CLIP_MS * 16);
const graph = wrapBackbone(
  'routed',
  TOY_BACKBONE,
  { resolutions: [1, [2, 30], [2, 20]], predictor: 'separable' },
  { labels: 3, input },
);
const weights = { parameters: drawParameters(graph, 2), statistics: drawStatistics(graph, 2) };
const model = tinyModel({ name: 'routed', graph, ...weights });
const { branches, predictorMacs } = routesOf(graph)!;

describe('createRecognizer of a network that chooses its resolution', () => {
  it('scores a clip as the whole graph does in float64, and says what it looked at', async () => {
    const clip = tone(800, 0.2);
    const features = createMeydaFrontEnd(DEFAULT_FRONT_END).compute(clip);
    const { parameters, statistics } = weights;
    const run = { inputs: { features }, parameters, statistics, count: 1, training: false };
    const { maps } = runReference(graph, run);
    const logits = [...maps.get('logits')!.data];
    const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
    const index = maps.get('gate')!.data.indexOf(1);
    const recognizer = await createRecognizer(model);
    const { scores, route } = recognizer.recognize(clip, 16000);
    recognizer.dispose();
    Object.values(scores).forEach((score, i) => {
      expect(score).toBeCloseTo(Math.exp(logits[i]) / total, 4);
    });
    const { resolution, macs } = branches[index];
    expect(route).toEqual({ index, resolution, macs: macs + predictorMacs });
  });

  it('looks where it is told to, at the cost of that branch alone', async () => {
    const recognizer = await createRecognizer(model, { routing: { kind: 'fixed', route: 1 } });
    const { route } = recognizer.recognize(tone(800, 0.2), 16000);
    expect(route).toEqual({ index: 1, resolution: [2, 30], macs: branches[1].macs });
    recognizer.dispose();
  });

  it.each([
    [{ kind: 'random' }, 'expected 3 shares of 0 or more, not all 0, got undefined'],
    [{ kind: 'x' }, 'expected a kind of predicted, fixed, random, got x'],
    [null, 'expected a kind of predicted, fixed, random, got undefined'],
  ])('refuses a routing of %j', async (routing, message) => {
    const options = { routing: routing as never };
    const thrown = await loadModel(encodeModel(model), options).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({ code: 'routing', message: `Cannot choose a route: ${message}` });
  });

  it('comes back from a model file as it went in', async () => {
    const bytes = encodeModel(model);
    const back = decodeModel(bytes);
    expect(back.graph).toEqual(model.graph);
    expect(encodeModel(back)).toEqual(bytes);
    expect(routesOf(back.graph)!.branches.map(({ macs }) => macs)).toEqual(branches.map(({ macs }) => macs));
  });

  it('refuses a routing for a network that does not choose', async () => {
    const routing = { kind: 'fixed', route: 0 } as const;
    const thrown = await createRecognizer(tinyModel(), { routing }).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(ConfigError);
    expect(thrown).toMatchObject({
      code: 'routing',
      message:
        'Cannot choose a resolution for tiny: expected a network that can look at several, got one that looks at one',
    });
  });
});
