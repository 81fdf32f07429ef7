/** Puts into a model what its file is checked with elsewhere: a clip and the scores it gets here. */
import type { FrontEnd } from '../audio/front-end.js';
import type { Engine } from '../engine/engine.js';
import { clipSamples, type Model } from '../formats/model.js';
import { parityClip } from '../formats/parity-clip.js';
import { logitsOf } from './loss.js';
import { clipLogits, softmaxRow } from './scores.js';

/** The model with the parity clip and its softmax scores, computed by this engine and front end. */
export async function addParity(model: Model, engine: Engine, frontEnd: FrontEnd): Promise<Model> {
  const { graph, parameters, statistics, quantization } = model;
  const samples = parityClip(clipSamples(model));
  const features = frontEnd.compute(Float32Array.from(samples, (integer) => integer / 32768));
  const program = await engine.compileInference(graph, { maxBatch: 1, quantization });
  try {
    program.assign({ ...parameters, ...statistics });
    const { name, shape } = logitsOf(graph);
    const map = program.run({ [graph.inputs[0]]: features }, 1)[name];
    const scores = new Float32Array(shape[2]);
    softmaxRow(clipLogits(map, 1, shape), 1, scores);
    return { ...model, parity: { samples, scores } };
  } finally {
    program.dispose();
  }
}
