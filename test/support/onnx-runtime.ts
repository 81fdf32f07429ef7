/** ONNX Runtime (WebAssembly, one thread): the other side of the ONNX exporter's tests. */
import * as ort from 'onnxruntime-web';
import type { NamedMaps } from './exported-op-cases.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/** Runs a file once; inputs are arrays with their sizes, as are the outputs. */
export async function runOnnx(bytes: Uint8Array, inputs: NamedMaps): Promise<NamedMaps> {
  const session = await ort.InferenceSession.create(bytes);
  const feeds = Object.entries(inputs).map(([name, { data, dims }]) => [
    name,
    new ort.Tensor('float32', data, dims),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data, dims }]) => [name, { data: data as Float32Array, dims }]),
  );
}
