/** TensorFlow.js (cpu backend): the other side of the GraphModel exporter's tests. */
import * as tf from '@tensorflow/tfjs';
import type { TfjsFiles } from '../../src/formats/tfjs/export-tfjs.js';
import type { NamedMaps } from './exported-op-cases.js';

tf.enableProdMode();

/** Loads the files with `tf.loadGraphModel` and runs them once; all tensors are freed. */
export async function runGraphModel(files: TfjsFiles, inputs: NamedMaps): Promise<NamedMaps> {
  await tf.setBackend('cpu');
  const json = JSON.parse(new TextDecoder().decode(files['model.json'])) as tf.io.ModelJSON;
  const weights = files['weights.bin'];
  const load = () =>
    tf.io.getModelArtifactsForJSON(json, async (manifest) => [
      manifest.flatMap((group) => group.weights),
      weights.slice().buffer as ArrayBuffer,
    ]);
  const model = await tf.loadGraphModel({ load });
  return predictWith(model, inputs);
}

/** Runs a loaded model once and frees it. */
export function predictWith(model: tf.GraphModel, inputs: NamedMaps): NamedMaps {
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, { data, dims }]) => [name, tf.tensor(data, [...dims])]),
  );
  const names = Object.keys((model.modelSignature as { outputs: object }).outputs);
  const results = tf.tidy(() => {
    const found = model.execute(given, names);
    return (Array.isArray(found) ? found : [found]).map((tensor) => tf.clone(tensor));
  });
  const run = names.map((name, i) => {
    const data = results[i].dataSync().slice() as Float32Array;
    return [name, { data, dims: results[i].shape }] as const;
  });
  tf.dispose([results, given]);
  model.dispose();
  return Object.fromEntries(run);
}
