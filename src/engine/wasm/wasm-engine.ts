/** The default engine: our own WebAssembly kernels, in Node, browsers and workers alike. */
import { ConfigError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import type { Engine, InferenceOptions, TrainingOptions } from '../engine.js';
import { type KernelSet, kernelModule, relaxedSupported } from './binaries.js';
import { compileInference } from './inference-program.js';

export interface WasmEngineOptions {
  /**
   * `strict` (default): the same bytes on every machine. `relaxed`: fused multiply-add where the machine has it, faster.
   * `auto`: relaxed where it is supported.
   */
  readonly kernels?: KernelSet | 'auto';
}

/** Starts the engine. @throws EngineError without WebAssembly SIMD; ConfigError for relaxed kernels that are not supported. */
export async function createWasmEngine(options: WasmEngineOptions = {}): Promise<Engine> {
  const kernels = chooseKernels(options.kernels ?? 'strict');
  await kernelModule('inference', kernels);
  return {
    name: 'wasm',
    kernels,
    compileInference: (graph: Graph, wanted: InferenceOptions) => compileInference(graph, wanted, kernels),
    compileTraining: async (graph: Graph, wanted: TrainingOptions) => {
      // Apps that only recognise never load the training binary.
      const { compileTraining } = await import('./training-program.js');
      return compileTraining(graph, wanted, kernels);
    },
    dispose: () => {},
  };
}

function chooseKernels(wanted: KernelSet | 'auto'): KernelSet {
  if (wanted === 'strict') return wanted;
  if (relaxedSupported()) return 'relaxed';
  if (wanted === 'auto') return 'strict';
  throw new ConfigError(
    'kernels',
    'Cannot use relaxed kernels: expected relaxed WebAssembly SIMD (Node 22 or newer), got none here',
    {
      value: wanted,
    },
  );
}
