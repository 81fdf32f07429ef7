/** Kernels and the worker's source as files, for pages that must not take them from inside the bundle. */
import { ConfigError, EngineError } from '../../errors.js';

/** What the package's folder `dist/kernels` (`hearken/kernels/FILE`) holds. */
export type AssetFile =
  | `${'inference' | 'inference-int8' | 'training' | 'training-shared'}-${'strict' | 'relaxed'}.wasm`
  | 'worker.js';

/** The address of a folder that has all of them, or a function that knows where each file is. */
export type AssetLocation = string | URL | ((file: AssetFile) => string | URL);

export type LocateAsset = (file: AssetFile) => URL;

/** Turns what a caller gave into addresses; relative ones are relative to the page or worker. */
export function assetLocator(location: AssetLocation): LocateAsset {
  return (file) => {
    const given = typeof location === 'function' ? location(file) : `${location}`.replace(/\/*$/, `/${file}`);
    try {
      return new URL(given, globalThis.location?.href);
    } catch (cause) {
      throw new ConfigError('assets', `Cannot load ${file}: expected the address of a file, got ${given}`, {
        value: `${given}`,
        cause,
      });
    }
  };
}

/**
 * Fetches and compiles a binary.
 * @throws EngineError naming the address if it cannot be had or holds no kernels.
 */
export async function fetchModule(url: URL): Promise<WebAssembly.Module> {
  const failed = (got: string, cause?: unknown) =>
    new EngineError('kernel-load', `Cannot load ${url.href}: expected hearken's kernels, got ${got}`, {
      value: url.href,
      cause,
    });
  const response = await fetch(url).catch((cause: Error) => {
    throw failed(`no answer (${cause.message})`, cause);
  });
  if (!response.ok) throw failed(`status ${response.status}`);
  const bytes = await response.arrayBuffer();
  const module = await WebAssembly.compile(bytes).catch((cause: Error) => {
    throw failed(`${bytes.byteLength} bytes that are no WebAssembly`, cause);
  });
  const names = WebAssembly.Module.exports(module).map(({ name }) => name);
  if (names.includes('run')) return module;
  throw failed(`a module that exports ${names.join(', ') || 'nothing'}`);
}
