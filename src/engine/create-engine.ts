/** Engines by name, for the command line and training. Apps start the wasm engine directly. */
import { ConfigError } from '../errors.js';
import type { Engine, EngineName } from './engine.js';
import type { WasmEngineOptions } from './wasm/wasm-engine.js';

/**
 * Starts an engine. `tensorflow` runs on whatever TensorFlow.js the user has installed.
 * @throws ConfigError for another name; EngineError if the engine cannot start, saying what to install.
 */
export async function createEngine(name: EngineName, options: WasmEngineOptions = {}): Promise<Engine> {
  if (name === 'wasm') {
    const { createWasmEngine } = await import('./wasm/wasm-engine.js');
    return createWasmEngine(options);
  }
  if (name === 'tensorflow') {
    const { importTensorflow } = await import('./tensorflow/load-tensorflow.js');
    const { createTensorflowEngine } = await import('./tensorflow/tensorflow-engine.js');
    return createTensorflowEngine(await importTensorflow());
  }
  throw new ConfigError('engine', `Cannot start engine: expected wasm or tensorflow, got ${String(name)}`, {
    value: name,
  });
}
