import { describe, expect, it } from 'vitest';
import { DEFAULT_FRONT_END, DEFAULT_PCEN, type FrontEndConfig } from '../../../src/audio/front-end.js';
import { createMeydaFrontEnd } from '../../../src/audio/meyda-front-end.js';
import { addFrontEnd } from '../../../src/formats/onnx/front-end-nodes.js';
import { OnnxBuilder } from '../../../src/formats/onnx/onnx-builder.js';
import { CHANNELS_LAST } from '../../../src/formats/onnx/shape-ops.js';
import { CLIPS } from '../../audio/clips.js';
import { expectAllClose } from '../../support/all-close.js';
import { runOnnx } from '../../support/onnx-runtime.js';

const CONFIGS: Readonly<Record<string, FrontEndConfig>> = {
  'log-mel': DEFAULT_FRONT_END,
  'log-mel with deltas': { ...DEFAULT_FRONT_END, deltas: { reachFrames: 2 } },
  'short windows, few bands': {
    ...DEFAULT_FRONT_END,
    windowSamples: 400,
    hopSamples: 200,
    bands: 20,
    lowHz: 100,
    highHz: 4000,
  },
  MFCC: { ...DEFAULT_FRONT_END, mfcc: { coefficients: 13 } },
  'MFCC with deltas over five frames': {
    ...DEFAULT_FRONT_END,
    mfcc: { coefficients: 10 },
    deltas: { reachFrames: 5 },
  },
  PCEN: { ...DEFAULT_FRONT_END, compression: DEFAULT_PCEN },
  'PCEN with a cube root and no bias': {
    ...DEFAULT_FRONT_END,
    compression: { ...DEFAULT_PCEN, root: 1 / 3, bias: 0 },
  },
};

describe('addFrontEnd', () => {
  it.each(Object.entries(CONFIGS))('gives the map of the Meyda front end: %s', async (_, config) => {
    // All sounds through the default, fewer through the rest.
    const sounds = Object.entries(CLIPS).slice(0, config === DEFAULT_FRONT_END ? undefined : 3);
    const clips = sounds.map(([, clip]) => clip);
    const [first] = clips;
    const meyda = createMeydaFrontEnd(config);
    const [frames, width, maps] = meyda.shape(first.length);
    const onnx = new OnnxBuilder(['samples', 'features']);
    const map = addFrontEnd(onnx, onnx.input('samples', ['batch', first.length]), config, frames);
    const door = { name: 'features', dims: ['batch', frames, width, maps] };
    onnx.output('Transpose', door, [map], { perm: CHANNELS_LAST });
    const samples = Float32Array.from(clips.flatMap((clip) => Array.from(clip)));
    const inputs = { samples: { data: samples, dims: [clips.length, first.length] } };
    const { features } = await runOnnx(onnx.encode('front-end'), inputs);
    expect(features.dims).toEqual([clips.length, frames, width, maps]);
    const size = frames * width * maps;
    sounds.forEach(([name, clip], i) => {
      const found = features.data.subarray(i * size, (i + 1) * size);
      expectAllClose(found, meyda.compute(clip), { absolute: 1e-4 }, name);
    });
  });
});
