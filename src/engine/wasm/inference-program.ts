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
  const context = new Context(graph, false);
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
  const layoutFor = (count: number) => {
    const shared = layoutShared(assembler, count);
    const thread = layoutThread(assembler, count);
    return { shared, thread, bytes: sharedBase + shared.bytes + thread.bytes };
  };
  const { shared, thread, bytes } = layoutFor(clips);
  const threadBase = sharedBase + shared.bytes;
  const memory = allocateMemory(bytes, { clips, bytesFor: (count) => layoutFor(count).bytes });
  const address = (region: Region) =>
    region.keep === 'shared'
      ? sharedBase + shared.offsets.get(region)!
      : threadBase + thread.offsets.get(region)!;
  new Int32Array(memory.buffer, PAGE_BYTES, words).set(encode(program, address));
  const view = (region: Region, floats: number) => new Float32Array(memory.buffer, address(region), floats);
  for (const region of assembler.regions) {
    if (region.data) view(region, region.data.length).set(region.data);
  }
  const instance = await startKernels(quantization ? 'inference-int8' : 'inference', kernels, memory);
  return new WasmInferenceProgram({ context, clips, kernels: instance, words, view });
}

interface Parts {
  readonly context: Context;
  readonly clips: number;
  readonly kernels: Kernels;
  readonly words: number;
  readonly view: (region: Region, floats: number) => Float32Array;
}

class WasmInferenceProgram implements InferenceProgram {
  readonly #parts: Parts;
  readonly #inputs: { name: string; size: number; view: Float32Array }[];
  /** One list of output views for each count that was run, made once. */
  readonly #outputs = new Map<number, Tensors>();
  #assigned = false;
  #disposed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    const { context, clips, view } = parts;
    this.#inputs = context.graph.inputs.map((name) => {
      const size = sizeOf(context.shape(name));
      return { name, size, view: view(context.value(name).region, size * clips) };
    });
  }

  assign(tensors: Tensors): void {
    const { graph, constants } = this.#parts.context;
    checkTensors(graph, tensors);
    for (const { region, compute } of constants) {
      const values = compute(tensors);
      this.#parts.view(region, values.length).set(values);
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
    this.#parts.kernels.run(PAGE_BYTES, PAGE_BYTES + 4 * this.#parts.words, count);
    return this.#outputsFor(count);
  }

  dispose(): void {
    this.#disposed = true;
    this.#outputs.clear();
  }

  #outputsFor(count: number): Tensors {
    let outputs = this.#outputs.get(count);
    if (!outputs) {
      const { context, view } = this.#parts;
      outputs = {};
      for (const name of context.graph.outputs) {
        outputs[name] = view(context.value(name).region, count * sizeOf(context.shape(name)));
      }
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
