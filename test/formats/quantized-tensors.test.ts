import { describe, expect, it } from 'vitest';
import { ModelFileError } from '../../src/errors.js';
import type { Model } from '../../src/formats/model.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from '../../src/formats/safetensors.js';
import { halfToNumber } from '../../src/numerics/half.js';
import { quantizedModel } from '../support/quantized-model.js';
import { tinyModel } from '../support/tiny-model.js';

const model = quantizedModel();
const weightsOfModel = model.quantization!.weights;

interface Parts {
  metadata: Record<string, string>;
  tensors: Record<string, StoredTensor>;
}

function changed(edit: (parts: Parts) => void): Uint8Array {
  const { metadata, tensors } = decodeSafetensors(encodeModel(model));
  const parts = { metadata: { ...metadata }, tensors: { ...tensors } };
  edit(parts);
  return encodeSafetensors(parts.tensors, parts.metadata);
}

// biome-ignore lint/suspicious/noExplicitAny: tests break JSON of every kind.
const grids = (edit: (value: any) => unknown) =>
  changed(({ metadata }) => {
    const value = JSON.parse(metadata.quantization);
    metadata.quantization = JSON.stringify(edit(value) ?? value);
  });

function failureOf(run: () => unknown): ModelFileError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ModelFileError);
    return error as ModelFileError;
  }
  return expect.fail('a bad model passed');
}

describe('a quantised model file', () => {
  it('gives back what was written, byte for byte when written again', () => {
    const bytes = encodeModel(model);
    const back = decodeModel(bytes);
    expect(back).toEqual(model);
    expect(encodeModel(back)).toEqual(bytes);
  });

  it('is of version 2 and holds a byte a weight and halves for the rest, in the order of the nodes', () => {
    const { metadata, tensors } = decodeSafetensors(encodeModel(model));
    expect(metadata.version).toBe('2');
    expect(Object.keys(tensors).sort()).toEqual(
      ['float16/parameters', 'int8/scales', 'int8/weights', 'parity/scores'].sort(),
    );
    const names = ['conv/weight', 'logits/weight'];
    expect(Array.from(tensors['int8/weights'].data as Int8Array)).toEqual(
      names.flatMap((name) => Array.from(weightsOfModel[name].integers)),
    );
    expect(Array.from(tensors['int8/scales'].data as Uint16Array, halfToNumber)).toEqual(
      names.flatMap((name) => Array.from(weightsOfModel[name].scales)),
    );
    const others = ['norm/gamma', 'norm/beta', 'logits/bias'];
    expect(Array.from(tensors['float16/parameters'].data as Uint16Array, halfToNumber)).toEqual(
      others.flatMap((name) => Array.from(model.parameters[name])),
    );
  });

  it('keeps a parity clip that is not the usual one', () => {
    const samples = model.parity!.samples.map((sample) => -sample);
    const unusual = quantizedModel({ parity: { ...model.parity!, samples } });
    expect(decodeModel(encodeModel(unusual)).parity!.samples).toEqual(samples);
    expect(decodeModel(encodeModel(quantizedModel({ parity: undefined }))).parity).toBeUndefined();
  });

  it('is another version than that of float32 models', () => {
    const { metadata } = decodeSafetensors(encodeModel(tinyModel()));
    expect(metadata.version).toBe('1');
    expect('quantization' in metadata).toBe(false);
  });

  const cases: [string, () => Uint8Array, string, RegExp][] = [
    [
      'without its grids',
      () => changed(({ metadata }) => void delete metadata.quantization),
      'model-field',
      /^Cannot read m: expected a quantization, got none$/,
    ],
    ['with grids that are a list', () => grids(() => []), 'quantized-tensor', /expected an object, got \[\]/],
    [
      'with a grid that is no pair',
      () => grids((g) => void (g.conv = [1])),
      'quantized-tensor',
      /conv, got \[1\]/,
    ],
    [
      'with a grid of words',
      () => grids((g) => void (g.conv = ['a', 1])),
      'quantized-tensor',
      /a scale and a zero of conv, got \["a",1\]/,
    ],
    [
      'with a grid for a node that multiplies nothing',
      () => grids((g) => void (g.relu = [1, 0])),
      'model-quantization',
      /^Cannot read m: expected a grid for conv2d and dense nodes alone, got "relu"$/,
    ],
    [
      'with a grid for no node',
      () => grids((g) => void (g.none = [1, 0])),
      'model-quantization',
      /got "none"/,
    ],
    [
      'with a scale of 0',
      () => grids((g) => void (g.conv[0] = 0)),
      'model-quantization',
      /a scale above 0 .* conv/,
    ],
    [
      'with a scale below float32',
      () => grids((g) => void (g.conv[0] = 1e-60)),
      'model-quantization',
      /scale above 0/,
    ],
    [
      'with a scale above float32',
      () => grids((g) => void (g.conv[0] = 1e60)),
      'model-quantization',
      /scale above 0/,
    ],
    [
      'with a zero off the grid',
      () => grids((g) => void (g.conv[1] = 128)),
      'model-quantization',
      /a zero of 0 to 127/,
    ],
    [
      'with half a zero',
      () => grids((g) => void (g.conv[1] = 0.5)),
      'model-quantization',
      /a zero of 0 to 127/,
    ],
    [
      'without weights',
      () => changed(({ tensors }) => void delete tensors['int8/weights']),
      'quantized-tensor',
      /^Cannot read tensor int8\/weights of m: expected I8 of shape \[48\], got none$/,
    ],
    [
      'with a weight too few',
      () =>
        changed(({ tensors }) => {
          tensors['int8/weights'] = { dtype: 'I8', shape: [47], data: new Int8Array(47) };
        }),
      'quantized-tensor',
      /expected I8 of shape \[48\], got I8 of shape \[47\]/,
    ],
    [
      'with scales of another kind',
      () =>
        changed(({ tensors }) => {
          tensors['int8/scales'] = { dtype: 'F32', shape: [7], data: new Float32Array(7) };
        }),
      'quantized-tensor',
      /int8\/scales of m: expected F16 of shape \[7\], got F32 of shape \[7\]/,
    ],
    [
      'with a scale below 0',
      () => changed(({ tensors }) => void (tensors['int8/scales'].data[0] = 0xbc00)),
      'model-quantization',
      /finite scales above 0 of conv\/weight/,
    ],
    [
      'with an integer of −128',
      () => changed(({ tensors }) => void (tensors['int8/weights'].data[0] = -128)),
      'model-quantization',
      /integers from −127 of conv\/weight, got -128/,
    ],
    [
      'with a bias that is infinite',
      () => changed(({ tensors }) => void (tensors['float16/parameters'].data[10] = 0x7c00)),
      'model-tensor',
      /finite numbers in parameter logits\/bias/,
    ],
    [
      'with a tensor of version 1',
      () =>
        changed(({ tensors }) => {
          tensors['parameters/conv/weight'] = { dtype: 'F32', shape: [1], data: new Float32Array(1) };
        }),
      'model-tensor',
      /expected only tensors of version 2, got parameters\/conv\/weight/,
    ],
    [
      'with a graph that is none',
      () => changed(({ metadata }) => void (metadata.graph = '{}')),
      'model-graph',
      /^Cannot read m: expected a sound graph/,
    ],
    [
      'with a clip of no length',
      () => changed(({ metadata }) => void (metadata.clipMs = '1e300')),
      'model-clip',
      /1 to 60000 ms/,
    ],
  ];
  it.each(cases)('is refused %s', (_, bytes, code, message) => {
    const error = failureOf(() => decodeModel(bytes(), 'm'));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });

  const unsound: [string, Partial<Model>, string, RegExp][] = [
    [
      'a parameter that is no half',
      { parameters: { ...model.parameters, 'logits/bias': Float32Array.of(0.1, 0, 0) } },
      'quantized-tensor',
      /^Cannot write model tiny: expected numbers of 16 bits in logits\/bias, got 0\.1/,
    ],
    [
      'a weight that its integers do not mean',
      { parameters: { ...model.parameters, 'conv/weight': new Float32Array(36).fill(9) } },
      'model-quantization',
      /expected conv\/weight to be what its integers stand for/,
    ],
    [
      'statistics that are not settled',
      { statistics: { ...model.statistics, 'norm/mean': new Float32Array(4).fill(2) } },
      'model-quantization',
      /expected a mean of 0 in norm\/mean, got 2/,
    ],
    [
      'integers of no weight',
      {
        quantization: {
          ...model.quantization!,
          weights: { ...weightsOfModel, more: weightsOfModel['conv/weight'] },
        },
      },
      'model-quantization',
      /expected integers of weights alone, got "more"/,
    ],
    [
      'integers of some weights only',
      { quantization: { ...model.quantization!, weights: { 'conv/weight': weightsOfModel['conv/weight'] } } },
      'model-quantization',
      /expected 12 integers and 3 scales of logits\/weight, got \{\}/,
    ],
  ];
  it.each(unsound)('is not written with %s', (_, overrides, code, message) => {
    const error = failureOf(() => encodeModel(quantizedModel(overrides)));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});
