/** The default engine: our own WebAssembly kernels, in Node, browsers and workers alike. */
import { ConfigError } from '../../errors.js';
import type { Graph } from '../../graph/graph.js';
import type { Engine, InferenceOptions, TrainingOptions } from '../engine.js';
import { type AssetLocation, assetLocator } from './assets.js';
import { type KernelSet, type KernelSource, kernelModule, relaxedSupported } from './binaries.js';
import { compileInference } from './inference-program.js';

export interface WasmEngineOptions {
  /**
   * `strict` (default): the same bytes on every machine. `relaxed`: fused multiply-add where the machine has it, faster.
   * `auto`: relaxed where it is supported.
   */
  readonly kernels?: KernelSet | 'auto';
  /**
   * Where the files of the package's folder `dist/kernels` are served: the folder's address, or a function that gives each
   * file's. Default: kernels and the worker's source come from inside the package's code, which a page whose
   * content-security policy forbids `blob:` workers cannot start.
   */
  readonly assets?: AssetLocation;
}

/**
 * Starts the engine. Its kernels compile under `script-src 'wasm-unsafe-eval'`, without `unsafe-eval`.
 * @throws EngineError without WebAssembly SIMD, or if a file under `assets` cannot be had; ConfigError for relaxed kernels
 * that are not supported, or an address that is none.
 */
export async function createWasmEngine(options: WasmEngineOptions = {}): Promise<Engine> {
  const set = chooseKernels(options.kernels ?? 'strict');
  const source: KernelSource = {
    set,
    ...(options.assets !== undefined && { locate: assetLocator(options.assets) }),
  };
  await kernelModule('inference', source);
  return {
    name: 'wasm',
    kernels: set,
    compileInference: (graph: Graph, wanted: InferenceOptions) =>
      compileInference(graph, wanted, wanted.quantization ? { ...source, set: fastest() } : source),
    compileTraining: async (graph: Graph, wanted: TrainingOptions) => {
      // Apps that only recognise never load the training binary.
      const { compileTraining } = await import('./training-program.js');
      return compileTraining(graph, wanted, source);
    },
    dispose: () => {},
  };
}

/** For whole numbers both sets give the same bits. */
function fastest(): KernelSet {
  return relaxedSupported() ? 'relaxed' : 'strict';
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
