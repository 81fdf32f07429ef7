/** A graph compiled for inference: one thread, weights folded and packed when they are assigned, nothing allocated per run. */
import { EngineError } from '../../errors.js';
import type { Graph, Tensors } from '../../graph/graph.js';
import { sizeOf } from '../../graph/graph.js';
import { checkCount, checkMaps, checkTensors } from '../check-arguments.js';
import type { InferenceOptions, InferenceProgram } from '../engine.js';
import { encode, layoutShared, layoutThread, type Region } from './assembler.js';
import { type KernelSource, type Kernels, startKernels } from './binaries.js';
import { Context } from './emit/context.js';
import { emitForward } from './emit/emit.js';
import { fuse } from './fuse.js';
import { emitQuantized } from './int8/emit-int8.js';
import { integerBytes } from './int8/pack-int8.js';
import { allocateMemory, PAGE_BYTES } from './memory.js';

export async function compileInference(
  graph: Graph,
  options: InferenceOptions,
  kernels: KernelSource,
): Promise<InferenceProgram> {
  const clips = options.maxBatch;
  checkBatch(clips);
  const context = new Context(graph, false, { quantized: options.quantization !== undefined });
  for (const name of graph.inputs) context.define(name, false, 'thread');
  const units = fuse(graph, false);
  const { quantization } = options;
  if (quantization) emitQuantized(context, units, quantization, integerBytes(kernels.set));
  else emitForward(context, units);
  const { assembler } = context;
  const program = [...assembler.instructions];
  // Outputs are read after the run: nothing may be laid over them.
  const outputs = graph.outputs.map((name) => context.value(name).region);
  assembler.call(0, ...outputs.map((region) => ({ region, offset: 0 })));
  const words = encode(program, () => 0).length;
  const sharedBase = PAGE_BYTES + Math.ceil(words / 16) * 64;
  const layoutFor = (count: number) => layoutInference(context, sharedBase, count);
  const layout = layoutFor(clips);
  const memory = allocateMemory(layout.bytes, { clips, bytesFor: (count) => layoutFor(count).bytes });
  const { address } = layout;
  new Int32Array(memory.buffer, PAGE_BYTES, words).set(encode(program, address));
  for (const region of assembler.regions) {
    if (region.data) new Float32Array(memory.buffer, address(region), region.data.length).set(region.data);
  }
  const instance = await startKernels(quantization ? 'inference-int8' : 'inference', kernels, memory);
  return new WasmInferenceProgram({ context, clips, kernels: instance, words, memory, layout });
}

interface InferenceLayout {
  /** Clips that run at once. */
  readonly block: number;
  /** Where a region lies, in bytes. */
  readonly address: (region: Region) => number;
  /** Where the maps of all clips lie, of each input and output, in bytes. */
  readonly maps: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/** What a block's maps may take so that they stay in the second cache. */
const BLOCK_BYTES = 2 ** 19;
/** Weights that do not stay there, either, are read once for so many clips. */
const CLIPS_OF_LARGE = 8;

/** Clips run in blocks whose maps stay in cache, whatever the batch; inputs and outputs of more than a block lie apart. */
function layoutInference(context: Context, sharedBase: number, clips: number): InferenceLayout {
  const { assembler, graph } = context;
  const weights = layoutShared(assembler, 1).bytes;
  const fitting = Math.floor(BLOCK_BYTES / layoutThread(assembler, 1).bytes);
  const block = Math.min(clips, Math.max(1, fitting, weights > BLOCK_BYTES ? CLIPS_OF_LARGE : 1));
  const shared = layoutShared(assembler, block);
  const thread = layoutThread(assembler, block);
  const threadBase = sharedBase + shared.bytes;
  const address = (region: Region) =>
    region.keep === 'shared'
      ? sharedBase + shared.offsets.get(region)!
      : threadBase + thread.offsets.get(region)!;
  const maps = new Map<string, number>();
  let bytes = threadBase + thread.bytes;
  for (const name of new Set([...graph.inputs, ...graph.outputs])) {
    if (block === clips) maps.set(name, address(context.value(name).region));
    else {
      maps.set(name, bytes);
      bytes += Math.ceil((4 * clips * sizeOf(context.shape(name))) / 64) * 64;
    }
  }
  return { block, address, maps, bytes };
}

interface Parts {
  readonly context: Context;
  readonly clips: number;
  readonly kernels: Kernels;
  readonly words: number;
  readonly memory: WebAssembly.Memory;
  readonly layout: InferenceLayout;
}

/** A map of a block, and where those of all clips lie. */
interface Door {
  readonly name: string;
  /** Bytes a clip. */
  readonly bytes: number;
  readonly block: number;
  readonly all: number;
}

class WasmInferenceProgram implements InferenceProgram {
  readonly #parts: Parts;
  readonly #bytes: Uint8Array;
  readonly #inputs: { name: string; size: number; view: Float32Array }[];
  readonly #entries: readonly Door[];
  readonly #exits: readonly Door[];
  /** One list of output views for each count that was run, made once. */
  readonly #outputs = new Map<number, Tensors>();
  #assigned = false;
  #disposed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { context, clips, memory, layout } = parts;
    const { graph } = context;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#inputs = graph.inputs.map((name) => {
      const size = sizeOf(context.shape(name));
      return { name, size, view: new Float32Array(memory.buffer, layout.maps.get(name), size * clips) };
    });
    const doorOf = (name: string): Door => ({
      name,
      bytes: 4 * sizeOf(context.shape(name)),
      block: layout.address(context.value(name).region),
      all: layout.maps.get(name)!,
    });
    this.#entries = graph.inputs.map(doorOf);
    this.#exits = graph.outputs.map(doorOf);
  }

  assign(tensors: Tensors): void {
    const { context, memory, layout } = this.#parts;
    const { graph, constants } = context;
    checkTensors(graph, tensors);
    for (const { region, compute } of constants) {
      const values = compute(tensors);
      new Float32Array(memory.buffer, layout.address(region), values.length).set(values);
    }
    this.#assigned = true;
  }

  run(inputs: Tensors, count: number): Tensors {
    if (this.#disposed) throw new EngineError('disposed', 'Cannot run: the program was disposed of');
    if (!this.#assigned)
      throw new EngineError(
        'no-parameters',
        'Cannot run: expected parameters to be assigned first, got none',
      );
    const { context, clips } = this.#parts;
    checkCount(count, clips);
    checkMaps(context.graph, context.graph.inputs, inputs, count);
    for (const { name, size, view } of this.#inputs) {
      const given = inputs[name];
      view.set(given.length === size * count ? given : given.subarray(0, size * count));
    }
    const { block } = this.#parts.layout;
    for (let first = 0; first < count; first += block) this.#runBlock(first, Math.min(block, count - first));
    return this.#outputsFor(count);
  }

  /** Brings clips first … first + count − 1 to where the program works, runs it and puts its results beside the others'. */
  #runBlock(first: number, count: number): void {
    const { kernels, words } = this.#parts;
    for (const { bytes, block, all } of this.#entries) {
      const from = all + first * bytes;
      if (all !== block) this.#bytes.copyWithin(block, from, from + count * bytes);
    }
    kernels.run(PAGE_BYTES, PAGE_BYTES + 4 * words, count);
    for (const { bytes, block, all } of this.#exits) {
      if (all !== block) this.#bytes.copyWithin(all + first * bytes, block, block + count * bytes);
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#outputs.clear();
  }

  #outputsFor(count: number): Tensors {
    let outputs = this.#outputs.get(count);
    if (!outputs) {
      const { memory } = this.#parts;
      outputs = {};
      for (const { name, bytes, all } of this.#exits)
        outputs[name] = new Float32Array(memory.buffer, all, (count * bytes) / 4);
      this.#outputs.set(count, outputs);
    }
    return outputs;
  }
}

export function checkBatch(clips: number): void {
  if (!(Number.isInteger(clips) && clips >= 1)) {
    throw new EngineError('batch-size', `Cannot compile: expected a batch of 1 or more clips, got ${clips}`, {
      value: clips,
    });
  }
}
