/** ONNX Runtime (WebAssembly, one thread): the other side of the exporter's tests. */
import * as ort from 'onnxruntime-web';
import type { Tensors } from '../../src/graph/graph.js';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

export interface OnnxRun {
  readonly outputs: Tensors;
  readonly dims: Record<string, readonly number[]>;
}

/** Runs a file once; inputs are arrays with their sizes. */
export async function runOnnx(
  bytes: Uint8Array,
  inputs: Readonly<Record<string, { readonly data: Float32Array; readonly dims: readonly number[] }>>,
): Promise<OnnxRun> {
  const session = await ort.InferenceSession.create(bytes);
  const feeds = Object.entries(inputs).map(([name, { data, dims }]) => [
    name,
    new ort.Tensor('float32', data, dims),
  ]);
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  const entries = Object.entries(results);
  return {
    outputs: Object.fromEntries(entries.map(([name, tensor]) => [name, tensor.data as Float32Array])),
    dims: Object.fromEntries(entries.map(([name, tensor]) => [name, tensor.dims])),
  };
}
