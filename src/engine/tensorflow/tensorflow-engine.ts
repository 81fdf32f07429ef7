/**
 * The engine on TensorFlow.js: any backend that is registered with the namespace given. It is the reference that the
 * WebAssembly engine is tested against, and the road to GPUs.
 */
import { EngineError } from '../../errors.js';
import { checkGraph } from '../../graph/shapes.js';
import type { Engine } from '../engine.js';
import { TensorflowInference } from './inference-program.js';
import { findNativeKernels } from './native-kernels.js';
import type { TensorFlow } from './tensorflow.js';
import { TensorflowTraining } from './training-program.js';

export interface TensorflowEngineOptions {
  /** A registered backend (`cpu`, `webgl`, `webgpu`, `tensorflow`); default: the one TensorFlow.js chooses. */
  readonly backend?: string;
  /**
   * Whether training may use kernels of libtensorflow that TensorFlow.js has no ops for, where the backend runs them
   * (`@tensorflow/tfjs-node`): several times as fast, other rounding. Default true.
   */
  readonly nativeKernels?: boolean;
}

/**
 * An engine over the TensorFlow.js namespace `tf`; `kernels` is the backend's name, with `-stock` if its native kernels are
 * left alone.
 * @throws EngineError if the backend cannot start; ShapeError or ConfigError, on compiling, for a graph that does not fit together.
 */
export async function createTensorflowEngine(
  tf: TensorFlow,
  options: TensorflowEngineOptions = {},
): Promise<Engine> {
  await startBackend(tf, options.backend);
  const found = findNativeKernels(tf);
  const native = options.nativeKernels === false ? undefined : found;
  return {
    name: 'tensorflow',
    kernels: found && !native ? `${tf.getBackend()}-stock` : tf.getBackend(),
    async compileInference(graph, { maxBatch, quantization }) {
      if (quantization) throw quantizedModel(graph.name);
      checkGraph(graph);
      return new TensorflowInference(tf, graph, maxBatch);
    },
    async compileTraining(graph, training) {
      checkGraph(graph);
      return new TensorflowTraining({ tf, native }, graph, training);
    },
    // The namespace and its backend belong to the caller; programs dispose of what is theirs.
    dispose() {},
  };
}

function quantizedModel(name: string): EngineError {
  return new EngineError(
    'quantization',
    `Cannot compile ${name} for TensorFlow.js: expected float32 weights, got a quantised network, which the wasm engine alone runs`,
    { value: name },
  );
}

async function startBackend(tf: TensorFlow, backend: string | undefined): Promise<void> {
  try {
    if (backend !== undefined && !(await tf.setBackend(backend))) throw new Error('it did not start');
    await tf.ready();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError(
      'tensorflow-backend',
      `Cannot start TensorFlow.js: expected backend ${backend ?? 'of its choice'} to be there, got: ${reason}`,
      { value: backend, cause: error },
    );
  }
}
