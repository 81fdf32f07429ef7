import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { ConfigError, EngineError } from '../../../src/errors.js';
import { GraphBuilder } from '../../../src/graph/builder.js';

const KINDS = ['inference', 'inference-int8', 'training', 'training-shared'] as const;
const SETS = ['strict', 'relaxed'] as const;
const MAX_BYTES = {
  inference: 40_000,
  'inference-int8': 40_000,
  training: 100_000,
  'training-shared': 100_000,
};

let server: Server | undefined;

afterEach(() => {
  vi.restoreAllMocks();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function bytesOf(kind: (typeof KINDS)[number], set: (typeof SETS)[number]): Promise<Buffer> {
  const module = await import(`../../../src/engine/wasm/generated/${kind}-${set}.ts`);
  return Buffer.from(module.default, 'base64');
}

/** Serves some files from loopback; returns the folder's address and what is asked for. */
async function serve(files: Record<string, Buffer | string>): Promise<{ folder: string; asked: string[] }> {
  const asked: string[] = [];
  server = createServer((request, response) => {
    const name = request.url!.slice('/k/'.length);
    asked.push(name);
    response.writeHead(name in files ? 200 : 404).end(files[name]);
  });
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready));
  return { folder: `http://127.0.0.1:${(server.address() as AddressInfo).port}/k`, asked };
}

const faultOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('the binaries', () => {
  it.each(KINDS.flatMap((kind) => SETS.map((set) => [kind, set] as const)))(
    '%s, %s: is sound and no larger than promised',
    async (kind, set) => {
      const bytes = await bytesOf(kind, set);
      expect(bytes.subarray(0, 4).toString('latin1')).toBe('\0asm');
      expect(bytes.length).toBeGreaterThan(5000);
      expect(bytes.length).toBeLessThanOrEqual(MAX_BYTES[kind]);
    },
  );
});

describe('createWasmEngine', () => {
  it('says which platforms have SIMD where it is missing, even after kernels were compiled', async () => {
    (await createWasmEngine()).dispose();
    vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
    const error = await faultOf(createWasmEngine({ kernels: 'auto' }));
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({
      code: 'no-simd',
      message:
        'Cannot start the wasm engine: expected WebAssembly SIMD (Chrome 91, Firefox 89, Safari 16.4, Node 16.4 or newer), got none here',
    });
  });

  it('says so where there is no WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined);
    try {
      expect(await faultOf(createWasmEngine())).toMatchObject({
        name: 'EngineError',
        code: 'no-webassembly',
      });
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('createWasmEngine with `assets`', () => {
  it('takes kernels from a folder’s address, with or without a slash, and computes with them', async () => {
    const { folder, asked } = await serve({ 'inference-strict.wasm': await bytesOf('inference', 'strict') });
    const builder = new GraphBuilder('relu');
    const graph = builder.build({ outputs: [builder.relu(builder.input('x', [1, 1, 3]))] });
    for (const assets of [folder, new URL(`${folder}/`)]) {
      const engine = await createWasmEngine({ assets });
      const program = await engine.compileInference(graph, { maxBatch: 1 });
      program.assign({});
      const [output] = Object.values(program.run({ x: Float32Array.of(-1, 0, 2) }, 1));
      expect(Array.from(output)).toEqual([0, 0, 2]);
      program.dispose();
    }
    expect(asked).toEqual(['inference-strict.wasm']);
  });

  it('asks a function where each file is', async () => {
    const { folder, asked } = await serve({ 'abc123.wasm': await bytesOf('inference', 'strict') });
    const files: string[] = [];
    const assets = (file: string) => {
      files.push(file);
      return `${folder}/abc123.wasm`;
    };
    await createWasmEngine({ assets });
    expect({ files, asked }).toEqual({ files: ['inference-strict.wasm'], asked: ['abc123.wasm'] });
  });

  it('tries again after a failure', async () => {
    const files: Record<string, Buffer> = {};
    const { folder } = await serve(files);
    expect(await faultOf(createWasmEngine({ assets: folder }))).toMatchObject({ code: 'kernel-load' });
    files['inference-strict.wasm'] = await bytesOf('inference', 'strict');
    await expect(createWasmEngine({ assets: folder })).resolves.toMatchObject({ name: 'wasm' });
  });

  const EMPTY_MODULE = Buffer.from('0061736d01000000', 'hex');

  it.each([
    ['a page', '<html>', '6 bytes that are no WebAssembly'],
    ['another module', EMPTY_MODULE, 'a module that exports nothing'],
  ])('refuses %s in the place of kernels', async (_, body, got) => {
    const { folder } = await serve({ 'inference-strict.wasm': body });
    const error = await faultOf(createWasmEngine({ assets: folder }));
    const address = `${folder}/inference-strict.wasm`;
    expect(error).toBeInstanceOf(EngineError);
    expect(error).toMatchObject({
      code: 'kernel-load',
      value: address,
      message: `Cannot load ${address}: expected hearken's kernels, got ${got}`,
    });
  });

  it('says so where nobody answers', async () => {
    const { folder } = await serve({});
    await new Promise((done) => server!.close(done));
    expect(await faultOf(createWasmEngine({ assets: folder }))).toMatchObject({
      code: 'kernel-load',
      message: expect.stringContaining('got no answer'),
    });
  });

  it('refuses what is no address', async () => {
    const error = await faultOf(createWasmEngine({ assets: 'kernels' }));
    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({
      code: 'assets',
      message:
        'Cannot load inference-strict.wasm: expected the address of a file, got kernels/inference-strict.wasm',
    });
  });
});
