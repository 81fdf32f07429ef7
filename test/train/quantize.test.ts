import { describe, expect, it } from 'vitest';
import { type KernelSet, relaxedSupported } from '../../src/engine/wasm/binaries.js';
import { compileInference } from '../../src/engine/wasm/inference-program.js';
import { createWasmEngine } from '../../src/engine/wasm/wasm-engine.js';
import { ConfigError, DataSetError } from '../../src/errors.js';
import type { Model } from '../../src/formats/model.js';
import { decodeModel, encodeModel } from '../../src/formats/model-file.js';
import { foldNorms, settleNorms } from '../../src/graph/fold-norms.js';
import { type GraphNode, sizeOf } from '../../src/graph/graph.js';
import { weightNames } from '../../src/graph/quantization.js';
import { verifyModel } from '../../src/stream/parity.js';
import type { EvaluationSource } from '../../src/train/batches.js';
import { quantizeModel } from '../../src/train/quantize.js';
import { expectAllClose } from '../support/all-close.js';
import { quantizedModel } from '../support/quantized-model.js';
import { runReference } from '../support/reference.js';
import { runQuantized } from '../support/reference-int8.js';
import { tinyModel } from '../support/tiny-model.js';
import { mixedFeatures, ownScores, trainedLikeModel } from '../support/trained-like.js';

const CLIPS = 11;
const FRAMES = 16;
const SETS: readonly KernelSet[] = relaxedSupported() ? ['strict', 'relaxed'] : ['strict'];
const engine = await createWasmEngine();

/** Clips of features one after the other. */
function sourceOf(model: Model, features: Float32Array): EvaluationSource {
  const { shape } = model.graph.nodes[0];
  const size = sizeOf(shape);
  return {
    featureShape: shape,
    clips: features.length / size,
    async read(start, count, out) {
      out.set(features.subarray(start * size, (start + count) * size));
      return new Int32Array(count);
    },
    dispose: () => {},
  };
}

async function quantize(model: Model, features = featuresOf(model)): Promise<Model> {
  return quantizeModel(model, { calibration: sourceOf(model, features) });
}

const featuresOf = (model: Model, clips = CLIPS) =>
  mixedFeatures(model.frontEnd, clips, model.graph.nodes[0].shape[0]).subarray(
    0,
    clips * sizeOf(model.graph.nodes[0].shape),
  );

const tensorsOf = ({ parameters, statistics }: Model) => ({ ...parameters, ...statistics });

describe('quantizeModel', () => {
  it.each(['ghost-25k', 'bl-resnet-tiny', 'bc-resnet-1'])(
    'makes of %s what naive loops over its integers compute, with the same bits from every kernel set',
    async (name) => {
      const model = await trainedLikeModel(engine, name, FRAMES);
      const { graph, quantization, ...rest } = await quantize(model);
      const features = featuresOf(model, 2);
      const inputs = { features };
      const tensors = tensorsOf({ graph, ...rest });
      const maps = runQuantized(graph, quantization!, { inputs, tensors, count: 2 });
      const [output] = graph.outputs;
      const found = await Promise.all(
        SETS.map(async (set) => {
          const program = await compileInference(graph, { maxBatch: 2, quantization }, { set });
          program.assign(tensors);
          return program.run(inputs, 2)[output].slice();
        }),
      );
      // Where float32 and float64 put a number on two sides of a half, a whole step of its grid comes of it.
      expectAllClose(found[0], maps.get(output)!.data, { relative: 0.02 });
      for (const other of found) expect(other).toEqual(found[0]);
    },
  );

  it('stays near the scores of the float32 network', async () => {
    const model = await trainedLikeModel(engine, 'ghost-25k', FRAMES);
    const features = featuresOf(model);
    const small = await quantize(model, features);
    const wanted = await ownScores(engine, model, features, CLIPS);
    const program = await engine.compileInference(small.graph, {
      maxBatch: CLIPS,
      quantization: small.quantization,
    });
    program.assign(tensorsOf(small));
    const logits = program.run({ features }, CLIPS)[small.graph.outputs[0]];
    // Of logits up to 3, with random weights that nothing has taught to be robust.
    expectAllClose(logits, wanted.logits, { absolute: 0.5 });
    expect(Array.from(logits)).not.toEqual(Array.from(wanted.logits));
  });

  it('rounds each channel of weights on a scale of its own', async () => {
    const model = await trainedLikeModel(engine, 'ghost-25k', FRAMES);
    const { parameters } = settleNorms(foldNorms(model));
    const { quantization, graph } = await quantize(model);
    for (const [name, outputs] of weightNames(graph.nodes)) {
      const { integers, scales } = quantization!.weights[name];
      const tops = new Int8Array(outputs);
      integers.forEach((integer, i) => {
        const error = Math.abs(integer * scales[i % outputs] - parameters[name][i]);
        if (error > 0.5001 * scales[i % outputs]) expect.fail(`${name} ${i}: ${error} off`);
        tops[i % outputs] = Math.max(tops[i % outputs], Math.abs(integer));
      });
      // A half is up to a thousandth above the scale wanted, 126.87 of 127.
      for (const top of tops) expect(top).toBe(127);
    }
  });

  it('takes the grid of a map from the extremes that the clips reach', async () => {
    const model = await trainedLikeModel(engine, 'ghost-25k', FRAMES);
    const features = featuresOf(model);
    const { quantization, graph } = await quantize(model, features);
    const run = { ...model, inputs: { features }, count: CLIPS, training: false };
    const { maps } = runReference(model.graph, run);
    // The first layer, of one channel, and what gives few positions are quicker in float32.
    const isLarge = ({ op, shape }: GraphNode) => op === 'conv2d' && shape[0] * shape[1] >= 16;
    const convolutions = graph.nodes.filter(isLarge).slice(1);
    expect(convolutions.length).toBeGreaterThan(2);
    expect(Object.keys(quantization!.grids)).toEqual(convolutions.map(({ name }) => name));
    for (const { name } of convolutions) {
      const [input] = model.graph.nodes.find((node) => node.name === name)!.inputs;
      const { scale, zero } = quantization!.grids[name];
      const { data } = maps.get(input)!;
      const least = data.reduce((a, b) => Math.min(a, b), 0);
      const most = data.reduce((a, b) => Math.max(a, b), 0);
      expectAllClose([(0 - zero) * scale, (127 - zero) * scale], [least, most], { absolute: 0.6 * scale });
    }
  });

  it('gives a model whose file is read as it was, and the same bytes again', async () => {
    const model = await trainedLikeModel(engine, 'bl-resnet-tiny', FRAMES);
    const small = await quantize(model);
    const bytes = encodeModel(small);
    expect(encodeModel(decodeModel(bytes))).toEqual(bytes);
    expect(encodeModel(await quantize(model))).toEqual(bytes);
    expect(bytes.length).toBeLessThan(0.31 * encodeModel(model).length);
    expect((await verifyModel(decodeModel(bytes))).difference).toBe(0);
    expect(small.labels).toEqual(model.labels);
  });

  it('tells how far it is and stops when asked', async () => {
    const model = tinyModel();
    const calibration = sourceOf(model, featuresOf(model, 20));
    const seen: number[][] = [];
    const stop = new AbortController();
    const quantizing = quantizeModel(model, {
      calibration,
      signal: stop.signal,
      onProgress: (...progress) => {
        seen.push(progress);
        if (seen.length === 2) stop.abort(new Error('stopped'));
      },
    });
    await expect(quantizing).rejects.toThrow('stopped');
    expect(seen).toEqual([
      [8, 20],
      [16, 20],
    ]);
  });

  it('keeps channels whose weights are all 0', async () => {
    const model = tinyModel();
    model.parameters['conv/weight'].fill(0);
    const { parameters } = decodeModel(encodeModel(await quantize(model)));
    expect(new Set(parameters['conv/weight'])).toEqual(new Set([0]));
  });

  it('refuses a model that is quantised already', async () => {
    const again = quantize(quantizedModel());
    await expect(again).rejects.toBeInstanceOf(ConfigError);
    await expect(again).rejects.toMatchObject({
      code: 'already-quantized',
      message: 'Cannot quantise tiny: expected a model of float32 weights, got one quantised before',
    });
  });

  it('refuses to calibrate without clips', async () => {
    const none = quantize(tinyModel(), new Float32Array());
    await expect(none).rejects.toBeInstanceOf(DataSetError);
    await expect(none).rejects.toMatchObject({
      code: 'no-calibration-clips',
      message: 'Cannot quantise tiny: expected clips to calibrate with, got none',
    });
  });

  it.each([
    ['conv/weight', 1e8],
    ['logits/bias', -1e6],
  ])('refuses %s beyond what 16 bits can scale', async (name, value) => {
    const model = tinyModel();
    model.parameters[name][1] = value;
    const quantizing = quantize(model);
    await expect(quantizing).rejects.toBeInstanceOf(ConfigError);
    await expect(quantizing).rejects.toMatchObject({ code: 'quantize-range', value: name });
    await expect(quantizing).rejects.toThrow(
      new RegExp(`^Cannot quantise ${name}: expected numbers that 16 bits can scale, got -?[\\d.]+$`),
    );
  });
});
