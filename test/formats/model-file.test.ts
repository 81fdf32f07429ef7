import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END } from '../../src/audio/front-end.js';
import { ModelFileError } from '../../src/errors.js';
import type { Model } from '../../src/formats/model.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/formats/safetensors.js';
import { initializeParameters, initializeStatistics } from '../../src/graph/initialize.js';
import { buildModel } from '../../src/models/models.js';
import { tinyModel } from '../support/tiny-model.js';

const full: Model = tinyModel({
  training: { recipe: { epochs: 3 }, seed: 1, figures: [0.1, 1e-300, -0] },
  attribution: ['Speech Commands, © Google, CC BY 4.0'],
  licence: 'CC-BY-4.0',
  parity: {
    samples: Int16Array.from({ length: 800 }, (_, i) => i - 400),
    scores: Float32Array.of(0.2, 0.5, 0.3),
  },
});

interface Parts {
  metadata: Record<string, string>;
  tensors: Record<string, StoredTensor>;
}

/** The bytes of the full model after a change of its parts. */
function changed(edit: (parts: Parts) => void): Uint8Array {
  const { metadata, tensors } = decodeSafetensors(encodeModel(full));
  const parts = { metadata: { ...metadata }, tensors: { ...tensors } };
  edit(parts);
  return encodeSafetensors(parts.tensors, parts.metadata);
}

/** The same after a change of the parsed JSON in one metadata field. */
// biome-ignore lint/suspicious/noExplicitAny: tests break JSON of every kind.
const json = (field: string, edit: (value: any) => unknown) =>
  changed(({ metadata }) => {
    const value = JSON.parse(metadata[field]);
    metadata[field] = JSON.stringify(edit(value) ?? value);
  });
// biome-ignore lint/suspicious/noExplicitAny: as above.
const node = (op: string, edit: (value: any) => unknown) =>
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  json('graph', (graph) => void edit(graph.nodes.find((found: any) => found.op === op)));

function failureOf(run: () => unknown): ModelFileError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ModelFileError);
    return error as ModelFileError;
  }
  return expect.fail('a bad model passed');
}

describe('decodeModel', () => {
  it('gives back what encodeModel was given', () => {
    const back = decodeModel(encodeModel(full));
    // JSON knows no −0.
    expect(back).toEqual({
      ...full,
      training: { recipe: { epochs: 3 }, seed: 1, figures: [0.1, 1e-300, 0] },
    });
    expect(decodeModel(encodeModel(tinyModel()))).toEqual(tinyModel());
  });

  it('reads a network of the registry', () => {
    const graph = buildModel('bc-resnet-1', { labels: 3 });
    const parameters = initializeParameters(graph, 1);
    const statistics = initializeStatistics(graph);
    const model = {
      name: 'bc-resnet-1',
      graph,
      labels: ['a', 'b', 'c'],
      frontEnd: DEFAULT_FRONT_END,
      clipMs: 1000,
    };
    const bytes = encodeModel({ ...model, parameters, statistics });
    expect(decodeModel(bytes)).toEqual({ ...model, parameters, statistics });
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
  });

  it('gives records in which only the graph’s names are found', () => {
    const { parameters, graph } = decodeModel(encodeModel(full));
    expect(parameters.toString).toBeUndefined();
    expect(graph.parameters.constructor).toBeUndefined();
  });

  const cases: [string, () => Uint8Array, string, RegExp][] = [
    [
      'a file of someone else',
      () => encodeSafetensors({}, {}),
      'model-format',
      /expected a model file of format "hearken", got none/,
    ],
    [
      'another format',
      () => changed(({ metadata }) => void (metadata.format = 'pt')),
      'model-format',
      /got "pt"/,
    ],
    [
      'a newer version',
      () => changed(({ metadata }) => void (metadata.version = '3')),
      'model-version',
      /expected version "1" or "2", the newest known here, got "3"/,
    ],
    [
      'no labels',
      () => changed(({ metadata }) => void delete metadata.labels),
      'model-field',
      /a labels, got none/,
    ],
    ['a label that stands twice', () => json('labels', () => ['a', 'a', 'b']), 'model-labels', /got "a"/],
    ['a label that is a number', () => json('labels', () => ['a', 1, 'b']), 'model-labels', /got 1/],
    ['a label __proto__', () => json('labels', () => ['a', 'b', '__proto__']), 'model-labels', /__proto__/],
    ['one label', () => json('labels', () => ['a']), 'model-labels', /at least two labels/],
    [
      'more labels than outputs',
      () => json('labels', () => ['a', 'b', 'c', 'd']),
      'model-output',
      /output of 4 labels, got \[1,1,3\]/,
    ],
    ['a clip of no length', () => json('clipMs', () => 0), 'model-clip', /1 to 60000 ms, got 0/],
    [
      'a clip too short for a window',
      () => json('clipMs', () => 20),
      'model-front-end',
      /at least 480 samples, got 320/,
    ],
    [
      'a clip of another length than the graph’s',
      () => json('clipMs', () => 60),
      'model-input',
      /shape 4×40×1, got \[3,40,1\]/,
    ],
    [
      'a front end out of range',
      () => json('frontEnd', (value) => void (value.bands = 1e9)),
      'model-front-end',
      /bands/,
    ],
    ['a training record that is a list', () => json('training', () => []), 'model-training', /an object/],
    [
      'attribution that is no list',
      () => json('attribution', () => 'me'),
      'model-attribution',
      /list of texts/,
    ],
    ['a licence that is no text', () => json('licence', () => 3), 'model-licence', /text as licence/],
    [
      'a graph with a cycle',
      () => node('conv2d', (conv) => void (conv.inputs = ['logits'])),
      'model-graph',
      /conv reads logits, which is not an earlier node/,
    ],
    [
      'a graph that reads itself',
      () => node('conv2d', (conv) => void (conv.inputs = ['conv'])),
      'model-graph',
      /conv reads conv/,
    ],
    [
      'an unknown op',
      () => node('conv2d', (conv) => void (conv.op = 'eval')),
      'model-graph',
      /node conv: expected an op .* got "eval"/,
    ],
    [
      'an inherited op',
      () => node('conv2d', (conv) => void (conv.op = 'constructor')),
      'model-graph',
      /an op that/,
    ],
    [
      'an unknown field',
      () => node('conv2d', (conv) => void (conv.wings = 2)),
      'model-graph',
      /node conv: .* got wings/,
    ],
    [
      'a missing field',
      () => node('conv2d', (conv) => void delete conv.kernel),
      'model-graph',
      /a valid kernel, got nothing/,
    ],
    [
      'a stride of 0',
      () => node('conv2d', (conv) => void (conv.stride = [0, 1])),
      'model-graph',
      /a valid stride, got \[0,1\]/,
    ],
    [
      'a shape that is wrong',
      () => node('conv2d', (conv) => void (conv.shape = [9, 9, 4])),
      'model-graph',
      /node conv/,
    ],
    [
      'a map too large for memory',
      () => node('input', (input) => void (input.shape = [1e5, 1e5, 1])),
      'model-graph',
      /maps of at most/,
    ],
    [
      'a node without a name',
      () => node('conv2d', (conv) => void (conv.name = '')),
      'model-graph',
      /node 1 of the list/,
    ],
    [
      'a node that is null',
      () => json('graph', (graph) => void graph.nodes.push(null)),
      'model-graph',
      /expected an object, got null/,
    ],
    [
      'a parameter of an inherited name',
      () => node('conv2d', (conv) => void (conv.weight = 'toString')),
      'model-tensor',
      /parameter toString of shape 3×3×1×4, got none/,
    ],
    [
      'two outputs',
      () => json('graph', (graph) => void graph.outputs.push('conv')),
      'model-graph',
      /one output/,
    ],
    [
      'a graph that is a text',
      () => changed(({ metadata }) => void (metadata.graph = '"x"')),
      'model-graph',
      /expected an object, got "x"/,
    ],
    [
      'brackets without end',
      () => changed(({ metadata }) => void (metadata.graph = '['.repeat(9e4))),
      'json-depth',
      /graph of m.safetensors/,
    ],
    [
      'JSON cut short',
      () => changed(({ metadata }) => void (metadata.graph = '{"name":')),
      'json-syntax',
      /graph of m.safetensors: expected JSON/,
    ],
    [
      'a missing parameter',
      () => changed(({ tensors }) => void delete tensors['parameters/conv/weight']),
      'model-tensor',
      /parameter conv\/weight of shape 3×3×1×4, got none/,
    ],
    [
      'a missing statistic',
      () => changed(({ tensors }) => void delete tensors['statistics/norm/mean']),
      'model-tensor',
      /statistic norm\/mean of shape 4, got none/,
    ],
    [
      'a parameter too short',
      () => changed(({ tensors }) => void (tensors['parameters/norm/beta'] = f32([3]))),
      'model-tensor',
      /norm\/beta of shape 4, got 3 numbers/,
    ],
    [
      'a parameter of another shape',
      () => changed(({ tensors }) => void (tensors['parameters/conv/weight'] = f32([9, 4]))),
      'tensor-shape',
      /parameters\/conv\/weight of m.safetensors: expected shape \[3,3,1,4\], got \[9,4\]/,
    ],
    [
      'a parameter of another dtype',
      () =>
        changed(
          ({ tensors }) =>
            void (tensors['parameters/norm/beta'] = { dtype: 'I32', shape: [4], data: new Int32Array(4) }),
        ),
      'tensor-dtype',
      /parameters\/norm\/beta of m.safetensors: expected F32, got I32/,
    ],
    [
      'a parameter that is NaN',
      () => changed(({ tensors }) => void (tensors['parameters/norm/beta'] = f32([4], NaN))),
      'model-tensor',
      /finite numbers in parameter norm\/beta, got NaN/,
    ],
    [
      'a negative variance',
      () => changed(({ tensors }) => void (tensors['statistics/norm/variance'] = f32([4], -1))),
      'model-tensor',
      /of 0 or more in statistic norm\/variance, got -1/,
    ],
    [
      'a statistic that no node reads',
      () => json('graph', (graph) => void (graph.statistics = { x: { shape: [2 ** 31 - 1], role: 'mean' } })),
      'model-graph',
      /graph\.x: expected a node that reads it, got none/,
    ],
    [
      'a tensor that no node reads',
      () => changed(({ tensors }) => void (tensors['parameters/x'] = f32([1]))),
      'model-tensor',
      /no parameter but the graph’s, got x/,
    ],
    [
      'a tensor of another group',
      () => changed(({ tensors }) => void (tensors['code/x'] = f32([1]))),
      'model-tensor',
      /got code\/x/,
    ],
    [
      'parity samples alone',
      () => changed(({ tensors }) => void delete tensors['parity/scores']),
      'tensor-dtype',
      /parity\/scores of m.safetensors: expected F32, got none/,
    ],
    [
      'a parity clip of another length',
      () =>
        changed(
          ({ tensors }) =>
            void (tensors['parity/samples'] = { dtype: 'I16', shape: [2], data: new Int16Array(2) }),
        ),
      'model-parity',
      /800 samples, got 2/,
    ],
    [
      'parity scores above 1',
      () => changed(({ tensors }) => void (tensors['parity/scores'] = f32([3], 2))),
      'model-parity',
      /scores from 0 to 1, got \[2,2,2\]/,
    ],
  ];
  it.each(cases)('refuses %s', (_, bytes, code, message) => {
    const file = bytes();
    const error = failureOf(() => decodeModel(file, 'm.safetensors'));
    expect(error.message).toMatch(message);
    expect(error.code).toBe(code);
    expect(error.message).toContain('m.safetensors');
  });

  it('refuses a file cut short anywhere', () => {
    const bytes = encodeModel(full);
    for (let end = 0; end < bytes.length; end += 97) failureOf(() => decodeModel(bytes.slice(0, end)));
  });
});

function f32(shape: number[], value = 1): StoredTensor {
  return { dtype: 'F32', shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) };
}

describe('encodeModel', () => {
  it('gives the same bytes for equal models', () => {
    expect(encodeModel(structuredClone(full))).toEqual(encodeModel(full));
    expect(encodeModel(decodeModel(encodeModel(full)))).toEqual(encodeModel(full));
  });

  it('refuses a parameter that training drove to NaN', () => {
    const model = tinyModel();
    model.parameters['conv/weight'][5] = NaN;
    const error = failureOf(() => encodeModel(model));
    expect(error.code).toBe('model-tensor');
    expect(error.message).toBe(
      'Cannot write model tiny: expected finite numbers in parameter conv/weight, got NaN',
    );
    expect(error.value).toBe('conv/weight');
  });

  it('refuses parameters that are not the graph’s', () => {
    const model = tinyModel();
    delete model.parameters['conv/weight'];
    expect(failureOf(() => encodeModel(model)).message).toMatch(/parameter conv\/weight .* got none/);
  });
});
