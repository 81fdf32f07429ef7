/** The compiled kernels: which binary, decoded from the text it is kept in or fetched, started on a memory. */
import { EngineError } from '../../errors.js';
import { fetchModule, type LocateAsset } from './assets.js';

export type KernelSet = 'strict' | 'relaxed';
export type BinaryKind = 'inference' | 'inference-int8' | 'training' | 'training-shared';

/** Which kernels run, and where their files are if not inside the package's code. */
export interface KernelSource {
  readonly set: KernelSet;
  readonly locate?: LocateAsset;
}

/** What the binaries export. */
export interface Kernels {
  run(at: number, end: number, clips: number, registers?: number): void;
}

type TextModule = Promise<{ default: string }>;

const TEXTS: Readonly<Record<BinaryKind, Readonly<Record<KernelSet, () => TextModule>>>> = {
  inference: {
    strict: () => import('./generated/inference-strict.js'),
    relaxed: () => import('./generated/inference-relaxed.js'),
  },
  'inference-int8': {
    strict: () => import('./generated/inference-int8-strict.js'),
    relaxed: () => import('./generated/inference-int8-relaxed.js'),
  },
  training: {
    strict: () => import('./generated/training-strict.js'),
    relaxed: () => import('./generated/training-relaxed.js'),
  },
  'training-shared': {
    strict: () => import('./generated/training-shared-strict.js'),
    relaxed: () => import('./generated/training-shared-relaxed.js'),
  },
};

const modules = new Map<string, Promise<WebAssembly.Module>>();

/**
 * The module of a binary, compiled once a process.
 * @throws EngineError where WebAssembly or its SIMD is missing, or if a file that was named cannot be had.
 */
export async function kernelModule(
  kind: BinaryKind,
  { set, locate }: KernelSource,
): Promise<WebAssembly.Module> {
  checkSupport();
  const file = `${kind}-${set}` as const;
  const url = locate?.(`${file}.wasm`);
  const key = url?.href ?? file;
  let module = modules.get(key);
  if (!module) {
    module = url ? fetchModule(url) : TEXTS[kind][set]().then((text) => compileText(text.default));
    modules.set(key, module);
    // What could not be had may be there the next time.
    module.catch(() => modules.delete(key));
  }
  return module;
}

function checkSupport(): void {
  if (typeof WebAssembly === 'undefined') {
    throw new EngineError(
      'no-webassembly',
      'Cannot start the wasm engine: expected WebAssembly, got none here',
    );
  }
  if (!WebAssembly.validate(SIMD_PROBE)) {
    throw new EngineError(
      'no-simd',
      'Cannot start the wasm engine: expected WebAssembly SIMD (Chrome 91, Firefox 89, Safari 16.4, Node 16.4 or newer), got none here',
    );
  }
}

/** @param text the binary in base64 */
function compileText(text: string): Promise<WebAssembly.Module> {
  return WebAssembly.compile(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
}

/** `(func (result v128) i32.const 0 i8x16.splat)`: valid where SIMD is. */
const SIMD_PROBE = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  8,
  1,
  6,
  0,
  65,
  0,
  253,
  15,
  11,
);

/** `(func (param v128 ×3) (result v128) … f32x4.relaxed_madd)`: valid where relaxed SIMD is. */
const RELAXED_PROBE = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  8,
  1,
  96,
  3,
  123,
  123,
  123,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  13,
  1,
  11,
  0,
  32,
  0,
  32,
  1,
  32,
  2,
  253,
  133,
  2,
  11,
);

/** Whether fused multiply-add may be asked for here (Node 22 and newer, Chrome 114 and newer). */
export function relaxedSupported(): boolean {
  return typeof WebAssembly !== 'undefined' && WebAssembly.validate(RELAXED_PROBE);
}

export async function startKernels(
  kind: BinaryKind,
  kernels: KernelSource,
  memory: WebAssembly.Memory,
): Promise<Kernels> {
  const module = await kernelModule(kind, kernels);
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return instance.exports as unknown as Kernels;
}
