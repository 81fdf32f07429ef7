import { describe, expect, it, vi } from 'vitest';
import { allocateMemory, largestBatch } from '../../../src/engine/wasm/memory.js';
import { createWasmEngine } from '../../../src/engine/wasm/wasm-engine.js';
import { EngineError } from '../../../src/errors.js';
import { GraphBuilder } from '../../../src/graph/builder.js';

const GIB = 2 ** 30;
const faultOf = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

/** A map of 4 MiB a clip and another beside it. */
function largeGraph() {
  const builder = new GraphBuilder('large');
  return builder.build({ outputs: [builder.relu(builder.input('x', [1024, 1024, 1]))] });
}

describe('largestBatch', () => {
  it.each([1, 1000, 4 * 2 ** 20, 3 * GIB])('is the last that 4 GiB hold, at %s bytes a clip', (perClip) => {
    const bytesFor = (clips: number) => 7_000_000 + perClip * clips;
    // One page is kept for what lies before and after.
    const expected = Math.floor((4 * GIB - 65536 - 7_000_000) / perClip);
    expect(largestBatch(5 * GIB, bytesFor)).toBe(expected);
  });

  it('is 0 where one clip does not fit', () => {
    expect(largestBatch(1000, (clips) => 5 * GIB * clips)).toBe(0);
  });
});

describe('allocateMemory', () => {
  it('says how much the system refused', () => {
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(function refuse() {
      throw new RangeError('could not allocate memory');
    } as never);
    try {
      const allocate = () => allocateMemory(3 * GIB, { clips: 9, bytesFor: () => 3 * GIB });
      expect(allocate).toThrow(EngineError);
      expect(allocate).toThrow(
        'Cannot compile for 9 clips at once: expected 3.0 GiB of memory, got none from the system; fewer clips take less',
      );
    } finally {
      vi.restoreAllMocks();
    }
  });
});

describe('a batch too large', () => {
  it('for recognising is refused with what it wanted and what fits', async () => {
    const engine = await createWasmEngine();
    const error = await faultOf(engine.compileInference(largeGraph(), { maxBatch: 1000 }));
    expect(error).toBeInstanceOf(EngineError);
    // 1000 × 8 MiB; 512 × 8 MiB would be the whole of it, 511 leave no room for the maps of the clips at work.
    expect(error).toMatchObject({
      code: 'memory-limit',
      value: 1000,
      message:
        'Cannot compile for 1000 clips at once: expected at most 4 GiB of WebAssembly memory, got 7.8 GiB wanted (a batch of 510 fits)',
    });
  });

  it('for training is refused with a batch that is the largest, whatever shards and threads take', async () => {
    const engine = await createWasmEngine();
    const compile = (maxBatch: number) =>
      faultOf(engine.compileTraining(largeGraph(), { maxBatch, normShard: 8, threads: 4 }));
    const error = (await compile(5000)) as EngineError;
    expect(error).toMatchObject({ name: 'EngineError', code: 'memory-limit' });
    const fits = Number(error.message.match(/a batch of (\d+) fits/)?.[1]);
    // Batch, output and its gradient: 12 MiB a clip; maps of one shard on each thread beside them.
    expect(fits).toBeGreaterThan(200);
    expect(fits).toBeLessThan((4 * GIB) / (12 * 2 ** 20));
    expect(await compile(fits + 1)).toMatchObject({ code: 'memory-limit' });
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(function take({ initial }: { initial: number }) {
      throw new RangeError(`${initial} pages`);
    } as never);
    const refused = (await compile(fits)) as EngineError;
    vi.restoreAllMocks();
    expect(refused.code).toBe('memory-refused');
    const pages = Number.parseInt((refused.cause as Error).message, 10);
    expect(pages).toBeLessThanOrEqual(65536);
  });

  it('says so where not one clip fits', async () => {
    const builder = new GraphBuilder('huge');
    const graph = builder.build({ outputs: [builder.relu(builder.input('x', [65536, 16384, 1]))] });
    const engine = await createWasmEngine();
    expect(await faultOf(engine.compileInference(graph, { maxBatch: 1 }))).toMatchObject({
      code: 'memory-limit',
      message: expect.stringContaining('(not even one clip fits)'),
    });
  });
});
